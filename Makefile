.PHONY: demo test test-kills test-release test-next lint bench lock plugins licences
.DELETE_ON_ERROR:

# The environments are made side by side.
MAKEFLAGS += --jobs=2

PYTHON ?= python3
# Meltano and uv keep what they need in here too, not in the home folder.
export XDG_STATE_HOME := $(CURDIR)/.cache/state
export XDG_CACHE_HOME := $(CURDIR)/.cache
BIN := .venv/bin

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@echo 'Setting up .venv'
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --require-hashes --requirement requirements.lock
	@$(BIN)/pip install -qq --no-index --no-deps --no-build-isolation --editable .
	@touch $@

test: .venv/ready .venv-meltano/ready .venv-snowflake/ready
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --ignore=tests/release $(KILLS:%=--ignore=%)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.venv-meltano/ready: requirements-meltano.lock pyproject.toml meltano.yml
	@echo 'Setting up .venv-meltano and its plugins'
	@$(PYTHON) -m venv .venv-meltano
	@.venv-meltano/bin/pip install -qq --require-hashes --requirement requirements-meltano.lock
	@.venv-meltano/bin/meltano --log-level warning install \
	  tap-gorgias tap-postgres target-gorgias meltano-map-transformer target-duckdb target-postgres
	@touch $@

# target-snowflake needs another SDK and an older SQLAlchemy than the rest.
.venv-snowflake/ready: requirements-snowflake.lock
	@echo 'Setting up .venv-snowflake'
	@$(PYTHON) -m venv .venv-snowflake
	@.venv-snowflake/bin/pip install -qq --require-hashes --requirement requirements-snowflake.lock
	@touch $@

# Tap and target killed hundreds of times, which takes minutes.
KILLS = tests/tap/test_consistency.py tests/tap/test_hostile_consistency.py tests/target/test_crash.py
test-kills: .venv/ready
	$(BIN)/python -m pytest $(KILLS)

# What a user installs: the packages, and the README's steps. Needs the package index.
test-release: .venv/ready .venv-meltano/ready
	$(BIN)/python -m pytest tests/release

demo: .venv/ready .venv-meltano/ready
	@$(BIN)/python -m demo

lint: .venv/ready
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/ready
	$(BIN)/python -m bench.throughput
	$(BIN)/python -m bench.memory
	$(BIN)/python -m bench.budget
	$(BIN)/python -m bench.writes
	$(BIN)/python -m bench.files

# The same suites on the newest pre-release of the SDK; tells what is coming, blocks nothing.
test-next: .venv/ready
	$(PYTHON) -m venv .venv-next
	.venv-next/bin/pip install -qq --require-hashes --requirement requirements.lock
	.venv-next/bin/pip install -qq --no-index --no-deps --no-build-isolation --editable .
	.venv-next/bin/pip install -qq --no-deps --pre --upgrade singer-sdk
	-.venv-next/bin/python -m pytest tests/tap tests/api --override-ini filterwarnings=default

# The definitions of the plugins for other projects.
plugins: .venv/ready
	$(BIN)/python -m plugins.definitions

# The licences of what the image holds.
licences: .venv/ready
	$(BIN)/python -m supply.licences

# `make lock UPGRADE=--upgrade` takes the newest versions that pyproject.toml allows.
COMPILE = $(BIN)/uv pip compile $(UPGRADE) --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-header
lock: .venv/ready
	$(BIN)/pip install -qq uv
	$(COMPILE) --all-extras --group dev pyproject.toml --output-file requirements.lock
	$(COMPILE) --all-extras --constraint requirements.lock pyproject.toml --output-file requirements-image.lock
	echo 'hatchling>=1.27' | $(COMPILE) - --output-file requirements-build.lock
	printf '%s\n' 'hatchling>=1.27' 'cyclonedx-bom~=7.5' | $(COMPILE) - --output-file requirements-release.lock
	echo 'meltano~=4.4' | $(COMPILE) - --output-file requirements-meltano.lock
	printf '%s\n' $(SNOWFLAKE) | $(COMPILE) - --output-file requirements-snowflake.lock
# fakesnow asks for a connector that it cannot work with.
SNOWFLAKE = 'meltanolabs-target-snowflake==0.20.4' 'fakesnow==0.12.1' 'snowflake-connector-python<5'
