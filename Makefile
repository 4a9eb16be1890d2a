# The doors, two of them and a few small ones beside them. Each only calls Python: see tools/doors.py.
#   make matrix ARGS="--require-engines -k resumes"
PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help matrix matrix-routes test prove bench serve setup lock clean

matrix: ## browsers, then every cell; the report is results/matrix.html
	@$(PYTHON) tools/doors.py matrix $(ARGS)

matrix-routes: ## browsers, nginx, haproxy, caddy and redis, then the cells with a real server in between
	@$(PYTHON) tools/doors.py matrix-routes $(ARGS)

test: ## lint, types, workflows and the fast tests, no browser
	@$(PYTHON) tools/doors.py test $(ARGS)

prove: ## seeded defects, isolation and crashes, in real engines
	@$(PYTHON) tools/doors.py prove $(ARGS)

bench: ## what fan-out and receiving cost, as ratios side by side; no test
	@$(PYTHON) tools/doors.py bench $(ARGS)

serve: ## the app, to try by hand
	@$(PYTHON) tools/doors.py serve $(ARGS)

setup: ## the environment and nothing else
	@$(PYTHON) tools/doors.py setup

lock: ## requirements.lock again, from pyproject.toml
	@$(PYTHON) tools/doors.py lock

clean: ## remove the environment and every cache; results stay
	@$(PYTHON) tools/doors.py clean

help: ## this list
	@sed -n 's/^\([a-z-]*\): ## /  make \1\t/p' Makefile
