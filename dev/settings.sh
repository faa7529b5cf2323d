# shellcheck shell=bash
# shellcheck disable=SC2034 # read by the scripts that source this
# Names, versions and places that the scripts under dev/ share. To be sourced; changes nothing but PATH.

# The node image made here; the official one below is of the same minor version, as published with this kind.
KUBERNETES_VERSION=v1.36.3
OFFICIAL_NODE_IMAGE=kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed
KIND_VERSION=v0.33.0
HELM_VERSION=v4.3.1
LOCAL_PATH_PROVISIONER_VERSION=v0.0.30 # the images' manifest names its service account as this version does
METRICS_SERVER_VERSION=v0.9.0          # as in node-image/go.mod
NODE_MAJOR=24
NPM_MAJOR=11

CLUSTER=authcluster
# Where images are meant to be found: REGISTRY is for a cluster of one's own.
IMAGE_PREFIX=${REGISTRY:-ghcr.io/authcluster}

DEV_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT_DIR=$(dirname "$DEV_DIR")
MAKE_DIR=$ROOT_DIR/.make
# Everything that is kept between runs, and nothing outside it (save a Docker engine that had to be installed).
CACHE_DIR=${AUTHCLUSTER_CACHE:-$HOME/.cache/authcluster}
LOG_DIR=$CACHE_DIR/logs
export PATH=$CACHE_DIR/bin:$PATH

# content_hash FOLDER...: 12 hex digits over the names and contents of all files, wherever the repository lies.
content_hash() {
  find "$@" -type f | LC_ALL=C sort | while IFS= read -r file; do
    printf '%s ' "${file#"$ROOT_DIR/"}"
    sha256sum <"$file"
  done | sha256sum | cut -c1-12
}

has_image() {
  docker image inspect "$1" >/dev/null 2>&1
}

# registry_reachable: can images be pulled here? Found out once per cache folder, since a registry that is out of reach
# may take long to say so. `rm ~/.cache/authcluster/registry-reachable` asks again.
registry_reachable() {
  local answer=$CACHE_DIR/registry-reachable
  if [ ! -s "$answer" ]; then
    mkdir -p "$CACHE_DIR"
    if timeout 60 docker pull -q debian:trixie-slim >/dev/null 2>&1; then echo yes >"$answer"; else echo no >"$answer"; fi
  fi
  [ "$(cat "$answer")" = yes ]
}
