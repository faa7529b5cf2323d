#!/usr/bin/env bash
# Brings the images of .make/images.yaml, and those that are named, to the nodes of a kind cluster: those that a node
# lacks, all nodes at once.
# Usage: [CONTEXT=kind-name] load.sh [IMAGE]...
#
# One archive of everything missing, read by every node at the same time: layers that images share travel once. For what
# this took beside `kind load` and a registry see README.md.
set -euo pipefail
# shellcheck source=dev/settings.sh
. "$(dirname "$0")/settings.sh"
# shellcheck source=dev/progress.sh
. "$DEV_DIR/progress.sh"

context=${CONTEXT:-kind-$CLUSTER}
[[ $context == kind-* ]] || fail "Images can be loaded into the nodes of a kind cluster; $context is another kind of cluster." \
  "push them where it can pull from: make images push REGISTRY=registry.example.com/team"
[ -s "$MAKE_DIR/images.yaml" ] || fail "There is no .make/images.yaml." "make images"

mapfile -t images < <(grep -oE '[^ {}"]+/[^ {}"]+:[^ {}"]+' "$MAKE_DIR/images.yaml")
images+=("$@")
# Nothing of ours is scheduled on a control plane, unless it is the only node.
mapfile -t nodes < <(docker ps --filter "label=io.x-k8s.kind.cluster=${context#kind-}" \
  --filter label=io.x-k8s.kind.role=worker --format '{{.Names}}' | LC_ALL=C sort)
[ ${#nodes[@]} -gt 0 ] || mapfile -t nodes < <(docker ps --filter "label=io.x-k8s.kind.cluster=${context#kind-}" \
  --filter label=io.x-k8s.kind.role=control-plane --format '{{.Names}}')
[ ${#nodes[@]} -gt 0 ] || fail "There is no running kind cluster ${context#kind-} on this machine." "make cluster"

# missing NODE: the images that it lacks.
missing() {
  local present
  present=$(docker exec "$1" ctr -n k8s.io images ls -q)
  for image in "${images[@]}"; do grep -qxF "$image" <<<"$present" || echo "$image"; done
}

import() {
  docker exec -i "$1" ctr -n k8s.io images import --digests --snapshotter overlayfs - <"$2"
}

bring() {
  local archive node failed=0
  archive=$(mktemp -p "$CACHE_DIR")
  docker save -o "$archive" "${wanted[@]}"
  local imports=()
  for node in "${lacking[@]}"; do
    import "$node" "$archive" &
    imports+=($!)
  done
  for process in "${imports[@]}"; do wait "$process" || failed=1; done
  rm -f "$archive"
  return "$failed"
}

lacking=()
wanted=()
for node in "${nodes[@]}"; do
  mapfile -t absent < <(missing "$node")
  [ ${#absent[@]} = 0 ] && continue
  lacking+=("$node")
  wanted+=("${absent[@]}")
done
if [ ${#lacking[@]} = 0 ]; then
  skipped "images on the nodes"
  exit 0
fi
mapfile -t wanted < <(printf '%s\n' "${wanted[@]}" | LC_ALL=C sort -u)
for image in "${wanted[@]}"; do has_image "$image" || fail "There is no image $image." "make images"; done
step "load ${#wanted[@]} images into ${#lacking[@]} nodes" bring
