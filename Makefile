.PHONY: demo test test-next lint bench lock
.DELETE_ON_ERROR:

# The two environments are made side by side.
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
	@$(BIN)/pip install -qq --no-deps --editable .
	@touch $@

test: .venv/ready .venv-meltano/ready
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.venv-meltano/ready: requirements-meltano.lock pyproject.toml meltano.yml
	@echo 'Setting up .venv-meltano and its plugins'
	@$(PYTHON) -m venv .venv-meltano
	@.venv-meltano/bin/pip install -qq --require-hashes --requirement requirements-meltano.lock
	@.venv-meltano/bin/meltano --log-level warning install tap-gorgias target-duckdb target-postgres
	@touch $@

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

# The same suites on the newest pre-release of the SDK; tells what is coming, blocks nothing.
test-next: .venv/ready
	$(PYTHON) -m venv .venv-next
	.venv-next/bin/pip install -qq --require-hashes --requirement requirements.lock
	.venv-next/bin/pip install -qq --no-deps --editable .
	.venv-next/bin/pip install -qq --no-deps --pre --upgrade singer-sdk
	-.venv-next/bin/python -m pytest tests/tap tests/api --override-ini filterwarnings=default

lock: .venv/ready
	$(BIN)/pip install -qq uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --all-extras --group dev pyproject.toml --output-file requirements.lock
	echo 'meltano~=4.4' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header - --output-file requirements-meltano.lock
