.DEFAULT_GOAL := help
.PHONY: help install run test test-postgres check bench bench-scale bench-lists storm fuzz-api faults docs clean

PY := .venv/bin/python
PYTHON ?= python3
PIP := .venv/bin/pip --disable-pip-version-check -q

help: ## what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: .venv/.installed web/static/built/manifest.json ## set up .venv/ and the pages' files; a second call does nothing
	@echo "ready: .venv/bin/visitflow"

run: install ## set up what is missing, then serve everything with the demonstration district
	@.venv/bin/visitflow run --demo $(ARGS)

test: install ## set up what is missing, then the test suite
	@.venv/bin/pytest -n auto --dist loadfile $(ARGS)

test-postgres: install ## the same suite on PostgreSQL: VISITFLOW_TEST_POSTGRES names a server, default this machine's
	@VISITFLOW_TEST_POSTGRES="$${VISITFLOW_TEST_POSTGRES:-postgresql+psycopg://127.0.0.1/visitflow_test}" \
		.venv/bin/pytest -n auto --dist loadfile -m "not browser" $(ARGS)

check: install ## ruff, mypy, import contracts, diagrams, tests: green before a push
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/visitflow check processes
	.venv/bin/pytest -n auto --dist loadfile

bench: install ## figures of the engine on both databases beside the bare library and a naive host, in one run
	@$(PY) -m tests.bench $(ARGS)
	@$(PY) -m tests.bench.bench_claim

bench-scale: install ## steps, pages, sweeps and timers with 200,000 live instances beside an almost empty database
	@$(PY) -m tests.bench scale $(ARGS)

bench-lists: install ## every page of the lists with a million tasks, 10,000 open for each of four people
	@$(PY) -m tests.bench lists $(ARGS)

storm: install ## alarms of a city at once on servers of its own, beside the planning of 50,000 visits
	@$(PY) -m tests.bench.storm $(ARGS)

fuzz-api: install ## many requests made from the description of the JSON API
	@VISITFLOW_FUZZ_EACH=$${VISITFLOW_FUZZ_EACH:-200} .venv/bin/pytest --timeout 3600 tests/web/test_api_fuzz.py $(ARGS)

faults: install ## kill, stop, fill and confuse everything under load, and audit what is left
	@$(PY) -m tests.faults $(ARGS)

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
