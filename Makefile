# Everything lives in .venv, widget/node_modules and tests/packages/node_modules; `make clean` removes them.
# Python 3.11 or newer (with its venv module), make and git are all that must be there.

.DEFAULT_GOAL := help
.PHONY: help run test test-whole lint format widget check-generated fault fuzz bench bench-flames bench-log bench-scale bench-million bench-purge bench-widget lock audit-dependencies clean

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --quiet --disable-pip-version-check
# Two callers at once wait for each other instead of writing into one another's installation.
ALONE := $(if $(shell command -v flock),flock "$(CURDIR)")
# The pinned Node of the virtual environment comes before any other.
NPM := npm_config_update_notifier=false PATH="$(CURDIR)/$(VENV)/node/bin:$$PATH" npm --prefix widget
# Processes of pytest, many of whose tests wait for another process; 0 runs everything in one.
WORKERS ?= 3
# More words for pytest: make test PYTEST_ARGS="-k sqlite tests/sites"
PYTEST_ARGS ?=
# Tests of an hour: the time after which one fails, and a process dies that does not let it fail.
LONG := --timeout=5400 -o faulthandler_timeout=5500
BUILT := consent_server/embed/static
CHECKED := $(wildcard consent_server demo bench supply wsgi.py)

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/runtime-installed ## start the service with a demo site; needs Python alone
	$(PYTHON) -m demo

# Whatever is missing or fails stops nothing else, and still fails at the end.
test: $(VENV)/dev-installed ## run every test; installs what it needs, fails when it cannot
	@$(PYTHON) -m tests.machine; machine=$$?; \
	$(NPM) test; widget=$$?; \
	$(PYTHON) -m pytest -n $(WORKERS) $(PYTEST_ARGS); service=$$?; \
	[ $$service -ne 1 ] || { $(if $(PYTEST_ARGS),false,$(PYTHON) -m tests.again) && service=0; }; \
	exit $$((machine | widget | service))

test-whole: ## the same with every row of every wide table (languages, looks, ways to break): an hour
	@FAULT_SHARE=1 PYTEST_TIMEOUT=3600 PYTEST_ADDOPTS="-o faulthandler_timeout=3700" $(MAKE) test

lint: $(VENV)/dev-installed ## check style, types and the floors of the architecture
	$(PYTHON) -m tests.machine node
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy $(CHECKED) tests/machine
	$(VENV)/bin/lint-imports --no-cache
	$(NPM) run lint
	$(NPM) run types

format: $(VENV)/dev-installed ## rewrite Python and TypeScript in the common style
	$(PYTHON) -m tests.machine node
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format
	$(NPM) run format

widget: $(VENV)/dev-installed ## build consent_server/embed/static/widget.js from widget/src
	$(PYTHON) -m tests.machine node
	$(NPM) run build

check-generated: $(VENV)/dev-installed ## fail when a committed file differs from what its sources give
	$(PYTHON) -m tests.machine node
	@committed=$$(mktemp -d); trap 'rm -rf "$$committed"' EXIT; \
	cp -R $(BUILT) "$$committed/built"; $(NPM) run build || exit 1; \
	diff -r "$$committed/built" $(BUILT) || { echo "$(BUILT) was stale: commit what was built now" >&2; exit 1; }
	$(if $(wildcard docs/openapi.json),$(PYTHON) -m consent_server openapi --check docs/openapi.json)
	$(PYTHON) -m supply.sbom --check docs/sbom.cdx.json

fault: $(VENV)/dev-installed ## run every planned trial of tests/fault (an hour and a half); FAULT_SHARE=0.1 a tenth, DOCS=1 writes the table
	$(PYTHON) -m tests.machine chromium postgresql
	FAULT_SHARE=$(or $(FAULT_SHARE),1) $(PYTHON) -m pytest $(LONG) -n 0 -q -s tests/fault
	$(if $(DOCS),$(PYTHON) -m tests.fault.report)

