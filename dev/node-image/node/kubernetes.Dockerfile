# What kubeadm and the manifests would pull from a registry, built here: one image under every name, and its programs in
# one layer.
FROM debian:trixie-slim AS kubernetes
RUN apt-get update \
 && apt-get install -y --no-install-recommends conntrack iproute2 iptables kmod nftables procps \
 && rm -rf /var/lib/apt/lists/* /var/cache/*
COPY bin/ /usr/local/bin/

FROM kubernetes AS coredns
ENTRYPOINT ["coredns"]

FROM kubernetes AS metrics-server
ENTRYPOINT ["metrics-server"]

FROM scratch AS pause
COPY bin/pause /pause
ENTRYPOINT ["/pause"]
