# The commands of Hadir on one page: `make help`. Needs Debian or Ubuntu, make, and Python 3.11, 3.12 or 3.13.

SHELL := /bin/sh
.DEFAULT_GOAL := help
PY := .venv/bin/python
ARGS ?=
# How many tests run at once.
JOBS ?= 2
# What pytest answers when ARGS leave nothing to run.
NO_TESTS := 5

# The first Python of the right age. A shim of a version manager may exist and not run: it is tried.
BOOTSTRAP = @for p in python3 python3.13 python3.12 python3.11; do \
	if "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	exec "$$p" -I local/bootstrap.py $(1); fi; done; \
	echo "hadir: Python 3.11, 3.12 or 3.13 is needed. Install it with: apt-get install python3 python3-venv" >&2; exit 1

.NOTPARALLEL:
.PHONY: help run setup dev test check lint format bench soak lock faces

help: ## this page
	@echo "Hadir: attendance by verified face and position."
	@echo
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 15
	@echo
	@echo "  .venv/bin/python hadir.py --help   the same program on servers of your own (see .env.example)"

run: ## start everything here, with demonstration data; Ctrl-C stops it (ARGS=--no-demo without the data)
	$(call BOOTSTRAP)
	@exec $(PY) hadir.py up --tied $(ARGS)

setup: ## fetch and check everything that `make run` needs, and start nothing
	$(call BOOTSTRAP)
	@$(PY) hadir.py setup

dev: ## setup, and what the tests need
	$(call BOOTSTRAP,--dev)
	@$(PY) hadir.py setup

test: dev check ## everything: style, types, import rules, then the tests (ARGS=tests/… for some of them)
	@echo "hadir: tests on real PostgreSQL and Valkey, $(JOBS) at a time"
	@$(PY) -m pytest -n $(JOBS) --dist worksteal -m "not kill" $(ARGS) || test $$? -eq $(NO_TESTS)
	@echo "hadir: tests that kill processes, one at a time"
	@$(PY) -m pytest -m kill $(ARGS) || test $$? -eq $(NO_TESTS)

check: ## style, types and import rules only
	@echo "hadir: ruff"
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check -q .
	@echo "hadir: mypy --strict"
	@$(PY) -m mypy
	@echo "hadir: import rules"
	@$(PY) -c "from importlinter.cli import lint_imports_command as run; run()"

lint: dev check ## the checks of `make test` without the tests

format: dev ## put the source into shape
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: dev ## measure against the floor and the goals; a table and JSON
	@$(PY) -m bench $(ARGS)

soak: dev ## the long tests: 200 kill points, Redis away for a minute
	@$(PY) -m pytest -m kill -rP --kill-points 200 --outage-seconds 60 $(ARGS)

faces: ## make the default face pack
	$(call BOOTSTRAP)
	@$(PY) hadir.py faces pack build

# No lock records a registry. Existing pins stay; ARGS=--upgrade takes newer ones.
LOCK = .venv/bin/uv pip compile -q --system-certs --universal --python-version 3.11 --generate-hashes --no-annotate --no-header $(ARGS)

lock: dev ## write the lock files anew (ARGS=--upgrade for newer versions)
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group installer -o requirements-installer.lock
	$(LOCK) --group npm -o requirements-npm.lock
