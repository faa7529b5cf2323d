#!/usr/bin/env bash
# Makes debian:trixie-slim and node:24-trixie-slim available to the Dockerfiles: pulled where that works, else made
# from Debian packages and the npm package "node" under the same names, so that every Dockerfile is the same in both worlds.
# Usage: base-images.sh [debian|node]...
set -euo pipefail
# shellcheck source=dev/settings.sh
. "$(dirname "$0")/settings.sh"
# shellcheck source=dev/progress.sh
. "$DEV_DIR/progress.sh"

DEBIAN_IMAGE=debian:trixie-slim
NODE_IMAGE=node:$NODE_MAJOR-trixie-slim
# Raised when the recipe below changes: it names the kept tar.
DEBIAN_RECIPE=1

make_debian_root() {
  local root=$1 mirror
  if ! command -v debootstrap >/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
      echo "debian:trixie-slim cannot be pulled, and making it needs debootstrap, as root"
      return 1
    fi
    apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap
  fi
  # DEBIAN_MIRROR: another mirror than debootstrap's own choice, which it writes into sources.list.
  debootstrap --variant=minbase trixie "$root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
  mirror=$(awk '$1 == "deb" {print $2; exit}' "$root/etc/apt/sources.list")
  # What the official slim image leaves out, now and at every later installation.
  cat >"$root/etc/dpkg/dpkg.cfg.d/docker" <<'DPKG'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/groff/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
force-unsafe-io
DPKG
  cat >"$root/etc/apt/apt.conf.d/docker" <<'APT'
Acquire::Languages "none";
Acquire::GzipIndexes "true";
APT::AutoRemove::SuggestsImportant "false";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
APT
  cat >"$root/etc/apt/sources.list" <<SOURCES
deb $mirror trixie main
deb $mirror trixie-updates main
deb $mirror-security trixie-security main
SOURCES
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  find "$root/usr/share/doc" -type l -delete
  find "$root/usr/share/doc" -type d -empty -delete
  rm -rf "$root"/usr/share/{man,info,groff,linda,lintian,locale}/* "$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/var/log/*.log
  mkdir -p "$root/var/cache/apt/archives/partial"
}

make_debian() {
  local tar=$CACHE_DIR/images/debian-trixie-slim-$DEBIAN_RECIPE.tar root
  if [ ! -s "$tar" ]; then
    mkdir -p "$CACHE_DIR/images"
    root=$(mktemp -d)
    make_debian_root "$root"
    tar -C "$root" -cf "$tar.part" .
    rm -rf "$root"
    mv "$tar.part" "$tar"
  fi
  docker import -c 'CMD ["bash"]' "$tar" "$DEBIAN_IMAGE"
}

# node_package: the npm package with the Node.js program for this machine, in the version of package-lock.json, so that
# images and npm scripts run the same one.
node_package() {
  local arch version
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) echo "no npm package has Node.js for $(uname -m)"; return 1 ;;
  esac
  version=$(sed -n '/^    "node_modules\/node": {/,/}/s/.*"version": "\(.*\)".*/\1/p' "$ROOT_DIR/package-lock.json")
  echo "node-linux-$arch@$version"
}

make_node() {
  local context package
  package=$(node_package) || return 1
  context=$(mktemp -d)
  mkdir -p "$context"/local/{bin,lib/node_modules} "$context"/{node,npm}
  (cd "$context/node" && npm pack --silent "$package" && tar -xzf ./*.tgz --strip-components=1)
  (cd "$context/npm" && npm pack --silent "npm@$NPM_MAJOR" && tar -xzf ./*.tgz --strip-components=1 && rm ./*.tgz)
  install -m 755 "$context/node/bin/node" "$context/local/bin/"
  mv "$context/npm" "$context/local/lib/node_modules/npm"
  chmod -R a+rX "$context/local"
  rm -rf "$context/node"
  cp "$DEV_DIR/node-base/Dockerfile" "$context/"
  docker build -q -t "$NODE_IMAGE" "$context"
  rm -rf "$context"
}

ensure() {
  local image=$1 make=$2
  if has_image "$image"; then
    skipped "$image"
  elif registry_reachable; then
    step "pull $image" docker pull -q "$image"
  else
    step "make $image (no registry in reach)" "$make"
  fi
}

[ $# -gt 0 ] || set -- debian node
for name in "$@"; do
  case $name in
    debian) ensure "$DEBIAN_IMAGE" make_debian ;;
    node) ensure "$NODE_IMAGE" make_node ;;
    *) fail "unknown base image: $name" "base-images.sh [debian|node]..." ;;
  esac
done
