# The contract: setup, demo, test, lint, docs, bench (architecture section 9), and decisions. Each sets
# up all that it needs; tools/setup.sh says in one line what is missing when it may not install it itself.

PYTHON ?= python3
ARGS ?=
NAME ?= track

.PHONY: setup demo test lint docs bench decisions requirements clean

setup:
	@sh tools/setup.sh run

demo: setup
	@.venv/bin/tocsin demo $(ARGS)

test:
	@sh tools/setup.sh test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)
	.venv/bin/sphinx-build -q -W --keep-going -b html docs docs/_build/html

lint:
	@sh tools/setup.sh test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

docs:
	@sh tools/setup.sh test
	.venv/bin/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench:
	@sh tools/setup.sh bench
	.venv/bin/python -m bench $(NAME) $(ARGS)

# What the golden nights would now be told, and what before: a table to review, never a failure.
# ARGS=--keep makes what is told now the golden one.
decisions:
	@sh tools/setup.sh run
	@.venv/bin/python -m tools.decisions $(ARGS)

# Pin anew after a change of pyproject.toml. No index lines: no file names a registry.
requirements:
	@sh tools/setup.sh run
	@sh tools/pin.sh

clean:
	rm -rf .venv web/node_modules src/tocsin/web docs/_build
