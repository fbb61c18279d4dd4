# make demo | test | check | bench: each creates .venv if needed; only Python and make are required.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help venv demo test check bench
.DELETE_ON_ERROR:

help:
	@echo "make demo   try out a complete helpdesk on this machine"
	@echo "make test   run all tests"
	@echo "make check  check formatting, lint and types"
	@echo "make bench  measure intake beside the floor"

venv: .venv/.made

.venv/.made: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "maildesk needs Python 3.11 or newer, and '$(PYTHON)' is older: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "'$(PYTHON)' has no venv module; on Debian or Ubuntu run apt-get install python3-venv" >&2; exit 1; }
	@echo "creating .venv (only once; takes a minute)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq -c constraints.txt -e '.[dev]'
	@touch $@

demo: venv
	@$(BIN)/maildesk demo

# With MAILDESK_CI a skipped test counts as failed.
test: venv
	@$(BIN)/python -m pytest -q -n auto --dist loadfile $(if $(MAILDESK_CI),-p tests.plugin_no_skips)

check: venv
	@$(BIN)/ruff format --check --quiet . || { echo "to fix it, run: $(BIN)/ruff format ." >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy

bench: venv
	@$(BIN)/python bench/intake.py
