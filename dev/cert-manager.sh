#!/usr/bin/env bash
# Brings what the tests with a real cert-manager need: its images on the nodes of the cluster, and in .make/cert-manager its
# chart, with the definitions of its resources, and values that name those images. The official images where images can be
# pulled, else the same three built from its Go module.
set -euo pipefail
# shellcheck source=dev/settings.sh
. "$(dirname "$0")/settings.sh"
# shellcheck source=dev/progress.sh
. "$DEV_DIR/progress.sh"
# shellcheck source=dev/go-modules.sh
. "$DEV_DIR/go-modules.sh"

CERT_MANAGER_VERSION=v1.21.2
MODULE=github.com/cert-manager/cert-manager
COMPONENTS=(controller webhook cainjector)
SOURCE=$DEV_DIR/cert-manager

program_hash=$(content_hash "$SOURCE")
program=$CACHE_DIR/bin/.cert-manager-$CERT_MANAGER_VERSION-$program_hash

image() {
  echo "localhost/cert-manager-$1:$tag"
}

# What its own main packages do, which are modules of their own and in no module proxy.
add_main() {
  cp -r "$SOURCE/program" cmd-components
}

build_program() {
  built_from_copy "$MODULE" "$CERT_MANAGER_VERSION" "$program" ./cmd-components add_main
}

pull_image() {
  docker pull -q "quay.io/jetstack/cert-manager-$1:$CERT_MANAGER_VERSION"
  docker tag "quay.io/jetstack/cert-manager-$1:$CERT_MANAGER_VERSION" "$(image "$1")"
}

build_image() {
  local context
  context=$(mktemp -d -p "$CACHE_DIR")
  cp "$program" "$context/cert-manager"
  cp "$SOURCE/Dockerfile" "$context/"
  docker build -t "$(image "$1")" --target "$1" "$context"
  rm -rf "$context"
}

# The chart as it is released, but for the signature.
write_chart() {
  local chart=$MAKE_DIR/cert-manager/chart
  rm -rf "$MAKE_DIR/cert-manager"
  mkdir -p "$MAKE_DIR/cert-manager"
  cp -r --no-preserve=mode "$(module "$MODULE" "$CERT_MANAGER_VERSION")/deploy/charts/cert-manager" "$chart"
  sed -i -E "s/^(version|appVersion): .*/\1: $CERT_MANAGER_VERSION/" "$chart/Chart.yaml"
  cat >"$MAKE_DIR/cert-manager/values.yaml" <<VALUES
crds: { enabled: true, keep: false }
startupapicheck: { enabled: false }
prometheus: { enabled: false }
global: { leaderElection: { namespace: cert-manager } }
image: { repository: $(repository controller), tag: $tag }
webhook: { image: { repository: $(repository webhook), tag: $tag } }
cainjector: { image: { repository: $(repository cainjector), tag: $tag } }
VALUES
}

repository() {
  local named
  named=$(image "$1")
  echo "${named%:*}"
}

command -v go >/dev/null || fail "There is no Go, with whose modules the chart of cert-manager comes." "install Go 1.26 or newer (https://go.dev/dl)"
if registry_reachable; then
  tag=$CERT_MANAGER_VERSION
  provide=pull_image
else
  tag=$CERT_MANAGER_VERSION-$program_hash
  provide=build_image
  [ -x "$program" ] || step "build cert-manager $CERT_MANAGER_VERSION (cold: about 10 minutes)" build_program
fi
images=()
for component in "${COMPONENTS[@]}"; do
  has_image "$(image "$component")" || step "${provide/_/ } $(image "$component")" "$provide" "$component"
  images+=("$(image "$component")")
done
step "write the chart of cert-manager $CERT_MANAGER_VERSION" write_chart
"$DEV_DIR/load.sh" "${images[@]}"
