#!/bin/sh
# Writes the lock files again; the only place that says how. Needs `uv` on the PATH or in .venv.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
lock() { uv pip compile -q --generate-hashes --no-annotate --no-header "$@"; }
compile() { lock --universal --python-version 3.11 "$@"; }
compile requirements/bootstrap.in -o requirements/bootstrap.txt
compile pyproject.toml --extra check requirements/run.in -o requirements/run.txt
compile pyproject.toml --extra check --extra pipeline --extra rehearsal --group dev requirements/run.in -c requirements/run.txt -o requirements/dev.txt
compile --group docs -c requirements/dev.txt -o requirements/docs.txt
# The lowest versions of what the library asks for, with today's test tools.
lowest=$(mktemp)
uv pip compile -q --universal --python-version 3.11 --no-header --resolution lowest-direct pyproject.toml --extra check requirements/lowest.in -o "$lowest"
compile pyproject.toml --extra check --extra pipeline --group dev requirements/lowest.in -c "$lowest" -o requirements/lowest.txt
rm -f "$lowest"
