# make run      record: your cameras when there is a .env, four simulated ones otherwise
# make install  only .venv/bin/mini-nvr
# make test     lint, types and all tests, with what they need
# make check    lint and types alone
# make bench    all measurements, printed as tables: bench-record, bench-live, bench-api, bench-demo, bench-wire
# make lock     pin the dependencies anew (needs uv)

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ENV_FILE ?= .env
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run install install-dev test check format bench bench-record bench-live bench-api bench-demo bench-wire lock clean system-packages

run: install
	@if [ -f "$(ENV_FILE)" ]; then exec $(BIN)/mini-nvr run --env-file "$(ENV_FILE)"; else exec $(BIN)/mini-nvr run --demo; fi

install: $(VENV)/.installed

install-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "python3 is missing: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, this is $$($(PYTHON) -V)"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "the venv module is missing: apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# Debian packages that tests use as independent parties: FFmpeg's programs and GStreamer's RTSP server.
system-packages:
	@bash tests/system-packages

check: install-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m mini_nvr.config.reference --check
	$(BIN)/python -m mini_nvr.api.reference --check

test: check system-packages
	$(BIN)/pytest

format: install-dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: bench-record bench-live bench-wire bench-demo bench-api

bench-record: install-dev
	$(BIN)/python -m benchmarks.record

bench-live: install-dev
	$(BIN)/python -m benchmarks.live

# 6.7 million rows in a temporary folder: about 2.4 GB, two minutes
bench-api: install-dev
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	  $(BIN)/python -m benchmarks.archive "$$folder" && \
	  $(BIN)/python -m benchmarks.playback "$$folder" && $(BIN)/python -m benchmarks.api "$$folder" && \
	  $(BIN)/python -m benchmarks.downloads

bench-demo: install-dev
	$(BIN)/python -m benchmarks.demo

bench-wire: install-dev
	$(BIN)/python -m benchmarks.wire

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
	  pyproject.toml --group pyproject.toml:build -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
	  pyproject.toml --group pyproject.toml:build --group pyproject.toml:dev -o requirements-dev.lock

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
