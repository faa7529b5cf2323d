# shellcheck shell=bash
# The nodes of the local cluster: those of kind-config.yaml or, where NODES says so, fewer. To be sourced after settings.sh and
# progress.sh.

KIND_CONFIG=$ROOT_DIR/kind-config.yaml

declared_nodes() {
  grep -c '^  - role:' "$KIND_CONFIG"
}

# check_nodes PRESENT: can there be NODES of them, with so many in the cluster that is there (0 without one)?
check_nodes() {
  local present=$1 declared
  # Whoever does not say takes what is there.
  [ -n "${NODES:-}" ] || return 0
  declared=$(declared_nodes)
  [[ $NODES =~ ^[1-$declared]$ ]] || fail "NODES is a number from 1 to $declared, not $NODES." \
    "leave it out to have all $declared"
  [ "$present" = 0 ] || [ "$present" = "$NODES" ] || fail "The cluster $CLUSTER has $present nodes, and not $NODES." \
    "make cluster-down removes it, with all that is in it; then run this again"
}

# kind_config IMAGE: as many of its nodes as there are to be, and what this machine or a node image made here needs besides.
kind_config() {
  # Images are loaded. By default a kubelet that has pulled one of them under another name pulls it under the name that it has
  # now, to see that it may (KEP-2535).
  local settings=$'\n    imagePullCredentialsVerificationPolicy: NeverVerify'
  # Kubernetes still runs on cgroup v1, but only if told to.
  [ "$(docker info -f '{{.CgroupVersion}}')" != 1 ] || settings+=$'\n    failCgroupV1: false'
  # Pods cannot reach Docker's resolver at its usual address; these nodes answer on another.
  [[ $1 != authcluster-node:* ]] || settings+=$'\n    resolvConf: /kind/resolv.conf'
  awk -v most="${NODES:-$(declared_nodes)}" '/^  - role:/ { seen += 1 } seen <= most' "$KIND_CONFIG"
  cat <<PATCH
kubeadmConfigPatches:
  - |
    kind: KubeletConfiguration
    apiVersion: kubelet.config.k8s.io/v1beta1$settings
PATCH
}
