# make demo | test | check | bench: each makes .venv itself, with nothing but Python and make.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help venv demo test check bench
.DELETE_ON_ERROR:

help:
	@echo "make demo   a running service desk to play with, on this machine"
	@echo "make test   all tests"
	@echo "make check  formatting, lint, types"
	@echo "make bench  how fast mails come in, beside the floor"

venv: .venv/.made

.venv/.made: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "maildesk needs Python 3.11 or newer and '$(PYTHON)' is not: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "'$(PYTHON)' has no venv module: apt-get install python3-venv (Debian, Ubuntu)" >&2; exit 1; }
	@echo "making .venv (once; takes a minute)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq -c constraints.txt -e '.[dev]'
	@touch $@

demo: venv
	@$(BIN)/maildesk demo

# In .ci/run a test that is skipped has failed.
test: venv
	@$(BIN)/python -m pytest -q -n auto --dist loadfile $(if $(MAILDESK_CI),-p tests.plugin_no_skips)

check: venv
	@$(BIN)/ruff format --check --quiet . || { echo "to mend: $(BIN)/ruff format ." >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy

bench: venv
	@$(BIN)/python bench/intake.py
