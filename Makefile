# One entry point for people and machines: make demo | test | check.
PYTHON ?= python3
ARGS ?=
VENV := .venv
STAMP := $(VENV)/.stamp
# else every one of the programs that tests start would be compiled anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check deps lock proof-crash proof-backup proof-clock proof-optout proof-engine proof-posters proof-intervals proof-rehearsal bench

demo: $(STAMP)
	@$(VENV)/bin/taoli demo $(ARGS)

test: $(STAMP) deps
	$(VENV)/bin/python -m pytest -n logical --maxprocesses 4 --dist worksteal $(ARGS)

check: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

deps:
	@bash scripts/deps.sh

# uv is wanted only here: pip install uv
lock:
	uv="$$(command -v $(VENV)/bin/uv || command -v uv)" && "$$uv" pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-header --no-emit-index-url --no-annotate --all-extras pyproject.toml -o requirements.lock $(ARGS)

proof-crash: $(STAMP) deps
	$(VENV)/bin/python tests/proofs/crash.py --cycles 200 $(ARGS)

proof-backup: $(STAMP) deps
	$(VENV)/bin/python tests/proofs/backups.py --cycles 100 $(ARGS)

proof-clock: $(STAMP) deps
	$(VENV)/bin/python tests/proofs/clock.py $(ARGS)

proof-optout: $(STAMP) deps
	$(VENV)/bin/python tests/proofs/optout.py $(ARGS)

proof-engine: $(STAMP) deps
	$(VENV)/bin/python tests/proofs/engine.py $(ARGS)

proof-posters: $(STAMP) deps
	$(VENV)/bin/python tests/proofs/posters.py $(ARGS)
	PROOF_POSTERS=1 $(VENV)/bin/python -m pytest tests/posters/test_colours.py -q

proof-intervals: $(STAMP)
	$(VENV)/bin/python tests/proofs/intervals.py $(ARGS)

proof-rehearsal: $(STAMP)
	$(VENV)/bin/python tests/proofs/rehearsal.py $(ARGS)

bench: $(STAMP)
	$(VENV)/bin/python bench/callbacks.py
	$(VENV)/bin/python bench/planner.py
	$(VENV)/bin/python bench/imports.py
	$(VENV)/bin/python bench/engine.py
	$(VENV)/bin/python bench/posters.py
	$(VENV)/bin/python bench/pages.py

$(STAMP): requirements.lock pyproject.toml
	@bash scripts/venv.sh "$(PYTHON)" $(VENV)
	@touch $@
