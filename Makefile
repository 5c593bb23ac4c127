# Everything a person runs. Each target sets up what it needs in .venv first; `make help` lists them.
PYTHON ?= python3
CONTRACTS ?= config/contracts
GLUE ?= 5.0
ENVIRONMENT ?= Dev
BIN := .venv/bin

# Compiling aws_cdk takes 5 s. What is compiled is kept in .venv, or every process pays that again.
export PYTHONDONTWRITEBYTECODE :=

export LAKE_CONTRACTS := $(or $(CONTRACTS),config/contracts)

.DEFAULT_GOAL := help
.PHONY: help setup setup-rehearsal setup-dev setup-docs setup-lowest demo rehearse synth test test-full test-spark4 test-lowest check format lint types imports picture docs bench scale wheel job-wheels lock contracts-lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

setup: ## set up .venv: locked packages, Node, the CDK CLI
	@$(PYTHON) tools/setup.py run

setup-dev:
	@$(PYTHON) tools/setup.py dev

setup-docs:
	@$(PYTHON) tools/setup.py docs

setup-lowest:
	@$(PYTHON) tools/setup.py lowest

setup-rehearsal:
	@$(PYTHON) tools/setup.py rehearsal

demo: $(if $(FAST),setup,setup-rehearsal) ## synthesize, check every template, prove who can read what, rehearse a deployment, draw pages; FAST=1 leaves the rehearsal out; CONTRACTS=<folder>
	@$(BIN)/lakecheck run cdk.out --app "$(BIN)/python app.py $(if $(KEEP_GOING),--keep-going)" --contracts "$(LAKE_CONTRACTS)" --html lakecheck.html
	@$(if $(FAST),true,$(BIN)/lakecheck rehearse cdk.out --environment "$(ENVIRONMENT)" --html rehearsal.html)
	@echo "the page$(if $(FAST),,s): file://$(CURDIR)/lakecheck.html$(if $(FAST),, file://$(CURDIR)/rehearsal.html)"

rehearse: setup-rehearsal synth ## deploy an environment into a local emulator and run its pipelines; ENVIRONMENT=Dev
	@$(BIN)/lakecheck rehearse cdk.out --environment "$(ENVIRONMENT)"

synth: setup ## write the reference assembly to cdk.out
	@$(BIN)/python app.py $(if $(KEEP_GOING),--keep-going)

test: setup-dev ## run the tests
	@$(BIN)/pytest -n 2 --dist loadgroup -m "not full"

test-lowest: setup-lowest ## run the tests of the constructs at the lowest versions that the wheel allows, aws-cdk-lib's among them
	@.venv-lowest/bin/python -m pytest -n 2 --dist loadgroup -p no:cacheprovider tests/constructs tests/compliance tests/examples --ignore tests/compliance/test_reference.py --ignore tests/constructs/catalog/test_schema_evolution.py --ignore tests/constructs/pipeline/test_monitoring.py --ignore tests/constructs/pipeline/test_definition_lint.py

test-full: setup-dev ## run the tests, the long ones included, and those of the ingestion job once more on the Spark of Glue 6
	@$(BIN)/pytest -n 2 --dist loadgroup
	@$(MAKE) --no-print-directory test-spark4

test-spark4: ## run the tests of the ingestion job on the Spark of Glue 6, which takes an environment of its own: 1 GB
	@$(PYTHON) tools/setup.py spark4
	@.venv-spark4/bin/python -m pytest -p no:cacheprovider --confcutdir tests/runtime/ingestion -m "not full" tests/runtime/ingestion

check: setup-docs ## everything CI runs: what takes seconds first, types beside the tests, of which each worker waits for Node at times
	@$(MAKE) --no-print-directory lint imports docs
	@$(MAKE) --no-print-directory -j 2 test types
	@$(MAKE) --no-print-directory test-lowest

format: setup-dev ## format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: setup-dev
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: setup-dev
	@$(BIN)/mypy

imports: setup-dev
	@PYTHONPATH=. $(BIN)/lint-imports --no-cache

picture: synth ## draw docs/pictures/reference.svg again, after a change of the reference
	@$(BIN)/python tools/picture.py

docs: setup-docs ## build the documentation site into site/, warnings are errors
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict  # --quiet would hide the warnings that --strict counts

bench: setup-dev ## measure synthesis against the same lake in plain JavaScript CDK, the checks against synthesis, ingestion against plain Spark
	@$(BIN)/python bench/run.py
	@$(BIN)/python bench/access.py
	@$(BIN)/python bench/checks.py
	@$(BIN)/python bench/ingestion.py

scale: setup-dev ## measure how the reference grows, from 250 to 10,000 tables
	@$(BIN)/python bench/scale.py

wheel: setup-dev ## build the wheel into dist/
	@$(BIN)/uv build --wheel --quiet --python $(BIN)/python

job-wheels: setup ## build the wheels that a Glue job without an index installs, into dist/; GLUE=6.0 for another version of Glue
	@$(BIN)/python tools/job_wheels.py $(GLUE) dist/job-$(GLUE).gluewheels.zip

lock: setup ## write the dependency locks again
	@requirements/lock.sh

contracts-lock: setup ## extend the field-id and placement locks after contracts have changed
	@$(BIN)/lakecheck contracts lock $(CONTRACTS)

clean: ## remove what can be made again
	@rm -rf .venv .venv-lowest .venv-spark4 cdk.out dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis
