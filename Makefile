# Every target installs what it needs. `make test` is all that CI runs.

GO      ?= go
LINT    := $(GO) tool -modfile=$(CURDIR)/tools/lint/go.mod golangci-lint
COUNT   ?= 1
# Packages with tests against software, kernels and processes that are not ours: those with files of the build tag real.
REAL     = $(shell grep -rlE '^//go:build.*\breal\b' --include='*.go' . | xargs -n1 dirname | sort -u)

.PHONY: run test unit real conformance lint bench fuzz generate install-test-deps

run: ## the AWS firmware against the local AWS IoT Core, until Ctrl-C
	$(GO) run ./cmd/cloudgen lab -overlay overlay-aws.hcl

test: install-test-deps lint unit real ## everything

unit: ## what needs Go alone
	$(GO) vet ./...
	CGO_ENABLED=1 $(GO) test -race -count=$(COUNT) -timeout 20m $$($(GO) list ./... | grep -v /test/configurations)
	$(GO) test -count=$(COUNT) -timeout 20m ./test/configurations

real: install-test-deps ## against software that we did not write
	$(GO) test -tags real -count=$(COUNT) -timeout 40m $(REAL)

conformance: install-test-deps ## docs/lwm2m-conformance.md, of a run of all its cases
	$(GO) test -tags real -count=1 -timeout 20m ./test/leshan -args -conformance $(CURDIR)/docs/lwm2m-conformance.md

lint:
	$(LINT) run ./...

bench: install-test-deps ## figures of docs/performance.md; the comparison makes the Python environment
	$(GO) test -tags real -run TestAgainstKconfiglib ./kconfig/difftest -trees 1
	$(GO) run ./test/bench

fuzz: ## each fuzz target for FUZZTIME
	./scripts/fuzz $(or $(FUZZTIME),30s)

generate: ## everything in the repository that is generated: examples, option reference, module table, golden files
	$(GO) generate ./...
	$(GO) test ./gen -update

install-test-deps:
	./scripts/install-test-deps
