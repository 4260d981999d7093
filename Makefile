# Everything runs in .venv, with the locked dependencies and the engine of this checkout.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help up destroy test unit soak coverage mutants check fmt engine stop clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: engine ## Stand up test instances with scheduled events on the local fake cloud.
	@$(BIN)/python tools/local.py up

destroy: engine ## Cancel the events and take the stack down.
	@$(BIN)/python tools/local.py destroy

test: engine check ## Run all tests, those on the real engine among them.
	@command -v chromium > /dev/null || if [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; \
	else echo "Chromium is not installed, so pages are not tested; on Debian: apt-get install chromium"; fi
	@$(BIN)/python -m pytest -n auto --ignore tests/engine
	@$(BIN)/python -m pytest tests/contract --ecs-target=cassette
	@$(BIN)/python tools/canary.py
	@# The engine mostly waits, so one process more than the smallest machine has cores.
	@$(BIN)/python -m pytest -n 3 tests/engine

# Four processes on two cores: some tests wait for other processes.
unit: $(READY) ## Run the tests without the engine and without slow ones, with fewer random cases: under a minute.
	@RUNS=10 RULES_RUNS=10 FUZZ_RUNS=500 $(BIN)/python -m pytest -n 4 --dist worksteal --quiet -m "not slow" --ignore tests/engine

coverage: $(READY) ## Measure branch coverage of the tests without the engine; fails below the floor.
	@$(BIN)/python -m pytest -n 2 --quiet --ignore tests/engine --cov simevents --cov-branch --cov-report term:skip-covered

mutants: $(READY) ## Find changes of the core that no test notices; takes up to half an hour.
	@$(BIN)/python tools/mutants.py

soak: SEED ?= $(shell $(BIN)/python -c 'import secrets; print(secrets.randbelow(2**31))')
soak: $(READY) ## Run the random tests at length with a new seed: make soak RUNS=10000.
	@seed=$(SEED); echo "To repeat this run: make soak RUNS=$(or $(RUNS),10000) SEED=$$seed"; \
	RUNS=$(or $(RUNS),10000) FUZZ_RUNS=100000 FUZZ_SEED=$$seed $(BIN)/python -m pytest \
	  --hypothesis-profile=random --hypothesis-seed=$$seed \
	  tests/model tests/fake/test_hostile_input.py tests/fake/test_against_rules.py

check: $(READY) ## Check format, lint, types and layers.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	cd infra && mypy --config-file ../pyproject.toml .
	$(BIN)/mypy examples/existing-instances
	$(BIN)/mypy examples/instance-with-event
	$(BIN)/lint-imports

fmt: $(READY) ## Format the code and apply safe fixes.
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

engine: $(READY) ## Install the Pulumi engine; the first time may take eleven minutes.
	@$(BIN)/python tools/engine/get.py

stop: $(READY) ## Stop the local fake cloud; its data stays.
	@$(BIN)/python tools/local.py stop

clean: ## Stop the fake cloud and remove its data, the local stack and the environment.
	@if [ -e $(READY) ]; then $(BIN)/python tools/local.py stop; fi
	rm -rf .simevents $(VENV)

$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) with the locked dependencies: one to two minutes."
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; name it: make PYTHON=...") if sys.version_info < (3, 11) else 0'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
