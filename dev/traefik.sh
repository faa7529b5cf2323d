#!/usr/bin/env bash
# Brings what the tests with a real Ingress and Gateway controller need: Traefik's image, on the nodes of the cluster, with
# its name in .make/traefik-image, and the definitions of the Gateway API that it implements, in .make/gateway-api.yaml. The
# official image where images can be pulled, else one built from Traefik's Go module.
set -euo pipefail
# shellcheck source=dev/settings.sh
. "$(dirname "$0")/settings.sh"
# shellcheck source=dev/progress.sh
. "$DEV_DIR/progress.sh"
# shellcheck source=dev/go-modules.sh
. "$DEV_DIR/go-modules.sh"

TRAEFIK_VERSION=v3.6.12
GATEWAY_API_VERSION=v1.4.0 # as in Traefik's go.mod
SOURCE=$DEV_DIR/traefik

program_hash=$(content_hash "$SOURCE")
program=$CACHE_DIR/bin/.traefik-$TRAEFIK_VERSION-$program_hash

# Whatever finds nothing in a Kubernetes cluster, and brings the kits of whole clouds: most of what there would be to build.
LEFT_OUT=(Ecs ConsulCatalog Nomad Consul Etcd ZooKeeper Redis Knative)

# leave_out: takes those providers from the configuration and from where they are started.
leave_out() {
  local settings=pkg/config/static/static_config.go start=pkg/provider/aggregator/aggregator.go provider
  for provider in "${LEFT_OUT[@]}"; do
    sed -i "/^\t$provider  *\*/d; /c\.Providers\.$provider != nil/,/^\t}/d" $settings
    sed -i "/^\tif conf\.$provider != nil {/,/^\t}/d" $start
  done
  sed -i -E '/pkg\/provider\/(ecs|consulcatalog|nomad|kv\/[a-z]+|kubernetes\/knative)"/d' $settings
  # DNS providers, for certificates that this Traefik does not ask for.
  cp -r "$SOURCE/nodns" pkg/nodns
  sed -i 's,"github.com/go-acme/lego/v4/providers/dns",dns "github.com/traefik/traefik/v3/pkg/nodns",' pkg/provider/acme/provider.go
}

build_program() {
  built_from_copy github.com/traefik/traefik/v3 "$TRAEFIK_VERSION" "$program" ./cmd/traefik leave_out
}

pull_image() {
  docker pull -q "traefik:$TRAEFIK_VERSION"
  docker tag "traefik:$TRAEFIK_VERSION" "$image"
}

build_image() {
  local context
  context=$(mktemp -d -p "$CACHE_DIR")
  cp "$program" "$context/traefik"
  cp "$SOURCE/Dockerfile" "$context/"
  docker build -t "$image" "$context"
  rm -rf "$context"
}

write_definitions() {
  local folder file
  folder=$(module sigs.k8s.io/gateway-api "$GATEWAY_API_VERSION")/config/crd/standard
  for file in "$folder"/gateway.networking.k8s.io_*.yaml; do
    cat "$file"
    echo "---"
  done >"$MAKE_DIR/gateway-api.yaml"
}

mkdir -p "$MAKE_DIR"
command -v go >/dev/null || fail "There is no Go, with whose modules the Gateway API comes." "install Go 1.26 or newer (https://go.dev/dl)"
if registry_reachable; then
  image=localhost/traefik:$TRAEFIK_VERSION
  has_image "$image" || step "pull traefik:$TRAEFIK_VERSION" pull_image
else
  image=localhost/traefik:$TRAEFIK_VERSION-$program_hash
  [ -x "$program" ] || step "build Traefik $TRAEFIK_VERSION (cold: about 10 minutes)" build_program
  has_image "$image" || step "build image $image" build_image
fi
echo "$image" >"$MAKE_DIR/traefik-image"
step "write the definitions of the Gateway API $GATEWAY_API_VERSION" write_definitions
"$DEV_DIR/load.sh" "$image"
