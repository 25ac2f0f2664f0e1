# Everything a person types. `make` lists the targets.

.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
BENCH_VENV := .venv-bench
MUTANTS_VENV := .venv-mutants
SBOM_VENV := .venv-sbom
SBOM := sbom.cdx.json
MANIFEST := include/dbt/target/manifest.json
PYTEST = $(BIN)/python -m pytest --numprocesses logical --dist loadfile --durations=20

# What runs beside something else keeps its output to itself until it has ended, or a line of it, where make can do that.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
SYNC_LINES := $(if $(filter output-sync,$(.FEATURES)),--output-sync=line)

export PYTHONPATH := include:plugins
export UV_LINK_MODE ?= copy
# Where a shell forbids it, every process of Airflow and dbt compiles its libraries again, which takes it longer than to
# import them.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test ci check lint types unit long unit-and-long scheduler live soak bench mutants truth format docs sbom requirements clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime $(MANIFEST)  ## Run two retailers through Airflow on this machine and show the result (DEMO_EXIT=1 stops after it, WAREHOUSE=snowflake-emulator shows Snowflake)
ifeq ($(WAREHOUSE),snowflake-emulator)
	@$(MAKE) --silent --no-print-directory $(VENV)/.dev
	@PYTHONPATH=$(PYTHONPATH):tests/support:tests/emulators exec $(BIN)/python -W ignore tests/emulators/demo.py $(if $(DEMO_EXIT),--exit)
else
	@exec $(BIN)/python -m mercurios_demo $(if $(DEMO_EXIT),--exit)
endif

test: check unit  ## Lint, types and every test but the long ones

ci: check  ## Everything CI runs: those, and the long ones
	@# A scheduler waits as much as it works: the other tests take what it leaves.
	@$(MAKE) --no-print-directory --jobs=2 $(SYNC_LINES) unit-and-long scheduler

check:
	@$(MAKE) --no-print-directory --jobs=2 $(SYNC) lint types

lint: $(VENV)/.dev  ## Formatting, lint and SQL lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 0 include/sql include/dbt

types: $(VENV)/.dev  ## Static types
	$(BIN)/mypy

unit: $(VENV)/.dev $(MANIFEST)  ## Every test but the long ones
	$(PYTEST) -m "not scheduler and not long"

long: $(VENV)/.dev $(MANIFEST)  ## The long tests: Snowflake's emulator, replays, random schedules, then a real scheduler
	$(PYTEST) -m "long and not scheduler"
	@$(MAKE) --no-print-directory scheduler

unit-and-long: $(VENV)/.dev $(MANIFEST)
	$(PYTEST) -m "not scheduler"

scheduler: $(VENV)/.dev $(MANIFEST)  ## A small tenant's DAGs in a real Airflow scheduler
	$(BIN)/python -m pytest -m scheduler

live: $(VENV)/.dev  ## What only a Snowflake account can show (MERCURIOS_LIVE_SNOWFLAKE names it)
	$(BIN)/python -m pytest -m live tests/live

soak: $(VENV)/.dev  ## Many random schedules of faults: SEEDS=1000 of them from START=0
	@$(BIN)/python tests/promises/soak.py --seeds $(or $(SEEDS),1000) --start $(or $(START),0)

bench: $(VENV)/.dev $(BENCH_VENV)/.installed $(MANIFEST)  ## Speed and memory against a limit or competitor in the same run
	@$(BIN)/python benchmarks/run.py

mutants: $(VENV)/.dev $(MUTANTS_VENV)/.installed $(MANIFEST)  ## Do tests notice small changes of the code? COUNT=66 of them, drawn with SEED=20240101
	@# The source changes many times a second, which bytecode does not notice.
	@PYTHONDONTWRITEBYTECODE=1 $(MUTANTS_VENV)/bin/python tests/support/mutants.py --count $(or $(COUNT),66) --seed $(or $(SEED),20240101)

