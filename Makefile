# Echoline. `make help` lists what there is; docs/build.md tells it at length.
#
# Every step gets what it lacks by itself: system packages, the ONNX Runtime library, the lint tools.
# Nothing is fetched twice, and a second `make build` runs `go build` and nothing else.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:

VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1.0)
GO          ?= go
TAGS        ?=
PACKAGES    ?= ./...
PYTHON      ?= python3

# Fyne draws through OpenGL, ONNX Runtime is a C library.
export CGO_ENABLED = 1
# ONNX Runtime reports to its maker unless told not to; the program says so itself, the training code is told here.
export ORT_DISABLE_TELEMETRY = 1

ORT         := libonnxruntime.so.1.29.0
GOLANGCI    := build/tools/golangci-lint
GOVULNCHECK := build/tools/govulncheck
WINRES      := build/tools/go-winres

# A library of your own is taken as it is; otherwise the pinned one is copied beside the program.
ifndef ONNXRUNTIME_SHARED_LIBRARY_PATH
RUNTIME     := bin/lib/$(ORT)
endif
MODELS      := $(patsubst assets/models/%,bin/models/%,$(wildcard assets/models/*.onnx assets/models/*.md assets/models/*.json))

.DEFAULT_GOAL := help

.PHONY: help
help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- the program ---------------------------------------------------------------------------------

.PHONY: run
run: build ## build and open the viewer; ARGS="PATH…" opens a study
	bin/echoline $(ARGS)

# Built with the flags of the tests, so that Fyne and SQLite, which take minutes, are compiled once.
.PHONY: build
build: packages $(RUNTIME) $(MODELS) ## bin/echoline, with its library and its model beside it
	$(GO) build -tags '$(TAGS)' -ldflags '-X main.version=$(VERSION)' -o bin/echoline ./cmd/echoline

.PHONY: packages
packages:
	@scripts/packages.sh build run

lib/$(ORT): scripts/onnxruntime.txt scripts/runtime.sh
	@scripts/packages.sh python
	scripts/runtime.sh $@

bin/lib/$(ORT): lib/$(ORT)
	@mkdir -p $(@D)
	cp $< $@

bin/models/%: assets/models/%
	@mkdir -p $(@D)
	cp $< $@

# --- to give away --------------------------------------------------------------------------------

.PHONY: dist
dist: packages ## dist/: the program for Linux machines, with nothing to install
	@scripts/packages.sh python
	GO=$(GO) scripts/dist.sh linux $(VERSION)

.PHONY: dist-windows
dist-windows: $(WINRES) ## dist/: the program for Windows, built on this machine
	@scripts/packages.sh python windows
	GO=$(GO) scripts/dist.sh windows $(VERSION)

.PHONY: test-windows
test-windows: dist-windows build test-packages ## the main job in the program for Windows, run by Wine
	@scripts/packages.sh wine
	ECHOLINE_WINDOWS=$(CURDIR)/dist/echoline-$(VERSION)-windows-x86_64.zip $(GO) test -v -count 1 -run TestWindowsProgram ./e2e

# --- tests ---------------------------------------------------------------------------------------

.PHONY: test
test: build test-packages ## every Go test, the ones in a real window included
	$(GO) test -timeout 20m $(PACKAGES)

.PHONY: race
race: build test-packages ## the tests under the race detector, without the end-to-end ones
	$(GO) test -race -timeout 30m ./assets/... ./cmd/... ./inference/... ./internal/... ./ui/...

.PHONY: bench
bench: build ## every benchmark
	$(GO) test -run '^$$' -bench . -benchmem -timeout 30m $(PACKAGES)

NIGHT ?= 480
.PHONY: nightly
nightly: build test-packages nightly-store ## NIGHT minutes of hostile files and fuzzing; programs killed and disks failing
	scripts/nightly.sh $(NIGHT)

# Programs killed 1,000 times, every operation of the disk failing in every way, 10,000 power cuts, more merges.
.PHONY: nightly-store
nightly-store:
	ECHOLINE_TEST_KILLS=1000 $(GO) test -timeout 4h -v -run 'Kill|EveryOperationFails|PowerCut|Merging' ./internal/store

.PHONY: test-packages
test-packages:
	@scripts/packages.sh test
	@PYTHON=$(PYTHON) scripts/judges.sh build/tools/judges

# --- lint ----------------------------------------------------------------------------------------

.PHONY: lint
lint: packages $(GOLANGCI) $(GOVULNCHECK) ## format, vet, staticcheck, the import law, known vulnerabilities
	$(GO) vet ./...
	$(GOLANGCI) fmt --diff
	$(GOLANGCI) run
	cd tools && GOLANGCI=$(CURDIR)/$(GOLANGCI) $(GO) test ./...
	scripts/vulnerabilities.sh $(GOVULNCHECK)

.PHONY: format
format: $(GOLANGCI) ## rewrite the Go files as the linter wants them
	$(GOLANGCI) fmt

$(GOLANGCI): tools/go.mod tools/go.sum
	cd tools && $(GO) build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(WINRES): tools/go.mod tools/go.sum
	cd tools && $(GO) build -o ../$@ github.com/tc-hib/go-winres

$(GOVULNCHECK): tools/go.mod tools/go.sum
	cd tools && $(GO) build -o ../$@ golang.org/x/vuln/cmd/govulncheck

# --- the model: training/README.md ---------------------------------------------------------------

VENV     := training/.venv
TRAINING := PYTHONPATH=training $(VENV)/bin/python -m echoline_training

.PHONY: train-setup
train-setup: $(VENV)/ready ## a Python environment with what training needs (about 2 GB)

$(VENV)/ready: training/requirements.txt
	@scripts/packages.sh training
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --requirement $<
	touch $@

.PHONY: train
train: $(VENV)/ready ## train, calibrate, and write assets/models with its card; goes on where it was stopped
	$(TRAINING) train
	$(TRAINING) export
	$(TRAINING) predict-reference --parity assets/models/parity

.PHONY: evaluate
evaluate: $(VENV)/ready ## measure assets/models on the test split
	$(TRAINING) evaluate

$(VENV)/linters: training/requirements-dev.txt $(VENV)/ready
	$(VENV)/bin/python -m pip install --quiet --requirement $<
	touch $@

.PHONY: train-lint
train-lint: $(VENV)/linters ## format, lint and types of the training code
	cd training && .venv/bin/ruff format --diff && .venv/bin/ruff check && .venv/bin/mypy

.PHONY: train-e2e
train-e2e: $(VENV)/ready $(RUNTIME) ## training from the program with the real training code; the Slurm script on a real Slurm
	ECHOLINE_PYTHON=$(CURDIR)/$(VENV)/bin/python $(GO) test -count=1 -timeout 60m -run 'TestRealTraining|TestLoop' ./internal/trainer ./cmd/echoline
	scripts/test-slurm.sh

.PHONY: train-test
train-test: $(VENV)/ready ## the tests of the training code
	cd training && .venv/bin/python -m pytest

# --- cleaning ------------------------------------------------------------------------------------

.PHONY: clean
clean: ## remove what was built; lib/ and the lint tools stay, they take long to get
	rm -rf bin
	find build -mindepth 1 -maxdepth 1 ! -name tools -exec rm -rf {} + 2>/dev/null || true

.PHONY: distclean
distclean: clean ## also what was fetched: the library, the lint tools, the training environment
	rm -rf build lib $(VENV)
