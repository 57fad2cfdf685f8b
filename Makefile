# Bare `make` is what CI runs. Everything runs from .venv; nothing else is needed than Python 3.11 or newer.

VENV := .venv
PYTHON := $(VENV)/bin/python
COMPILE := $(PYTHON) -m uv pip compile --quiet --universal --generate-hashes --custom-compile-command "make lock"
PYTEST := $(PYTHON) -m pytest --numprocesses=logical --maxprocesses=8

# Some machines forbid Python to keep its compiled files. Every start would take four times as long.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := all
.PHONY: all install run test postgresql lint format bench load fuzz chaos lock

all: lint test

install: $(VENV)/run.stamp

run: install
	@$(PYTHON) manage.py up

test: $(VENV)/dev.stamp
	$(PYTEST)

# What touches no database, or one of its own, need not run twice.
postgresql: $(VENV)/dev.stamp
	@.ci/postgresql $(PYTEST) --ignore=tests/gitstore --ignore=tests/hail --ignore=tests/handoff \
		--ignore=tests/parsers --ignore=tests/redaction

# Django looks at the database for migrations that are applied already; it should not be a person's own.
lint: export OPENSESSION_DATA_DIR := $(VENV)/lint
lint: $(VENV)/dev.stamp
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy .
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) manage.py check

format: $(VENV)/dev.stamp
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .

bench: $(VENV)/dev.stamp
	$(PYTHON) -m benchmarks

load: $(VENV)/dev.stamp
	@.ci/postgresql $(PYTHON) -m benchmarks.load

fuzz: $(VENV)/dev.stamp
	$(PYTHON) -m benchmarks.fuzz

chaos: $(VENV)/dev.stamp
	$(PYTHON) -m benchmarks.chaos

lock: $(VENV)/dev.stamp
	$(COMPILE) -o requirements.txt requirements.in
	$(COMPILE) -o requirements-server.txt requirements-server.in
	$(COMPILE) -o requirements-dev.txt requirements-dev.in

$(PYTHON):
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
		$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		exec $$python -m venv $(VENV); \
	done; \
	echo "OpenSession needs Python 3.11 or newer, with venv. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1

$(VENV)/run.stamp: requirements.txt | $(PYTHON)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

# The development set contains the run-time set, at the same versions.
$(VENV)/dev.stamp: requirements-dev.txt | $(PYTHON)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp
