# make run    the whole product on a simulated company, into ./demo
# make test   everything the tests need, then the tests
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export DO_NOT_TRACK = true
export OMP_WAIT_POLICY = PASSIVE

.PHONY: run test test-long lint format lock clean install

run: install
	$(BIN)/churn demo demo --prefect

test: install browser
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

test-long: install browser
	$(BIN)/python -m pytest -m slow

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

# A new lock from pyproject.toml: hashes, no addresses.
lock: install
	$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate --python-version 3.11 --universal --upgrade -o requirements.lock

clean:
	rm -rf demo $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build
