# `make` alone lists the commands. They need Python 3.11 or newer and the package index pip is
# configured for; everything they install goes into .venv.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
SHELL := /bin/bash

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
VENV   := .venv
BIN    := $(VENV)/bin
# Every test process is a whole interpreter: two fit any machine this runs on.
WORKERS ?= 2
# Further arguments for pytest: make test ARGS="tests/unit/flow -n0"
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## List the commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(VENV)/.ready-dev ## Make .venv with everything pinned in requirements/

.PHONY: demo
demo: $(VENV)/.ready-runtime ## Run an example on real data and say what to look at next
	@scripts/demo.sh

.PHONY: test
test: $(VENV)/.ready-test ## Run the tests
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

.PHONY: verify
verify: $(VENV)/.ready-test ## Run the tests with the heavier figures (many more examples and kills)
	FLOWS_VERIFY=1 $(BIN)/python -m pytest -n $(WORKERS) -m "verify or not verify" $(ARGS)

.PHONY: check
check: $(VENV)/.ready-dev ## Judge style, types, the import contract and generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@# Its cache keeps what an import meant before the folder it names existed.
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/python scripts/gen.py --check

.PHONY: fix
fix: $(VENV)/.ready-dev ## Format, and apply the safe fixes of the linter
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: gen
gen: $(VENV)/.ready-runtime ## Write every generated file (schemas, code pages, CLI reference)
	$(BIN)/python scripts/gen.py

.PHONY: docs
docs: $(VENV)/.ready-docs ## Build the documentation into site/, strictly
	$(BIN)/mkdocs build --strict --quiet

.PHONY: bench
bench: $(VENV)/.ready-runtime ## Measure ours, the floor and the peers in one go and print ratios
	@scripts/bench.sh

.PHONY: lock
lock: $(VENV)/.ready-dev ## Write the pins anew from requirements/*.in and pyproject.toml
	scripts/lock.sh

.PHONY: clean
clean: ## Remove what the commands made, .venv included
	rm -rf $(VENV) .bench build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which with: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

# Pinned with hashes, then the package itself, editable, without anything further being resolved.
$(VENV)/.ready-%: requirements/%.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -qq --require-hashes -r $<
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@
