# Every target bootstraps what it needs; see CONTRIBUTING.md.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
BENCH := .venv-bench

.DEFAULT_GOAL := help
.PHONY: help lab lab-once test check format lock schemas reference conformance fuzz simulate simulate-mutations clean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-19s %s\n", $$1, $$2}'

$(STAMP): requirements/dev.txt pyproject.toml
	@deploy/bootstrap.sh "$(PYTHON)" "$(VENV)"
	@touch $@

lab: $(STAMP) ## a rehearsal data centre with a daemon, to try things by hand
	@$(BIN)/setpoint lab

lab-once: $(STAMP) ## converge the example estate once, print the table, exit 0 when converged
	@$(BIN)/setpoint lab --once

test: $(STAMP) ## every test; prints what was skipped and why
	@deploy/servers.sh
	@deploy/nix-trees.sh
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: $(STAMP) ## what a machine can judge: ruff, mypy, pyright, import-linter
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy controller reconcilers lab deploy
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports

format: $(STAMP) ## rewrite the code in the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

fuzz: $(STAMP) ## play mutated inputs at everything that reads; MINUTES=n [FIRST=k]
	@$(BIN)/python -m tests.fuzz $(or $(MINUTES),5) $(FIRST)

conformance: $(STAMP) ## hold the emulators against the recorded exchanges; the last line counts
	@$(BIN)/python -m tests.conformance

bench: $(STAMP) $(BENCH)/.ready ## figures, ratios first; ONLY=a,d JSON=path PROFILE=a pick
	@$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY)) $(if $(JSON),--json $(JSON)) $(if $(PROFILE),--profile $(PROFILE)) $(BENCHFLAGS)

$(BENCH)/.ready: requirements/bench.txt
	@"$(PYTHON)" -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

simulate: $(STAMP) ## storms over a simulated estate, each from its seed; SEEDS=n FIRST=k
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),100) --first $(or $(FIRST),1)

simulate-mutations: $(STAMP) ## take one rule of safety after the other away; a storm must notice each
	@$(BIN)/python -m tests.simulation.mutate

schemas: $(STAMP) ## write crds-schemas/ anew from the kinds
	@$(BIN)/setpoint schema --write crds-schemas

reference: $(STAMP) ## write docs/reference and the words of completion anew from the code
	@$(BIN)/python -m setpoint.cli.completion_words
	@$(BIN)/python -m setpoint.cli.reference --write docs/reference

lock: ## resolve the pinned and hashed requirements anew
	@deploy/lock.sh "$(PYTHON)"

clean: ## remove what the targets made
	@rm -rf $(VENV) $(BENCH) build dist .lab .mypy_cache .pytest_cache .ruff_cache .hypothesis
