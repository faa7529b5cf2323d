#!/usr/bin/env bash
# Makes sure that there is a k6: the one on PATH, or built from its Go module into the cache (about three minutes, once).
set -euo pipefail

version=v1.8.1
cache="${AUTHCLUSTER_CACHE:-$HOME/.cache/authcluster}/bin"

if command -v k6 >/dev/null; then exit 0; fi
if ! command -v go >/dev/null; then
  echo "k6 is neither on PATH nor can it be built, because Go is missing: install k6 $version or Go" >&2
  exit 1
fi
echo "building k6 $version into $cache; this takes some minutes, once" >&2
mkdir -p "$cache"
CGO_ENABLED=0 GOBIN="$cache" go install -trimpath -ldflags '-s -w' "go.k6.io/k6@$version"
