# Every target sets up what it needs: a virtual environment with Java, Node and the CDK CLI in it.

PYTHON ?= python3
DATA ?=
WINDOW_START ?=
WINDOW_END ?=
SIZE ?= 20MB
FUZZ_MINUTES ?= 10

VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/node_modules/.bin:$(PATH)
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check install --quiet

.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: runtime ## the whole pipeline on this machine [DATA=folder] [WINDOW_START=2020-02-01 WINDOW_END=2020-03-01] [SIZE=100MB]
	@python -m operations run $(DATA) --size $(SIZE) \
		$(if $(WINDOW_START),--window-start $(WINDOW_START)) $(if $(WINDOW_END),--window-end $(WINDOW_END))

.PHONY: demo
demo: setup ## the whole way: a simulated Goodreads to the analytics, in a few minutes
	@python -m demo

.PHONY: test
test: tools lint ## everything that is checked, end-to-end runs and a sample of the crashes included
	@python -m pytest -m "not crash" --numprocesses 2 --dist loadfile --durations 15

.PHONY: test-crash
test-crash: tools ## a crash in every state of the state machine, before and after its effect
	@python -m pytest -m crash --numprocesses 2

.PHONY: fuzz
fuzz: tools ## the property tests with examples drawn at random, for ten minutes [FUZZ_MINUTES=60]
	@python -m tests.fuzz $(FUZZ_MINUTES)

.PHONY: bench
bench: tools ## a tenth of the full load against the original's way, plain PySpark, DuckDB and Polars, into docs/performance.md
	@python -m benchmarks generator && python -m benchmarks all --scale 0.1 --runs 5

.PHONY: bench-full
bench-full: tools ## the full load, once, and the figures of growth; needs 50 GB of disk
	@python -m benchmarks all --scale 1 --runs 1 && python -m benchmarks growth && python -m benchmarks report

.PHONY: check
check: tools lint ## format, lint, types and the fast tests, in less than two minutes
	@python -m pytest -m "not spark and not e2e and not crash" --numprocesses 2 --dist loadfile

.PHONY: lint
lint: tools
	@ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@ruff check --quiet .
	@mypy
	@report=$$(lint-imports --no-logo) || { echo "$$report"; exit 1; }

.PHONY: format
format: tools ## put the source in order
	@ruff format . && ruff check --fix .

.PHONY: docs
docs: runtime ## the pages of docs/ that follow from code
	@python -c "from catalog.page import datasets_page as page; print(page(), end='')" > docs/datasets.md
	@python -c "from stacks.settings.page import settings_page as page; print(page(), end='')" > docs/settings.md

.PHONY: up
up: setup ## an endpoint that stays, for the plain aws and cdk commands
	@python -m operations up

.PHONY: synth
synth: setup ## the CloudFormation templates, into cdk.out
	@cdk synth --quiet

.PHONY: runtime
runtime: $(VENV)/.runtime node_modules/.installed

.PHONY: setup
setup: runtime $(VENV)/job-libraries.zip

.PHONY: tools
tools: runtime $(VENV)/.tools

.PHONY: clean
clean: ## remove what runs and builds have left: the local warehouse too
	@rm -rf .state cdk.out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) was not found; install Python 3.11, or name another: make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"found Python {sys.version.split()[0]}, expected 3.11 or newer; name another: make PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	@echo "installing what the pipeline runs on (once, some minutes)"
	@$(PIP) -r requirements.txt
	@$(VENV)/bin/python -m local_cloud.emr.class_archive || echo "without its archive of classes each Spark step starts some seconds later"
	@touch $@

$(VENV)/job-libraries.zip: spark_jobs/requirements.txt stacks/compute/library_archive.py | $(VENV)/.runtime
	@echo "downloading what the Spark job runs on in AWS (once, 100 MB)"
	@$(VENV)/bin/python -m stacks.compute.library_archive

$(VENV)/.tools: requirements-dev.txt requirements.txt benchmarks/requirements.txt | $(VENV)/.runtime
	@echo "installing the development tools (once)"
	@$(PIP) -r requirements-dev.txt
	@touch $@

node_modules/.installed: package.json package-lock.json | $(VENV)/.runtime
	@npm ci --silent
	@touch $@