fuzz: $(VENV)/dev-installed ## send all that no honest client sends, tests/fuzz (an hour); FAULT_SHARE and DOCS as for fault
	$(PYTHON) -m tests.machine postgresql
	FAULT_SHARE=$(or $(FAULT_SHARE),1) $(PYTHON) -m pytest $(LONG) -n 0 -q -s tests/fuzz
	$(if $(DOCS),$(PYTHON) -m tests.fault.report)

bench: $(VENV)/dev-installed ## measure the service; the figures are of this machine
	$(PYTHON) -m bench $(BENCH_ARGS)

bench-flames: $(VENV)/dev-installed ## draw where the CPU time of each hot path goes, into docs/flames/
	$(PYTHON) -m bench.flames

bench-log: $(VENV)/dev-installed ## measure sealing, proofs, exports and verify beside their limits; DATABASE_URL for another database
	$(PYTHON) -m bench.log $(BENCH_ARGS)

bench-scale: $(VENV)/dev-installed ## measure what a record costs, and what so many a month take; BENCH_ARGS=--docs writes the tables
	$(PYTHON) -m bench.scale $(BENCH_ARGS)

bench-million: $(VENV)/dev-installed ## fill a log with a million records, and measure what grows with it; BENCH_ARGS=--docs writes the tables
	$(PYTHON) -m bench.million $(BENCH_ARGS)

bench-purge: $(VENV)/dev-installed ## measure a purge, and what those who decide meanwhile notice of it
	$(PYTHON) -m bench.purge $(BENCH_ARGS)

bench-widget: $(VENV)/dev-installed ## measure what the widget costs a page; PEERS=1 with other banners
	$(PYTHON) -m tests.machine chromium $(if $(PEERS),node)
	$(PYTHON) -m bench.widget $(if $(PEERS),--peers) $(BENCH_ARGS)

lock: $(VENV)/dev-installed ## resolve requirements*.txt anew; LOCK_ARGS=--upgrade takes new versions
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	$(COMPILE) --no-deps --group pyproject.toml:postgresql -o tests/machine/requirements-postgresql.txt
	$(COMPILE) --group pyproject.toml:advisories -o supply/requirements-advisories.txt
	$(PYTHON) -m supply.sbom -o docs/sbom.cdx.json

# It asks PyPI about each package; --strict, because a service that does not answer would count as one that knows nothing.
audit-dependencies: | $(VENV)/bin/pip ## ask PyPI for known weaknesses of what the service runs with; needs the network
	$(PYTHON) -m venv var/advisories
	var/advisories/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r supply/requirements-advisories.txt
	var/advisories/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.txt

COMPILE = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(LOCK_ARGS)

clean: ## remove what make installed and what the tools left; keeps var/
	rm -rf $(VENV) widget/node_modules tests/packages/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find consent_server demo tests migrations bench supply -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV)/runtime-installed: requirements.txt | $(VENV)/bin/pip
	@echo "-- installing the service's packages into $(VENV)"
	$(ALONE) $(PIP) install --require-hashes -r requirements.txt
	@touch $@

$(VENV)/dev-installed: requirements-dev.txt | $(VENV)/bin/pip
	@echo "-- installing the packages of the service, its tests and its tools into $(VENV) (a minute)"
	$(ALONE) $(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

# The first Python on PATH that is new enough and can make a virtual environment; pip comes last in it.
$(VENV)/bin/pip:
	@for python in python3 python3.11 python3.12 python3.13 python3.14; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		$$python -c 'import ensurepip' 2>/dev/null || { found=$$python; continue; }; \
		echo "-- making $(VENV) with $$($$python --version)"; \
		exec $(ALONE) $$python -m venv $(VENV); \
	done; \
	if [ -n "$$found" ]; then \
		echo "$$found cannot make a virtual environment. On Debian: apt-get install python3-venv" >&2; \
	else \
		echo "Python 3.11 or newer is needed and none is on PATH. On Debian: apt-get install python3 python3-venv" >&2; \
	fi; exit 1
