# `make demo` and `make test` are all the set-up there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PLUGINS := $(wildcard plugins/*/pyproject.toml)

.PHONY: all install demo test check bench soak docs
all: check test

install: $(READY)

# torch comes first and exactly as pinned, so that nothing after it pulls another build.
$(READY): pyproject.toml constraints.txt $(PLUGINS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e '.[train,serve,teachers,dev]' $(patsubst %/pyproject.toml,-e %,$(PLUGINS))
	touch $@

demo: install
	$(BIN)/domaintune build medical --preset quick

# Whole files go to one of two processes, so that what a file shares is made once. WORKERS=0 is one process.
WORKERS ?= 2
test: install
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Takes long: the full kill tests.
soak: install
	$(BIN)/python -m pytest -m soak --timeout=3600

bench: install
	for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

# Rewrites the generated parts of README and docs.
docs: install
	$(BIN)/python docs/generate.py
