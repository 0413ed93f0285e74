# Afflux. `make` alone lists the targets.

SHELL       := /bin/sh
GO          := go
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
MODULES     := bench/stage examples/metrics
STATICCHECK := $(GO) tool -modfile=tools/go.mod staticcheck

.PHONY: help run test check bench soak build assets tools clean need-go need-node need-clients

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## set everything up, then run the lab on http://localhost:4000
	@./bin/afflux serve

build: need-go assets ## one static binary, bin/afflux
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/afflux ./cmd/afflux

assets: need-node ## the browser's libraries, from npm into an ignored folder
	@sh scripts/assets.sh

test: need-go assets need-clients ## set everything up, then run every test
	$(GO) test -race -shuffle=on ./...
	cd examples/metrics && $(GO) test -race -shuffle=on ./...
	$(GO) test -tags million ./internal/part1 ./internal/resource ./internal/web ./internal/virtual

check: need-go ## format, vet, staticcheck, tidy
	@test -z "$$(gofmt -l . | grep -v node_modules)" || { echo "gofmt these:"; gofmt -l . | grep -v node_modules; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags million ./internal/part1
	$(STATICCHECK) ./...
	$(GO) mod tidy -diff
	@for d in $(MODULES); do (cd $$d && $(GO) vet ./... && $(GO) mod tidy -diff) || exit 1; done

bench: need-go assets ## benchmarks: of packages, of the program and of pipelines beside their rivals; takes a while
	@sh scripts/bench.sh

soak: need-go ## the example with a database, random pipelines and graphs by the ten thousand, fuzzing, conformance 200 times, part 2 for 70 s, 100 stops in a burst; takes long
	cd examples/load && $(GO) vet ./... && $(GO) mod tidy -diff && $(GO) test -race ./... # to build SQLite takes two minutes
	$(GO) test ./stage -run TestRandomPipelines -seeds 20000 -timeout 60m
	$(GO) test ./stage -run TestRandomGraphs -graphs 20000 -timeout 60m
	$(GO) test -race ./stage -run TestRandomPipelines -seeds 3000 -first-seed 100000 -timeout 60m
	@for f in $$($(GO) test ./stage -list '^Fuzz' | grep Fuzz); do \
		$(GO) test ./stage -run '^$$' -fuzz "^$$f\$$" -fuzztime 30s || exit 1; done
	$(GO) test -race -shuffle=on ./stage -run '^Test([0-9]|P[0-9])' -count 200 -timeout 60m
	$(GO) test ./internal/part2 -run TestWhateverIsDoneToTheChapter -seeds 20000 -timeout 60m
	AFFLUX_SOAK=70s $(GO) test -race -v -run TestSoak ./internal/part2
	AFFLUX_SOAK=1 $(GO) test -v -run TestAStopInABurst ./cmd/afflux

tools: ## install what tests and benchmarks need beyond Go and Node (Debian)
	@sh scripts/tools.sh install

clean: ## remove what was built
	@rm -rf bin node_modules

need-go:
	@command -v $(GO) >/dev/null || { echo "afflux needs Go 1.26 or newer: https://go.dev/dl"; exit 1; }

need-node:
	@command -v npm >/dev/null || { echo "afflux needs Node.js with npm for the browser assets: https://nodejs.org"; exit 1; }

need-clients:
	@sh scripts/tools.sh
