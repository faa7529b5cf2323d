# What is written in TypeScript runs on the Node.js of package-lock.json, whatever the machine has. To be included.

NODE := node_modules/.bin/node
# The lock file's hash names the stamp: npm runs again when the lock changed, and only then.
PACKAGES := node_modules/.installed-$(shell sha256sum package-lock.json | cut -c1-12)

$(PACKAGES):
	@command -v npm >/dev/null || { echo "There is no npm. Next: install Node.js, with your system's package manager for instance"; exit 1; }
	@echo "  npm packages of package-lock.json"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

##@ First steps

quickstart: $(PACKAGES) ## a cluster, the operator, an AuthCluster and a logged-in user (CONTEXT=name for a cluster of yours)
	@$(NODE) dev/quickstart.ts

test: $(PACKAGES) tools ## every check and test, with all set-up; the last line counts them
	@$(NODE) dev/test.ts

##@ While working

operator: $(PACKAGES) tools ## install or upgrade the operator in the cluster, with Helm
	@$(NODE) dev/operator.ts

generate: $(PACKAGES) tools ## write what derives from crds/, from the code of operator and auth API, and from the chart
	@npm run --silent generate -w operator
	@npm run --silent generate -w auth-api
	@npm run --silent generate -w clients/typescript
	@npm run --silent generate -w load
	@$(NODE) dev/generate.ts

lint: $(PACKAGES) tools ## types, Biome, shellcheck, actionlint, generated files, chart
	@$(NODE) dev/test.ts types lint shell workflows generated chart

test-unit: $(PACKAGES) tools ## tests beside the code
	@$(NODE) dev/test.ts dev go operator auth-api clients load rules

test-integration: $(PACKAGES) ## the auth API against real servers, the operator against a real API server, in containers
	@$(NODE) dev/test.ts integration operator-integration

test-edge: $(PACKAGES) ## the gateway's image with the configuration that the operator renders, in containers
	@$(NODE) dev/test.ts edge

test-e2e: $(PACKAGES) ## everything together on the local cluster (CONTEXT=name for a cluster of yours)
	@$(NODE) dev/test.ts e2e

test-chaos: $(PACKAGES) tools ## losses and planned moves under load, five times each, with medians (over an hour)
	@$(NODE) dev/test.ts chaos

test-controllers: $(PACKAGES) tools ## the gateway behind Traefik, by an Ingress and by the Gateway API (which is built or pulled first)
	@$(NODE) dev/test.ts controllers

test-guides: $(PACKAGES) tools ## the commands of the guides, as they stand there, on the local cluster
	@$(NODE) dev/test.ts guides
