# Frontdesk. `make help` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help demo demo-reset run test test-slow bench messages pins screenshots clean

PYTHON ?= python3
BIN := .venv/bin
STREAMLIT := $(BIN)/streamlit run dashboard/app.py

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: .venv/installed ## Start with demo data on http://localhost:8501
	@FRONTDESK_DEMO=1 FRONTDESK_DATABASE_URL=sqlite:///data/demo.db $(BIN)/python -m core demo
	@FRONTDESK_DEMO=1 FRONTDESK_DATABASE_URL=sqlite:///data/demo.db $(STREAMLIT)

demo-reset: .venv/installed ## Throw the demo data away, then start afresh
	@rm -f data/demo.db data/demo.db-wal data/demo.db-shm data/demo.erasures
	@$(MAKE) --no-print-directory demo

run: .venv/installed ## Start for real on FRONTDESK_DATABASE_URL (default: SQLite under data/)
	@$(BIN)/python -m core migrate
	@$(STREAMLIT)

test: .venv/installed-dev ## Check style and types, then run every test but the slow ones
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict core dashboard
	@sh scripts/ensure_browser.sh
	@$(BIN)/pytest -n auto --dist worksteal -m "not slow"

test-slow: .venv/installed-dev ## Run the long proofs
	@sh scripts/ensure_browser.sh
	@$(BIN)/pytest -m slow

bench: .venv/installed-dev ## Measure; prints medians, asserts nothing about time
	@$(BIN)/pytest tests/bench --benchmark-enable --benchmark-only -m ""

screenshots: .venv/installed-dev ## Take the README's pictures from the running demo
	@$(BIN)/python scripts/screenshots.py

messages: .venv/installed-dev ## Collect every sentence into dashboard/locale/frontdesk.pot
	@$(BIN)/python scripts/messages.py

pins: .venv/installed-dev ## Compile the exact versions of every package from pyproject.toml
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --group dev -c requirements.txt -o tests/requirements.txt

clean: ## Remove the environment and caches; data stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks

.venv/installed: requirements.txt
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/installed-dev: .venv/installed tests/requirements.txt
	@$(BIN)/pip install -q --disable-pip-version-check -r tests/requirements.txt
	@touch $@
