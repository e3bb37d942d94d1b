# `make` alone lists what there is.

SHELL := /bin/bash -euo pipefail
GO ?= go
PKG ?= ./...
# The race detector checks this module, not the C library and SQLite in Go, which
# it makes five times slower.
RACE = -race -gcflags='modernc.org/...=-race=false'
FUZZTIME ?= 30s
TESTFLAGS ?=

.DEFAULT_GOAL := help
.PHONY: help test quick testservers vet lint fmt fmt-check tidy-check build bench fuzz cover

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

test: testservers ## every test, under the race detector, with the real programs (installs them: root or sudo)
	PBXUSERS_REQUIRE_TESTSERVERS=1 $(GO) test $(RACE) -shuffle=on -timeout 15m $(TESTFLAGS) $(PKG)

quick: ## the tests that need no other program, without the race detector
	$(GO) test -short $(TESTFLAGS) $(PKG)

testservers: ## install the real programs that the tests talk to, where they are missing (root or sudo)
	@.ci/testservers

vet: ## go vet
	$(GO) vet $(PKG)

lint: ## golangci-lint, in the version that this project is checked with
	@.ci/golangci-lint run $(PKG)

fmt: ## format the sources
	@.ci/golangci-lint fmt

fmt-check: ## fail where gofmt would change something
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi

tidy-check: ## fail where go mod tidy would change something
	$(GO) mod tidy -diff

build: ## build everything without cgo
	CGO_ENABLED=0 $(GO) build $(PKG)

bench: testservers ## every benchmark; the ratios stand in their lines
	PBXUSERS_REQUIRE_TESTSERVERS=1 $(GO) test -run '^$$' -bench . -benchmem -timeout 60m $(TESTFLAGS) $(PKG)

fuzz: testservers ## each fuzz target for FUZZTIME (30s)
	@GO='$(GO)' FUZZTIME='$(FUZZTIME)' .ci/fuzz $(PKG)

cover: testservers ## every test, and the share of the statements that they reach
	@out=$$(mktemp); trap 'rm -f "$$out"' EXIT; \
	PBXUSERS_REQUIRE_TESTSERVERS=1 $(GO) test -coverpkg=./... -coverprofile="$$out" -timeout 15m $(TESTFLAGS) $(PKG); \
	$(GO) tool cover -func="$$out" | tail -n 1
