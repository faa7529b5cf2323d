#!/usr/bin/env bash
# Sees to it that kind and helm are there in versions that this project was run with: those on PATH, else built with Go
# into the cache folder.
set -euo pipefail
# shellcheck source=dev/settings.sh
. "$(dirname "$0")/settings.sh"
# shellcheck source=dev/progress.sh
. "$DEV_DIR/progress.sh"

# suitable NAME: is the one on PATH new enough?
suitable() {
  case $1 in
    # Node images belong to a version of kind.
    kind) [[ $(kind version 2>/dev/null) =~ v0\.(3[3-9]|[4-9][0-9])\. ]] ;;
    helm) [[ $(helm version --short 2>/dev/null) =~ ^v(4\.|3\.(1[4-9]|[2-9][0-9])) ]] ;;
  esac
}

# tool NAME VERSION GO_PACKAGE
tool() {
  local name=$1 version=$2 package=$3 stamp=$CACHE_DIR/bin/.$1-$2
  # A program built by `go install` may not know its version: the stamp does.
  [ -x "$CACHE_DIR/bin/$name" ] && [ -e "$stamp" ] && return
  [ ! -e "$CACHE_DIR/bin/$name" ] && suitable "$name" && return
  command -v go >/dev/null || fail "There is no suitable $name on PATH, and no Go to build it with." \
    "install $name $version or newer, or Go 1.26 or newer (https://go.dev/dl)"
  mkdir -p "$CACHE_DIR/bin"
  step "build $name $version" env CGO_ENABLED=0 GOBIN="$CACHE_DIR/bin" \
    go install -trimpath -ldflags '-s -w' "$package@$version"
  touch "$stamp"
}

command -v npm >/dev/null || fail "There is no npm." "install Node.js 22.19 or newer, with your system's package manager for instance"
tool kind "$KIND_VERSION" sigs.k8s.io/kind
tool helm "$HELM_VERSION" helm.sh/helm/v4/cmd/helm
