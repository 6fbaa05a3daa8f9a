# The habits of this repository. Needs python3 (3.11 or later) and make; everything else goes into .venv.
# Each step leaves a stamp, so that a second call does only what is new.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt --build-constraint constraints.txt
PYTEST := $(BIN)/python -m pytest --disable-socket --allow-unix-socket
DEMO_ASSETS := imdb minilm glove
TEST_ASSETS := $(DEMO_ASSETS) bbc spacy-en

.DEFAULT_GOAL := help
.PHONY: help demo test torture checks bench docs browser test-assets clean

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-8s  %s\n", $$1, $$2}'

demo: $(STAMPS)/regard ## the whole thing on real film reviews, in at most 10 minutes
	$(BIN)/regard demo

test: $(STAMPS)/test browser test-assets ## the tests, without a network
	$(PYTEST) -m "not slow"

torture: $(STAMPS)/test browser test-assets ## the long tests of RELIABILITY, which stop by themselves
	$(PYTEST) -m slow

checks: $(STAMPS)/checks ## ruff, mypy, import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMPS)/regard ## side by side with peers, one table a file; takes an hour or more
	@for table in benchmarks/*.py; do echo "== $$table"; $(BIN)/python "$$table" || exit 1; done

docs: $(STAMPS)/regard ## write the parts of docs/ that are made from the code
	$(BIN)/python docs/generate.py

browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { echo "make: the browser tests need Chromium: apt-get install chromium (or see .ci/run)" >&2; exit 2; }

test-assets: $(STAMPS)/regard
	@$(BIN)/regard get --quiet $(TEST_ASSETS) >/dev/null

$(STAMPS)/venv: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("make: Python 3.11 or later is needed, this is " + sys.version.split()[0] + \
	  "; name another with: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	@# An older pip knows neither dependency groups nor build constraints.
	$(PIP) install --quiet --upgrade --constraint constraints.txt pip
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/regard: $(STAMPS)/venv pyproject.toml constraints.txt
	$(INSTALL) --editable .
	@touch $@

$(STAMPS)/test: $(STAMPS)/regard
	$(INSTALL) --group test
	@touch $@

$(STAMPS)/checks: $(STAMPS)/regard
	$(INSTALL) --group checks --group test
	@touch $@

clean: ## take away .venv and what tools leave; runs and the cache of assets stay
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
