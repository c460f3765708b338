# Every target in a line: make help
.DEFAULT_GOAL := help
.PHONY: help lab check test test-all test-browser lint doctor lessons site playground release demo lock clean

# A make that a test starts must not announce its directory among the targets.
MAKEFLAGS += --no-print-directory

PORT ?= 8888
# What JupyterLab opens first, with its folder beside it.
FIRST := notebooks/00_start_here.ipynb
BIN := .venv/bin
READY := .venv/.ready
# What only the site needs is installed when the site is first built.
SITE_READY := .venv/.site-ready
# nbgrader calls programs of the environment by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# What `make lab ARGS=...`, and others that run one program, pass on.
ARGS ?=

# The first Python that the course supports; name another one with make PYTHON=...
# Each candidate is run, because a version manager's stub may exist and not work.
SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
find_python = for p in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
	$$p -c '$(SUPPORTED)' >/dev/null 2>&1 && { echo $$p; break; }; done

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 10

lab: $(READY)  ## open JupyterLab on the first lesson (other port: make lab PORT=8899)
	@$(BIN)/jupyter lab --ServerApp.port=$(PORT) --ServerApp.port_retries=0 \
		--LabApp.default_url=/lab/tree/$(FIRST) $(ARGS) || \
		{ echo "JupyterLab did not start. If the port is taken: make lab PORT=$$(($(PORT) + 11))"; exit 1; }

check: $(READY)  ## before a commit: lint, types, import contract, quick tests (some: make check ARGS="lint types")
	@$(BIN)/python -m tools.check $(ARGS)

test: $(READY)  ## before a push: all tests but the long ones (some: make test ARGS=tests/helpers/test_metrics.py)
	$(BIN)/python -m pytest $(ARGS)

test-all: $(READY) $(SITE_READY)  ## at night: every test that needs no browser, with all attacks, kills and known submissions
	$(BIN)/python -m pytest -m "not browser" $(ARGS)

test-browser: $(READY)  ## at night: what one can touch, by mouse, keys and touch; needs Chromium or Chrome
	$(BIN)/python -m pytest -m browser -n 0 $(ARGS) tests/browser

lint: $(READY)  ## format code and notebooks, fix what ruff can fix
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

doctor: $(READY)  ## check this machine: Python, packages, kernel, data, disk, memory
	@$(BIN)/python -m helpers.doctor

lessons: $(READY)  ## re-run lessons in full and store their outputs (some: make lessons ARGS="01 02")
	$(BIN)/python -m tools.lessons $(ARGS)

site: $(SITE_READY)  ## build the course's web pages, open them (only build: make site ARGS=--no-open)
	@$(BIN)/python -m tools.playground --no-open
	@$(BIN)/python -m tools.site $(ARGS)

playground: $(READY)  ## write the page in which an autoencoder and a VAE train side by side, open it
	@$(BIN)/python -m tools.playground $(ARGS)

release: $(READY)  ## generate release/ from solutions/ with nbgrader
	$(BIN)/python -m tools.release $(ARGS)

demo: $(READY)  ## grade a class of synthetic students, open the report (make demo ARGS="--students 40")
	@$(BIN)/course demo $(ARGS)

lock: $(READY)  ## renew requirements.lock and site/requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --universal --fork-strategy fewest --generate-hashes --upgrade \
		--python-version 3.11 --extra cluster --extra dev --no-header --quiet \
		pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --universal --fork-strategy fewest --generate-hashes --upgrade \
		--python-version 3.11 --group site --constraint requirements.lock --no-header --quiet \
		--output-file site/requirements.lock

clean:  ## remove the environment and the site (the data cache stays)
	rm -rf .venv build *.egg-info

# pip checks every package against the hashes of the lock file. The stamp is written last,
# so an interrupted set-up is taken up again.
$(READY): requirements.lock pyproject.toml
	@python=$$($(find_python)); test -n "$$python" || { \
		echo "No Python 3.11, 3.12 or 3.13 with venv found. Install one"; \
		echo "(Debian, Ubuntu: apt install python3-venv; macOS: brew install python@3.12),"; \
		echo "or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }; \
	test -x $(BIN)/python || $$python -m venv .venv
	@echo "Setting up .venv: about 3 minutes and 3 GB, once. 1 of 2: the packages."
	@$(BIN)/python -m pip install --disable-pip-version-check \
		--require-hashes --requirement requirements.lock
	@echo "2 of 2: the course."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	@touch $@

$(SITE_READY): $(READY) site/requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement site/requirements.lock
	@touch $@
