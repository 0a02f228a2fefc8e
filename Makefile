# The commands of this project; `make` alone lists them. Everything lives in .venv and out, both left out of git.
# Paths are relative on purpose: a checkout whose path holds spaces works too.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check --no-input
PYTHON ?= $(shell scripts/find-python)
LOCKED := $(shell cat requirements.lock pyproject.toml | cksum | cut -d' ' -f1)
BENCH_LOCKED := $(shell cat requirements-bench.lock | cksum | cut -d' ' -f1)
STAMP := $(VENV)/installed-$(LOCKED)
BENCH_STAMP := $(VENV)/bench-$(BENCH_LOCKED)

.PHONY: help demo test check bench crash fmt lab clean env
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | awk -F'\t' '{printf "make %-7s %s\n", $$1, $$2}'

demo: $(STAMP) ## the lab up, one real drill, its report, and the lab down again
	@scripts/demo

test: $(STAMP) ## lint, types, layers, and every test but the benchmarks
	@scripts/debian chromium "chromium fonts-dejavu-core" "tests in a real browser"
	@failed=0; $(MAKE) check || failed=1; \
	$(PY) -m pytest tests -ra --ignore=tests/bench || failed=1; exit $$failed

check: $(STAMP) ## ruff, mypy and the import contracts
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet . || { echo "hint: make fmt"; exit 1; }
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports

bench: $(BENCH_STAMP) ## measure against peers; prints a table
	@scripts/debian haproxy haproxy "a proxy to measure against"
	@$(PY) -m tests.bench

crash: $(STAMP) ## kill real processes at every point; takes long
	@SQUALL_CRASH=full $(PY) -m pytest tests/crash -ra

fmt: $(STAMP) ## format and mend what can be mended
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format .

lab: $(STAMP) ## start the lab and leave it up, for the squall command in .venv/bin
	@$(VENV)/bin/squall lab up

clean: ## remove .venv, out and caches; a lab of the demo is taken down first
	@if [ -x $(VENV)/bin/squall ]; then SQUALL_HOME="$$PWD/out/demo" $(VENV)/bin/squall lab down; fi
	@rm -rf $(VENV) out build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

env: $(STAMP) ## the environment alone

$(STAMP): requirements.lock pyproject.toml
	@scripts/make-venv "$(PYTHON)" $(VENV)
	@echo "installing what requirements.lock names (the first time takes a few minutes of download)"
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/installed-*
	@touch $@

$(BENCH_STAMP): $(STAMP) requirements-bench.lock
	@echo "installing what requirements-bench.lock names"
	@$(PIP) install --require-hashes --requirement requirements-bench.lock
	@rm -f $(VENV)/bench-*
	@touch $@
