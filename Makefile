# `make` alone lists what there is.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help quickstart test operator generate lint test-unit test-integration test-edge test-e2e test-chaos test-controllers test-guides tools engine base-images node-image cluster cluster-down images load push traefik envoy cert-manager

# What a cluster of one's own needs: see dev/README.md.
export CONTEXT REGISTRY VALUES
# MONITORING=1 has the quick start bring a Prometheus; NODES=1 has the local cluster be of one node.
export MONITORING NODES
# Tools that were built for this project come first.
export PATH := $(or $(AUTHCLUSTER_CACHE),$(HOME)/.cache/authcluster)/bin:$(PATH)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2} /^##@ / {printf "\n%s\n", substr($$0, 5)}' dev/node.mk Makefile load/load.mk

include dev/node.mk
-include load/load.mk

##@ Local cluster (see dev/README.md)

cluster: ## make the local kind cluster, or mend the one there is (NODES=1 to 4, all unless given)
	@dev/cluster.sh up

cluster-down: ## remove it, with all that is in it
	@dev/cluster.sh down

tools: ## kind and helm: those on PATH, or built into the cache
	@dev/tools.sh

engine: ## a Docker engine that answers: start it, or install it (Debian, root)
	@dev/engine.sh

node-image: engine ## the image of the cluster's nodes, pulled or built
	@dev/node-image.sh

##@ Images

base-images: engine ## debian:trixie-slim and node:24-trixie-slim, pulled or made
	@dev/base-images.sh

images: base-images ## build what changed; names go to .make/images.yaml (REGISTRY=host/path names them for yours)
	@dev/images.sh

load: ## bring the images to the nodes that lack them (CONTEXT=kind-name for another kind cluster)
	@dev/load.sh

push: ## push the images to REGISTRY=host/path
	@dev/push.sh

traefik: ## an Ingress and Gateway controller for tests, pulled or built (about 10 minutes, once), brought to the nodes
	@dev/traefik.sh

envoy: ## a proxy for tests of /verify, pulled or made of its Python package, brought to the nodes
	@dev/envoy.sh

cert-manager: ## cert-manager for tests, pulled or built (about 10 minutes, once), brought to the nodes
	@dev/cert-manager.sh
