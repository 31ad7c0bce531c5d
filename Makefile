# Every target does its own set-up: nothing but Python >= 3.11 (or uv), git and make is needed.
PY := .venv/bin/python
PYTEST := $(PY) -m pytest -q

.PHONY: help demo test prove lint format schema check clean base dev

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: base ## Examine the built-in backend, about a minute; then open the report it names
	@$(PY) -m brinell demo

test: dev ## The tests that need nothing but this machine
	@$(PYTEST) -m "not prove" -n 3 --dist worksteal

prove: dev ## The tests with real services, real kills and minutes of time; skipped by name where those are missing
	@$(PYTEST) -m prove -n 3 --dist worksteal

lint: dev ## ruff, mypy --strict and the layers of the house
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/python -c 'import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())'

format: dev ## Format the code and apply safe fixes
	@$(PY) -m ruff check --fix -q . ; $(PY) -m ruff format .

schema: base ## Write docs/schema/judgement.schema.json from the code
	@$(PY) -m brinell.core.schema > docs/schema/judgement.schema.json

check: lint test ## What a change must pass before it is proposed

clean: ## Remove what the other targets made
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

base:
	@tools/venv.sh

dev:
	@tools/venv.sh dev
