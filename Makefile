.DEFAULT_GOAL := help
.PHONY: help install run test check bench faults docs clean

PY := .venv/bin/python
PYTHON ?= python3
PIP := .venv/bin/pip --disable-pip-version-check -q

help: ## what can be done here
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: .venv/.installed web/static/built/manifest.json ## set up .venv/ and the pages' files; a second call does nothing
	@echo "ready: .venv/bin/visitflow"

run: install ## set up what is missing, then serve everything with the demonstration district
	@.venv/bin/visitflow run --demo $(ARGS)

test: install ## set up what is missing, then the test suite
	@.venv/bin/pytest -n auto --dist loadfile $(ARGS)

check: install ## ruff, mypy, import contracts, diagrams, tests: green before a push
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/visitflow check processes
	.venv/bin/pytest -n auto --dist loadfile

bench: install ## figures of the engine beside the bare library and a naive host, in one run
	@$(PY) -m tests.bench

faults: install ## kill the whole program 200 times under load and audit what is left
	@$(PY) -m tests.faults --kills 200

docs: install ## generated reference pages
	@$(PY) -m tests.documents

clean: ## remove what install made (never var/)
	rm -rf .venv web/node_modules web/static/built

.venv/.installed: requirements-dev.txt pyproject.toml
	@echo "setting up .venv (a few minutes the first time)"
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

web/static/built/manifest.json: .venv/.installed web/package-lock.json web/build.mjs $(wildcard web/assets/*)
	@echo "bundling the diagram pages"
	@cd web && ../.venv/bin/npm ci --silent && PATH="../.venv/bin:$$PATH" ../.venv/bin/node build.mjs
	@touch $@
