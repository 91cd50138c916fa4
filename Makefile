# make run    the whole product on a simulated company, into ./demo
# make test   everything the tests need, then the tests
# make matrix everything that may happen to a delivery, 20 kills at each point, into docs/reliability.md
# make trials skill against the truth of simulated companies, into docs/results.md (about six hours on two cores; it goes on, too)
# make rival  drt-core and this project's write-back through the same faults, into docs/reliability.md (seven minutes)
# make volume a million accounts delivered to SQLite and to the Salesforce emulator, into docs/reliability.md (twenty minutes)
# make bench  docs/benchmarks.md, measured anew (hours on two cores; stopped, it goes on where it was)
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export DO_NOT_TRACK = true
export OMP_WAIT_POLICY = PASSIVE
# Where an image forbids .pyc files, every process would compile every package anew: half a minute for each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-long matrix trials bench lint format lock clean install

run: install
	$(BIN)/churn demo demo --prefect

test: install browser postgres tryton
	$(BIN)/python -m pytest -m "not slow" -n 2 --no-loadscope-reorder

test-long: install browser postgres tryton spark
	CHURN_KILLS=20 $(BIN)/python -m pytest -m slow

matrix: install postgres tryton
	$(BIN)/python -m tests.matrix

trials: install
	$(BIN)/python -m trials

bench: install
	$(BIN)/python -m benchmarks --size S --size M --size L

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@echo "Installing the locked packages into $(VENV) (about a minute the first time)"
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(STAMP)

# The page tests drive a real Chromium. Where apt may install it, it is installed; else those tests skip with the reason.
.PHONY: browser
browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& echo "Installing chromium for the page tests" \
		&& apt-get update -qq >/dev/null && apt-get install -y -qq chromium >/dev/null; } || true

# Some tests start a Postgres of their own on loopback. Only its programs are wanted: no cluster is made, nothing is started.
CLUSTERS := /etc/postgresql-common/createcluster.d
.PHONY: postgres
postgres:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || { [ "$$(id -u)" = 0 ] \
		&& command -v apt-get >/dev/null && echo "Installing postgresql for the Postgres tests" \
		&& mkdir -p $(CLUSTERS) && echo "create_main_cluster = false" > $(CLUSTERS)/programs-only.conf \
		&& apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends postgresql >/dev/null \
		&& rm $(CLUSTERS)/programs-only.conf; } || true

# One of the slow tests runs Spark: 450 MB that nobody else needs, so it has a lock of its own, and needs Java.
.PHONY: spark
spark: install
	@command -v java >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing Java for Spark" \
		&& apt-get update -qq >/dev/null && apt-get install -y -qq openjdk-17-jre-headless >/dev/null; } || true
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements.spark.lock

# Some tests drive a real CRM server, Tryton. It is GPL: it stays in an environment of its own and is met over HTTP alone.
TRYTON := trytond>=8.2,<8.3 trytond-party>=8.2,<8.3
TRYTON_VENV := .venv-tryton
.PHONY: tryton
tryton: $(TRYTON_VENV)/.installed

$(TRYTON_VENV)/.installed: requirements.tryton.lock | $(STAMP)
	@echo "Installing Tryton into $(TRYTON_VENV) for the CRM tests"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(TRYTON_VENV)
	@VIRTUAL_ENV=$(CURDIR)/$(TRYTON_VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.tryton.lock
	@touch $@

# Another tool of reverse ETL is put through the same faults as ours, from an environment of its own.
RIVAL := drt-core[postgres]==1.2.1
RIVAL_VENV := .venv-rival
.PHONY: rival
rival: install postgres $(RIVAL_VENV)/.installed
	$(BIN)/python -m benchmarks.rival --drt $(RIVAL_VENV)/bin/drt --write

# A million accounts, staged and delivered.
.PHONY: volume
volume: install
	$(BIN)/python -m benchmarks.delivery --write

$(RIVAL_VENV)/.installed: requirements.rival.lock | $(STAMP)
	@echo "Installing drt-core into $(RIVAL_VENV) for the comparison"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(RIVAL_VENV)
	@VIRTUAL_ENV=$(CURDIR)/$(RIVAL_VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements.rival.lock
	@touch $@

# New locks from pyproject.toml: hashes, no addresses. What is pinned stays; `make lock UPGRADE=--upgrade` moves it.
UPGRADE ?=
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	--no-annotate --python-version 3.11 --universal
lock: install
	$(COMPILE) pyproject.toml --extra dev $(UPGRADE) -o requirements.lock
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["spark"], sep="\n")' \
		| $(COMPILE) - --constraint requirements.lock $(UPGRADE) -o requirements.spark.lock
	printf '%s\n' $(foreach name,$(TRYTON),'$(name)') | $(COMPILE) - $(UPGRADE) -o requirements.tryton.lock
	printf '%s\n' '$(RIVAL)' | $(COMPILE) - $(UPGRADE) -o requirements.rival.lock

clean:
	rm -rf demo $(VENV) $(TRYTON_VENV) $(RIVAL_VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build
