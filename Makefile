# Two commands for a newcomer: `make demo` and `make test`. The rest is for people who change the code.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
PORT ?= 8000
TESTS ?=
# More than cores: a test often waits for a browser, a database or a process of its own.
JOBS ?= 4
CHAOS_N ?= 1000
# Compiled modules are kept, whatever the shell says: the tests start some sixty processes.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: demo test bench chaos check format messages requirements states lock clean audit licences
.PHONY: check-style check-templates check-types check-imports check-states check-messages check-openapi openapi

demo: $(VENV)/.for-running ## the whole product at http://127.0.0.1:8000/ (PORT=8100 for another port, EMPTY=1 with nothing in it)
	@exec $(RUN) manage.py demo --port $(PORT) $(if $(EMPTY),--empty)

test: $(VENV)/.for-tests ## every test but the long runs (TESTS="tests/orders -x" for some of them, JOBS=0 for one at a time)
	$(RUN) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(TESTS)

bench: $(VENV)/.for-tests ## the figures, each a ratio to a floor measured in the same run
	$(RUN) -m tests.bench $(FIGURES)

chaos: $(VENV)/.for-tests ## the road under killed processes and broken services (CHAOS_N=150 for the short run)
	CHAOS_N=$(CHAOS_N) $(RUN) -m pytest -m chaos -s

# Several targets, so that `make -k check` shows every fault at once.
check: check-style check-templates check-types check-imports check-states check-messages check-openapi ## reads the code without running it

check-style: $(VENV)/.for-tests
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

check-templates: $(VENV)/.for-tests
	$(VENV)/bin/djlint templates merchant/platforms/sandbox/page --lint --check --quiet --extend-exclude templates/jinja2
	$(VENV)/bin/djlint templates/jinja2 --profile jinja --lint --check --quiet

check-types: $(VENV)/.for-tests
	$(VENV)/bin/mypy

check-imports: $(VENV)/.for-tests
	$(VENV)/bin/lint-imports

check-states: $(VENV)/.for-tests
	$(RUN) manage.py states --check

check-messages: $(VENV)/.for-tests
	$(RUN) manage.py messages --check

check-openapi: $(VENV)/.for-tests
	$(RUN) manage.py openapi --check

format: $(VENV)/.for-tests
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .
	-$(VENV)/bin/djlint templates merchant/platforms/sandbox/page --reformat --quiet --extend-exclude templates/jinja2
	-$(VENV)/bin/djlint templates/jinja2 --profile jinja --reformat --quiet

messages: $(VENV)/.for-tests ## brings the Chinese catalogue up to date with the code (needs gettext)
	$(RUN) manage.py messages

requirements: $(VENV)/.for-tests ## what the last test run proved, requirement by requirement
	@$(RUN) -m tests.requirements_report

openapi: $(VENV)/.for-tests ## describes the API in docs/openapi.yaml
	$(RUN) manage.py openapi

states: $(VENV)/.for-tests ## draws docs/states/ from the code
	$(RUN) manage.py states

lock: $(VENV)/.for-tests ## resolves the packages anew
	$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header $(UPGRADE) requirements.in -o requirements.txt
	$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header $(UPGRADE) requirements-dev.in -o requirements-dev.txt

audit: $(VENV)/.for-tests ## what is known against the locked packages, where the database can be reached
	@$(RUN) -m tests.packages audit

licences: $(VENV)/.for-tests ## docs/licences.md anew from the locked packages
	@$(RUN) -m tests.packages licences

clean: ## removes the installed packages and the demo's data
	rm -rf $(VENV) .data .bench

$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $(PYTHON) is older."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python cannot make a virtual environment: apt-get install python3-venv"; exit 1; }

$(VENV)/.for-running: requirements.txt | $(VENV)/pyvenv.cfg
	@echo "Installing the packages of requirements.txt into $(VENV) …"
	@$(RUN) -m pip install --disable-pip-version-check --require-hashes --no-deps -q -r requirements.txt
	@touch $@

$(VENV)/.for-tests: requirements-dev.txt | $(VENV)/pyvenv.cfg
	@echo "Installing the packages of requirements-dev.txt into $(VENV) …"
	@$(RUN) -m pip install --disable-pip-version-check --require-hashes --no-deps -q -r requirements-dev.txt
	@touch $@ $(VENV)/.for-running
