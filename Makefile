# Every verb first sets up what it needs: .venv is (re)made when requirements.lock or pyproject.toml
# change. A machine needs nothing but make and Python 3.11 or newer.
#     make setup PYTHON=/path/to/python     another interpreter
#     make setup PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu"
#                                           Linux without a GPU: saves the CUDA packages (several GB)
#     make lab LAB_FLAGS="--no-browser"     more options for JupyterLab

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EXTRAS := video,attribution,app,dev
PIP_FLAGS ?=
LAB_FLAGS ?=
NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all lab notebooks site bench scaling widgets lint faces faces-measured results weights lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { \
		echo "No Python 3.11 or newer with venv was found. Install one (Debian: apt install python3-venv)"; \
		echo "or name it: make setup PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) with the tested versions: a few minutes, once ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check $(PIP_FLAGS) --constraint requirements.lock --editable ".[$(EXTRAS)]"
	@touch $@

setup: $(READY) ## make .venv with the tested versions (the other verbs do this by themselves)
	@echo "$(VENV) is ready: $$($(BIN)/python --version)"

demo: $(READY) ## train AUNCE and cross-entropy on synthetic faces, compare, write runs/demo/report.html
	$(BIN)/aunce demo

test: lint ## lint, then every test but the long ones, with coverage
	$(BIN)/python -m pytest -m "not slow" --cov --cov-report=term:skip-covered --cov-fail-under=90

test-all: lint ## every test, the long ones too
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered --cov-fail-under=90

lab: $(READY) ## open JupyterLab at the first notebook
	$(BIN)/jupyter lab --ip=127.0.0.1 $(LAB_FLAGS) notebooks/00_start_here.ipynb

notebooks: $(READY) ## generate the notebooks from notebooks/src and execute the solved ones
	$(BIN)/python notebooks/build.py
	$(BIN)/python notebooks/build.py --run

site: $(READY) ## the course as a static site in site/, opens without a network
	$(BIN)/python notebooks/build.py --run --site site

bench: $(READY) ## speed and memory, side by side with peers
	$(BIN)/python -m benchmarks

scaling: $(READY) ## how time and memory grow: docs/scaling.csv, the figure, the tables of docs/scaling.md
	$(BIN)/python -m benchmarks.growth

widgets: $(READY) ## photograph the widgets for docs/widgets (needs a Chromium)
	$(BIN)/python docs/widgets/screenshots.py

lint: $(READY) ## style, spelling, and notebooks equal to their sources
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/python notebooks/build.py --check

faces: $(READY) ## draw the sheets of synthetic faces that docs/faces shows
	$(BIN)/python docs/faces/sheets.py
	$(BIN)/python docs/faces/label_statistics.py

faces-measured: $(READY) ## measure them: fairness (of the demo), other making, recognisability (15 min)
	$(BIN)/python docs/faces/fairness.py
	$(BIN)/python docs/faces/another_making.py
	$(BIN)/python docs/faces/recognisability.py

results: $(READY) ## draw the figures of docs/results.md from data/results (aunce study and mechanism.py make those)
	$(BIN)/python docs/results/figures.py

weights: $(READY) ## train the weights that ship in data/pretrained anew (15 min)
	$(BIN)/aunce pretrain
	$(BIN)/python docs/results/weights.py

lock: $(READY) ## write the versions in .venv into requirements.lock
	grep '^#' requirements.lock > $(VENV)/lock
	$(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//' | LC_ALL=C sort -f >> $(VENV)/lock
	mv $(VENV)/lock requirements.lock

clean: ## remove what the verbs made, except .venv and your runs
	rm -rf site htmlcov .coverage .pytest_cache .ruff_cache .hypothesis
	find aunce_lib tests notebooks benchmarks docs -name __pycache__ -prune -exec rm -rf {} +