truth: $(VENV)/.dev $(MANIFEST)  ## Do marts of the demo's retailers agree with what their sources' rows add up to in plain Python? After `make demo`
	@PYTHONPATH=$(PYTHONPATH):tests/support $(BIN)/python tests/truth/of_warehouse.py .demo/data/warehouse/giftware.duckdb .demo/data/warehouse/modehaus.duckdb

docs: $(VENV)/.dev $(MANIFEST)  ## Write the generated pages: references and fault cases
	$(BIN)/python tests/support/references.py
	$(BIN)/python tests/support/fault_cases.py

format: $(VENV)/.dev  ## Format Python and SQL
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/sqlfluff fix --disable-progress-bar include/sql include/dbt

sbom: $(SBOM_VENV)/.installed  ## Write the bill of materials of what the image installs (CycloneDX, sbom.cdx.json), the same from the same requirements
	@$(SBOM_VENV)/bin/cyclonedx-py requirements requirements.txt --output-reproducible --of JSON -o $(SBOM)

requirements: $(VENV)/.uv  ## Compile requirements*.txt from requirements*.in
	@# One set for Python 3.11 and 3.12; the image has 3.12.
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --annotation-style line --no-header --generate-hashes requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --annotation-style line --no-header --generate-hashes requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --annotation-style line --no-header --generate-hashes requirements-bench.in -o requirements-bench.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --annotation-style line --no-header --generate-hashes requirements-mutants.in -o requirements-mutants.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --annotation-style line --no-header --generate-hashes requirements-sbom.in -o requirements-sbom.txt

clean:  ## Remove what demo, tests and dbt wrote (the environments stay)
	rm -rf .demo include/dbt/target include/dbt/logs .pytest_cache .mypy_cache .ruff_cache

$(VENV)/.uv:
	@echo "Preparing the environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)) and "Python 3.11 or 3.12 is needed, this is " + sys.version.split()[0] + ": set PYTHON to one, as in make demo PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(VENV)/.runtime: requirements.txt | $(VENV)/.uv
	@echo "Installing the runtime packages"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(VENV)/.uv
	@echo "Installing the development packages"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-dev.txt
	@touch $@ $(VENV)/.runtime

$(BENCH_VENV)/.installed: requirements-bench.txt | $(VENV)/.uv
	@echo "Installing what benchmarks compare with, in $(BENCH_VENV)"
	@test -x $(BENCH_VENV)/bin/python || $(PYTHON) -m venv --without-pip $(BENCH_VENV)
	@$(BIN)/uv pip sync --quiet --python $(BENCH_VENV)/bin/python requirements-bench.txt
	@touch $@

$(MUTANTS_VENV)/.installed: requirements-mutants.txt | $(VENV)/.uv
	@echo "Installing what changes the code, in $(MUTANTS_VENV)"
	@test -x $(MUTANTS_VENV)/bin/python || $(PYTHON) -m venv --without-pip $(MUTANTS_VENV)
	@$(BIN)/uv pip sync --quiet --python $(MUTANTS_VENV)/bin/python requirements-mutants.txt
	@touch $@

$(SBOM_VENV)/.installed: requirements-sbom.txt | $(VENV)/.uv
	@echo "Installing what writes the bill of materials, in $(SBOM_VENV)"
	@test -x $(SBOM_VENV)/bin/python || $(PYTHON) -m venv --without-pip $(SBOM_VENV)
	@$(BIN)/uv pip sync --quiet --python $(SBOM_VENV)/bin/python requirements-sbom.txt
	@touch $@

$(MANIFEST): $(shell find include/dbt -path include/dbt/target -prune -o -path include/dbt/logs -prune -o -type f \( -name '*.sql' -o -name '*.yml' -o -name 'columns.md' \) -print) | $(VENV)/.runtime
	@echo "Parsing the dbt project"
	@cd include/dbt && MERCURIOS_TENANT_ID=none MERCURIOS_DUCKDB_PATH=:memory: DBT_SEND_ANONYMOUS_USAGE_STATS=false \
		../../$(BIN)/dbt --quiet parse --profiles-dir . --target duckdb
	@touch $@
