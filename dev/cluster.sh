#!/usr/bin/env bash
# The local cluster: `cluster.sh up` makes it, or mends the one there is; `cluster.sh down` removes it. Safe to repeat.
# NODES=1 makes it of one node, and so on.
set -euo pipefail
# shellcheck source=dev/settings.sh
. "$(dirname "$0")/settings.sh"
# shellcheck source=dev/progress.sh
. "$DEV_DIR/progress.sh"
# shellcheck source=dev/preconditions.sh
. "$DEV_DIR/preconditions.sh"
# shellcheck source=dev/nodes.sh
. "$DEV_DIR/nodes.sh"

CONTROL_PLANE=$CLUSTER-control-plane
CONTEXT=kind-$CLUSTER
API_TIMEOUT_SECONDS=60
STALE_STATUS_SECONDS=5

# Asked from inside, so that it depends neither on a kubeconfig nor on a kubectl here.
kubectl_inside() {
  docker exec -i "$CONTROL_PLANE" kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 10s "$@"
}

containers() {
  docker ps --all --filter "label=io.x-k8s.kind.cluster=$CLUSTER" --format '{{.Names}}' "$@"
}

nodes_ready() {
  local states
  states=$(kubectl_inside get nodes -o jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' 2>/dev/null) || return
  [ "$(grep -c True <<<"$states")" = "$(containers | wc -l)" ]
}

healthy() {
  [ -n "$(containers)" ] && [ -z "$(containers --filter status=exited)" ] && nodes_ready
}

# nodes_seen_since TIME: have all kubelets reported? What is written of a node that was stopped is old: still "Ready".
nodes_seen_since() {
  local leases
  leases=$(kubectl_inside -n kube-node-lease get leases -o jsonpath='{range .items[*]}{.spec.renewTime}{"\n"}{end}' 2>/dev/null) || return
  [ "$(awk -v since="$1" '$1 > since' <<<"$leases" | wc -l)" = "$(containers | wc -l)" ]
}

# mend: after a restart of the engine the nodes are stopped, but whole.
mend() {
  local started
  started=$(date -u +%FT%TZ)
  # The engine gives addresses out anew, in the order in which it starts containers, and a node with another address
  # than it had is none of the cluster's any more.
  xargs docker start <"$CACHE_DIR/nodes-by-address"
  for _ in $(seq "$API_TIMEOUT_SECONDS"); do
    if nodes_seen_since "$started" && nodes_ready; then
      # Kubelets take some seconds to say that their pods are gone.
      sleep "$STALE_STATUS_SECONDS"
      kubectl_inside -n kube-system wait --for=condition=Ready --timeout=120s pods --all
      return
    fi
    sleep 1
  done
  echo "the nodes were started, but are not all ready after ${API_TIMEOUT_SECONDS}s"
  return 1
}

create() {
  local image=$1
  kind_config "$image" >"$MAKE_DIR/kind-config.yaml"
  kind create cluster --config "$MAKE_DIR/kind-config.yaml" --image "$image" --wait 120s
  containers | xargs docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}} {{.Name}}' |
    sort -V | sed 's,.* /,,' >"$CACHE_DIR/nodes-by-address"
}

# ensure_kubectl: where there is none, the nodes have one that fits.
ensure_kubectl() {
  command -v kubectl >/dev/null && return
  mkdir -p "$CACHE_DIR/bin"
  docker exec "$CONTROL_PLANE" sh -c 'cat "$(command -v kubectl)"' >"$CACHE_DIR/bin/kubectl"
  chmod 755 "$CACHE_DIR/bin/kubectl"
}

add_ons() {
  kubectl_inside apply -f - <"$DEV_DIR/metrics-server.yaml"
  kubectl_inside -n kube-system wait --for=condition=Available --timeout=120s deployment/coredns deployment/metrics-server
}

up() {
  "$DEV_DIR/engine.sh"
  check_nodes "$(containers | wc -l)"
  # A cluster that is there holds the ports and the memory itself.
  [ -n "$(containers)" ] || check_preconditions
  "$DEV_DIR/tools.sh"
  if healthy; then
    skipped "cluster $CLUSTER"
  elif [ -n "$(containers)" ] && (step "start the nodes of cluster $CLUSTER again" mend); then
    :
  else
    if [ -n "$(containers)" ]; then
      echo "  It cannot be mended: it is made anew, and what was in it is lost."
      step "remove cluster $CLUSTER" kind delete cluster --name "$CLUSTER"
      check_preconditions
    fi
    "$DEV_DIR/node-image.sh"
    step "create cluster $CLUSTER" create "$(cat "$MAKE_DIR/node-image")"
  fi
  kind export kubeconfig --name "$CLUSTER" --quiet
  ensure_kubectl
  if [ "$(kubectl_inside -n kube-system get deployment metrics-server -o jsonpath='{.status.readyReplicas}' 2>/dev/null)" != 1 ]; then
    step "cluster add-ons (DNS, metrics)" add_ons
  fi
  echo "  kubectl --context $CONTEXT"
}

down() {
  if ! docker info >/dev/null 2>&1 || [ -z "$(containers)" ]; then
    echo "  there is no cluster $CLUSTER"
    return
  fi
  "$DEV_DIR/tools.sh"
  step "remove cluster $CLUSTER" kind delete cluster --name "$CLUSTER"
}

check_system
mkdir -p "$CACHE_DIR"
# Two at once would each make a half of a cluster.
exec 9>"$CACHE_DIR/cluster.lock"
flock 9
case ${1:-} in
  up) up ;;
  down) down ;;
  *) fail "usage: cluster.sh up|down" ;;
esac
