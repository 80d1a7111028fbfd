# One door to everything. `make help` lists it.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test journeys check format lint types rooms agents man wheel bench bench-screen bench-transfer bench-download soak-transfer soak-reboot clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(READY): pyproject.toml constraints.txt .ci/setup
	@bash .ci/setup

setup: $(READY) ## everything rs needs on this machine: system packages, a venv, the wheels

demo: $(READY) ## a real support session before your eyes (KEEP=1 stays up and opens the dashboard)
	@$(BIN)/python -X utf8 -m tests.demo.demo $(if $(KEEP),--keep)

test: $(READY) ## the tests
	@$(BIN)/python -m pytest tests -n 2 -m "not journey"

journeys: $(READY) ## real programs, real sockets, real X servers
	@$(BIN)/python -m pytest $$(grep -rl mark.journey tests --include='test_*.py') tests/journeys -m journey -n 3 --dist loadgroup

check: format lint types rooms test journeys ## the one gate: all of the above, as CI runs it

format: $(READY) ## the code is formatted (`make format FIX=1` does it)
	@$(BIN)/ruff format $(if $(FIX),,--check) .

lint: $(READY) ## no lint
	@$(BIN)/ruff check $(if $(FIX),--fix) .

types: $(READY) ## mypy --strict
	@$(BIN)/mypy

rooms: $(READY) ## who may import whom
	@$(BIN)/lint-imports --no-cache

agents: $(READY) ## what customers download, made for a relay on this computer (RELAY=wss://help.example.org, FROZEN=1: without Python, too)
	@$(BIN)/rs-relay agents build --relay $(or $(RELAY),ws://127.0.0.1:8200) $(if $(FROZEN),--frozen) $(ARGS)

man: $(READY) ## the manual pages, made of the command line, into man/ (`man -l man/rs.1`; a wheel takes them along)
	@$(BIN)/python -m rs_cli.command_line.manual man

wheel: man ## dist/: a wheel with its manual pages
	@$(BIN)/python -m pip wheel -q --no-deps -w dist .

bench: $(READY) ## speed and memory, as ratios against peers in the same run
	@$(BIN)/python -m tests.bench

bench-screen: $(READY) ## the picture beside VNC and xpra, an hour (ARGS=--quick: minutes; REPORT=1 writes docs/benchmarks.md)
	@$(BIN)/python -X utf8 -m tests.bench.screen $(if $(REPORT),--report) $(ARGS)

soak-transfer: $(READY) ## 100 times kill -9 of agent, relay and technician during transfers of 1 GiB (ARGS="--kills 9 --size 256": less)
	@$(BIN)/python -m tests.soak.transfer $(ARGS)

soak-reboot: $(READY) ## 100 restarts of a computer whose agent is killed around the call (ARGS="--rounds 10": less)
	@$(BIN)/python -m tests.soak.reboot $(ARGS)

bench-transfer: $(READY) ## files beside scp, rsync and magic-wormhole, and what a core allows (ARGS=--quick; REPORT=1 writes docs/benchmarks.md)
	@$(BIN)/python -X utf8 -m tests.bench.transfer $(if $(REPORT),--report) $(ARGS)

bench-download: $(READY) ## what a customer downloads and waits for (REPORT=1 writes docs/download.md)
	@$(BIN)/python -m tests.bench.download $(if $(REPORT),--report)

clean: ## forget the venv and every cache
	rm -rf $(VENV) build dist man *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
