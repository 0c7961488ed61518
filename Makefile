# make run      record: your cameras when there is a .env, four simulated ones otherwise
# make install  only .venv/bin/mini-nvr, and the viewer that it serves
# make dev      the viewer with hot reload, in front of a running NVR (NVR=http://127.0.0.1:2126)
# make test     lint, types and all tests, with what they need
# make check    lint, types and the viewer's own tests
# make types    the viewer's types of the API, made anew from the routes
# make dist     the wheel and the source package; who installs the wheel needs no Node
# make bench    all measurements, kept and put into docs/performance.md and README.md (ONLY="record memory" for some, WITHOUT=soak for all
#               but the longest); bench-quick tries all
# make image-test  the container image built and tried without a container engine, and the wheel (root on Debian)
# make soak     every fault test, and an hour of the whole program under faults
# make screenshots  every page of the viewer in both themes, into docs/images
# make first-run  every command of README and guide, in an empty Debian (root, debootstrap), and how long it takes
# make wheels-check  is there a wheel of every package for amd64 and arm64, and for each Python (asks the package index)
# make lock     pin the dependencies anew (needs uv)

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ENV_FILE ?= .env
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
NVR ?= http://127.0.0.1:2126
VIEWER := src/mini_nvr/api/viewer/index.html
IN_WEB := cd web && PATH="$(CURDIR)/$(VENV)/node:$$PATH" &&

.PHONY: run install install-dev dev dist openapi types test check check-web format bench bench-quick bench-record bench-report image-test soak screenshots first-run wheels-check lock clean system-packages

run: install
	@if [ -f "$(ENV_FILE)" ]; then exec $(BIN)/mini-nvr run --env-file "$(ENV_FILE)"; else exec $(BIN)/mini-nvr run --demo; fi

install: $(VENV)/.installed $(VIEWER)

install-dev: $(VENV)/.installed-dev web/node_modules/.installed-dev

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

# Node only builds: the machine's, or one inside of .venv
$(VENV)/.node: web/provide-node requirements-node.lock | $(BIN)/python
	@bash web/provide-node $(VENV)
	@touch $@

web/node_modules/.installed: web/package-lock.json | $(VENV)/.node
	$(IN_WEB) npm ci --omit=dev --silent
	@touch $@

web/node_modules/.installed-dev: web/package-lock.json | $(VENV)/.node
	$(IN_WEB) npm ci --silent
	@touch web/node_modules/.installed $@

# anew when something in web/ changed; folders are in the list, so that a file that is gone counts too
$(VIEWER): $(shell find web/src web/public ! -name '*.test.ts') $(wildcard web/*.html web/*.json web/*.mjs web/*.config.*) | web/node_modules/.installed
	$(IN_WEB) npm run --silent build
	@touch $@

dev: web/node_modules/.installed
	$(IN_WEB) NVR="$(NVR)" npm run --silent dev

# the wheel of this version alone: a name with a star means one file
dist: $(VENV)/.installed $(VIEWER)
	rm -rf dist
	$(BIN)/python -m hatchling build

# Builds the Dockerfile with buildah on a base by debootstrap, kept in build/image; then starts the result as docker-compose.yml would.
image-test: install-dev dist
	bash tests/image/provide-image build/image
	$(BIN)/pytest tests/image/check_image.py tests/image/check_install.py

# Debian packages that tests use as independent parties: FFmpeg's programs, GStreamer's RTSP server, Chromium; a C compiler for faults.
system-packages:
	@bash tests/system-packages

openapi: $(VENV)/.installed
	@mkdir -p build
	@$(BIN)/python -m mini_nvr.api.reference --openapi > build/openapi.json

types: install-dev openapi
	$(IN_WEB) npm run --silent types

check: install-dev check-web
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m mini_nvr.config.reference --check
	$(BIN)/python -m mini_nvr.api.reference --check

check-web: install-dev openapi $(VIEWER)
	$(IN_WEB) npx openapi-typescript ../build/openapi.json --output src/api/schema.d.ts --alphabetize --check
	$(IN_WEB) npm run --silent check
	$(IN_WEB) npm run --silent test

# two workers, since most tests of real programs wait; then the browser's, alone on the machine, since a person does not wait
test: check system-packages
	@$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --ignore tests/e2e/viewer; others=$$?; \
	  $(BIN)/pytest tests/e2e/viewer && exit $$others

format: install-dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(IN_WEB) npm run --silent format

# forty-five minutes and then the hour of the soak, in which nothing else should run; 2.4 GB in a temporary folder
bench: install-dev $(VIEWER) system-packages
	$(BIN)/python -m benchmarks.everything $(if $(ONLY),--only $(ONLY)) $(if $(WITHOUT),--without $(WITHOUT))

# a few seconds of each part, to see that they work; nothing is kept
bench-quick: install-dev $(VIEWER) system-packages
	$(BIN)/python -m benchmarks.everything --quick $(if $(ONLY),--only $(ONLY)) $(if $(WITHOUT),--without $(WITHOUT))

bench-record: install-dev
	$(BIN)/python -m benchmarks.record

# docs/performance.md and README's table anew, from what is kept
bench-report: install-dev
	$(BIN)/python -m benchmarks.report

# every fault test, of which test takes samples, and the last part of bench: the whole program for an hour, or MINUTES; fails when
# something did not hold
soak: install-dev system-packages
	MINI_NVR_LONG=1 $(BIN)/pytest tests/faults
	$(BIN)/python -m benchmarks.soak --strict $(if $(MINUTES),--minutes $(MINUTES),--save)

screenshots: install-dev $(VIEWER) system-packages
	$(BIN)/python -m tests.e2e.viewer.screenshots

# from git clone of the last commit to recordings that play in a browser; WRITE=--write puts the table into docs/guide/first-steps.md
first-run: install-dev system-packages
	@command -v debootstrap >/dev/null || [ "$$(id -u)" -ne 0 ] || apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
	$(BIN)/python -m tests.first_run $(WRITE)

# Every package of the lock has a wheel for each architecture and each Python, so that nothing is compiled on anybody's machine.
wheels-check: $(BIN)/python
	@set -e; into=$$(mktemp -d); trap 'rm -rf "$$into"' EXIT; \
	for arch in x86_64 aarch64; do for python in 3.11 3.12 3.13 3.14; do \
	  $(PIP) download --no-deps --require-hashes --only-binary :all: --implementation cp --python-version $$python \
	    --platform manylinux_2_17_$$arch --platform manylinux2014_$$arch --platform manylinux_2_28_$$arch \
	    --dest "$$into" -r requirements.lock; \
	  echo "$$arch, Python $$python: a wheel for every package"; \
	done; done

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
	  pyproject.toml --group pyproject.toml:build -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
	  pyproject.toml --group pyproject.toml:build --group pyproject.toml:dev -o requirements-dev.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
	  --group pyproject.toml:node -o requirements-node.lock

clean:
	rm -rf $(VENV) dist build web/node_modules $(dir $(VIEWER)) .mypy_cache .ruff_cache .pytest_cache .hypothesis
