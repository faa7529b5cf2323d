##@ Load

SCENARIO ?= normal-login
SCALE ?= 0.01
TIME_SCALE ?= 1
LOAD_URL ?= http://127.0.0.1:8080
LOAD_CLUSTER ?= auth/demo

.PHONY: k6 load-test

k6: ## the load generator: the one on PATH, or built into the cache
	@load/k6.sh

load-test: k6 ## SCENARIO=normal-login|token-refresh-storm|mixed-error SCALE=0.01 TIME_SCALE=1: load, watch, judge, report
	@npm run --silent load-test -w load -- --scenario $(SCENARIO) --scale $(SCALE) --time-scale $(TIME_SCALE) \
	  --url $(LOAD_URL) $(if $(LOAD_CLUSTER),--cluster $(LOAD_CLUSTER)) $(if $(CONTEXT),--context $(CONTEXT)) $(LOAD_OPTIONS)
