#!/usr/bin/env bash
# Makes the image of the cluster's nodes available and writes its name to .make/node-image: the official one where images
# can be pulled, else one built from Debian packages and Go modules (see README.md). Its tag is the hash of what it is
# made of; programs and image are kept in the cache folder, so that a lost engine costs seconds, not minutes.
set -euo pipefail
# shellcheck source=dev/settings.sh
. "$(dirname "$0")/settings.sh"
# shellcheck source=dev/progress.sh
. "$DEV_DIR/progress.sh"

SOURCE=$DEV_DIR/node-image
PROGRAMS=(./kubernetes ./coredns ./pause ./podnet sigs.k8s.io/metrics-server/cmd/metrics-server)
COMMANDS=(kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubectl kubeadm kubelet)
COREDNS=registry.k8s.io/coredns/coredns:v1.14.2
PAUSE=registry.k8s.io/pause:3.10.2
METRICS_SERVER=registry.k8s.io/metrics-server/metrics-server:$METRICS_SERVER_VERSION
KUBERNETES=localhost/kubernetes:$KUBERNETES_VERSION

# Go programs depend on Go files and versions only: a change to the node's own files links nothing again.
programs_hash=$({ content_hash "$SOURCE"/{kubernetes,coredns,pause,podnet,go.mod,go.sum}
  echo "$KUBERNETES_VERSION $LOCAL_PATH_PROVISIONER_VERSION"; } | sha256sum | cut -c1-12)
programs=$CACHE_DIR/node-programs/$programs_hash
image_hash=$({ echo "$programs_hash"; content_hash "$SOURCE/node"; } | sha256sum | cut -c1-12)
image=authcluster-node:$KUBERNETES_VERSION-$image_hash
image_tar=$CACHE_DIR/images/authcluster-node-$image_hash.tar

build_programs() {
  local version_package=k8s.io/component-base/version bin=$programs.part
  rm -rf "$bin"
  mkdir -p "$bin"
  cd "$SOURCE"
  export CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -trimpath"
  # Without a version the API server calls itself v0.0.0, and kubeadm refuses it.
  local flags="-s -w -X $version_package.gitVersion=$KUBERNETES_VERSION"
  flags+=" -X $version_package.gitMajor=1 -X $version_package.gitMinor=$(cut -d. -f2 <<<"$KUBERNETES_VERSION")"
  go build -ldflags "$flags" -o "$bin/" "${PROGRAMS[@]}"
  go build -ldflags '-s -w' -o "$bin/etcd" go.etcd.io/etcd/server/v3
  GOBIN=$bin go install -ldflags '-s -w' "github.com/rancher/local-path-provisioner@$LOCAL_PATH_PROVISIONER_VERSION"
  for command in "${COMMANDS[@]}"; do ln -s kubernetes "$bin/$command"; done
  rm -rf "$CACHE_DIR"/node-programs/[0-9a-f]*[0-9a-f]
  mv "$bin" "$programs"
}

build_image() {
  local context names
  context=$(mktemp -d -p "$CACHE_DIR")
  cp -r "$SOURCE/node/." "$context/"
  cp -a "$programs" "$context/bin"
  cd "$context"
  # The classic builder: BuildKit would send these contexts once per target, and is not everywhere.
  export DOCKER_BUILDKIT=0
  docker build -f kubernetes.Dockerfile --target kubernetes -t "$KUBERNETES" .
  docker build -f kubernetes.Dockerfile --target coredns -t "$COREDNS" .
  docker build -f kubernetes.Dockerfile --target metrics-server -t "$METRICS_SERVER" .
  docker build -f kubernetes.Dockerfile --target pause -t "$PAUSE" .
  names=("$KUBERNETES" "$COREDNS" "$METRICS_SERVER" "$PAUSE")
  for name in kube-apiserver kube-controller-manager kube-scheduler kube-proxy; do
    docker tag "$KUBERNETES" "registry.k8s.io/$name:$KUBERNETES_VERSION"
    names+=("registry.k8s.io/$name:$KUBERNETES_VERSION")
  done
  docker tag "$KUBERNETES" registry.k8s.io/etcd:3.6.8-0
  names+=(registry.k8s.io/etcd:3.6.8-0)
  docker save -o images.tar "${names[@]}"
  # They are on the nodes now; here they would only be in the way.
  docker rmi "${names[@]}" >/dev/null
  rm -rf bin/[!k]* bin/kube[!r]*
  docker build -f Dockerfile --build-arg KUBERNETES_VERSION="$KUBERNETES_VERSION" -t "$image" .
  cd /
  rm -rf "$context"
}

keep_image() {
  mkdir -p "$CACHE_DIR/images"
  rm -f "$CACHE_DIR"/images/authcluster-node-*
  docker save -o "$image_tar.part" "$image"
  mv "$image_tar.part" "$image_tar"
}

local_image() {
  if has_image "$image"; then
    skipped "node image $image"
  elif [ -s "$image_tar" ]; then
    step "node image $image, from the cache" docker load -i "$image_tar"
  else
    command -v go >/dev/null || fail "No image registry is in reach, so the nodes' image has to be built from Go modules, and there is no Go." \
      "install Go 1.26 or newer (https://go.dev/dl), or give Docker access to an image registry"
    "$DEV_DIR/base-images.sh" debian
    [ -d "$programs" ] || step "build Kubernetes $KUBERNETES_VERSION (cold: about 10 minutes)" build_programs
    step "build node image $image" build_image
    step "keep it in the cache" keep_image
  fi
  echo "$image" >"$MAKE_DIR/node-image"
}

mkdir -p "$MAKE_DIR"
if registry_reachable; then
  has_image "$OFFICIAL_NODE_IMAGE" || step "pull ${OFFICIAL_NODE_IMAGE%@*}" docker pull -q "$OFFICIAL_NODE_IMAGE"
  echo "$OFFICIAL_NODE_IMAGE" >"$MAKE_DIR/node-image"
else
  local_image
fi
