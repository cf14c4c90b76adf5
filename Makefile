# Every target sets itself up: python3 (3.11 or newer), make and git are all it takes.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
RUNS   ?= streamproof-routers
REPEAT ?= 3

.PHONY: demo test selfcheck docs routers lint bench clean

demo: $(READY)  ## the whole path: mock, reference router, suite, report; then a broken router
	$(BIN)/conformance demo

test: $(READY)  ## lint, types and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2

selfcheck: $(READY)  ## every rule against every mutant and legal variant: the kill matrix
	$(BIN)/conformance selfcheck

docs: $(READY)  ## docs/rules and docs/promises.md anew, after a rule, probe or mutant has changed
	$(BIN)/conformance rules --markdown docs/rules
	$(BIN)/python -m conformance.manual.promises docs/promises.md
	$(BIN)/python -m conformance.manual.routers docs/routers.md

routers: $(READY)  ## real routers, installed and judged REPEAT times: docs/routers.md and an HTML matrix; takes hours
	$(BIN)/python -m conformance.manual.judging $(RUNS) $(REPEAT)
	$(BIN)/python -m conformance.manual.repeated || test $$? -eq 3
	$(BIN)/python -m conformance.manual.routers $$(seq -f '$(RUNS)/%g' $(REPEAT)) docs/routers.md
	$(BIN)/conformance matrix --html $(RUNS)/matrix.html --title "Real routers" \
	  $$(cd $(RUNS) && ls -d */*/*/run.jsonl | cut -d/ -f2-3 | sort -u | \
	  while read route; do echo "$$route=$(RUNS)/$$(ls -t */$$route/run.jsonl | head -1)"; done)

lint: $(READY)  ## rewrite what ruff can, then check
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mypy

bench: $(READY)  ## speed of the mock beside nginx, bare ASGI and a socket; takes minutes
	$(BIN)/python -m tests.bench.bench

clean:
	rm -rf $(VENV) dist

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	touch $@
