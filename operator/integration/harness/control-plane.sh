#!/usr/bin/env bash
# Runs in a container of the node image: etcd and kube-apiserver on 127.0.0.1, and nothing else of a node.
# Arguments: the API server's port, etcd's for clients, etcd's for peers. /control-plane-files holds what makes it ours.
set -euo pipefail
api_port=$1 client_port=$2 peer_port=$3
given=/control-plane-files
home=/var/lib/control-plane
mkdir -p "$home/bin"
cd "$home"
PATH=$home/bin:$PATH

# Layers of the images that a node holds, as files: kind's own node image has them in containerd's content store, the one
# that is built where no image can be pulled as an archive.
layers() {
  if [ -e /kind/images.tar ]; then
    mkdir -p archive
    tar -xf /kind/images.tar -C archive
  fi
  find archive /var/lib/containerd/io.containerd.content.v1.content/blobs -type f -size +1M 2>/dev/null
}

# program NAME: takes a program out of the layer that has it; layers are tried from the smallest, which is soonest read.
program() {
  local layer
  [ ! -e "bin/$1" ] || return 0
  while read -r layer; do
    tar -xf "$layer" -C bin --transform 's,.*/,,' "usr/local/bin/$1" 2>/dev/null && return
  done < <(layers | xargs ls -Sr)
  echo "no image of this node has the program $1" >&2
  return 1
}

program etcd
if command -v kubernetes >/dev/null; then
  # One program under the names of all.
  ln -sf "$(command -v kubernetes)" bin/kube-apiserver
else
  program kube-apiserver
fi
rm -rf archive

# Nobody is told of a write that is only in memory but tests, which outlive no machine.
etcd --data-dir etcd --unsafe-no-fsync --log-level error \
  --listen-client-urls "http://127.0.0.1:$client_port" --advertise-client-urls "http://127.0.0.1:$client_port" \
  --listen-peer-urls "http://127.0.0.1:$peer_port" --initial-advertise-peer-urls "http://127.0.0.1:$peer_port" \
  --initial-cluster "default=http://127.0.0.1:$peer_port" &

# It signs its own certificate. Pods here are only ever written down: there is no controller that would give their
# service accounts tokens.
exec kube-apiserver --etcd-servers "http://127.0.0.1:$client_port" \
  --bind-address 127.0.0.1 --secure-port "$api_port" --cert-dir certificates --endpoint-reconciler-type none \
  --service-cluster-ip-range 10.96.0.0/16 --service-account-issuer https://kubernetes.default.svc \
  --service-account-key-file "$given/service-accounts.key" \
  --service-account-signing-key-file "$given/service-accounts.key" \
  --token-auth-file "$given/tokens.csv" --authorization-mode RBAC --disable-admission-plugins ServiceAccount
