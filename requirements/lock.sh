#!/bin/sh
# Writes the lock files again; the only place that says how. Needs `uv` on the PATH or in .venv.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
lock() { uv pip compile -q --generate-hashes --no-annotate --no-header "$@"; }
compile() { lock --universal --python-version 3.11 "$@"; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
compile requirements/bootstrap.in -o requirements/bootstrap.txt
compile pyproject.toml --extra check requirements/run.in -o requirements/run.txt
compile pyproject.toml --extra check --extra rehearsal requirements/run.in -c requirements/run.txt -o requirements/rehearsal.txt
compile pyproject.toml --extra check --extra rehearsal --group dev requirements/run.in -c requirements/rehearsal.txt -o requirements/dev.txt
compile --group docs -c requirements/dev.txt -o requirements/docs.txt
# The lowest versions of what the library asks for, with today's test tools; without Spark, which is half a gigabyte and no construct needs.
uv pip compile -q --universal --python-version 3.11 --no-header --resolution lowest-direct pyproject.toml --extra check requirements/lowest.in -o "$scratch/lowest.txt"
compile pyproject.toml --extra check --group dev requirements/lowest.in -c "$scratch/lowest.txt" -o requirements/lowest.txt
# The other Spark, with today's test tools.
grep -v '^py4j==\|^pyspark==\|^    ' requirements/dev.txt | cut -d' ' -f1 > "$scratch/dev.txt"
compile requirements/spark4.in -c "$scratch/dev.txt" -o requirements/spark4.txt
# What the job needs beyond what Glue has: the PyIceberg of the tests; of the rest Glue's own versions. A job compiles nothing.
sed -n 's/^pyiceberg==\([^ ]*\).*/pyiceberg[glue,pyarrow]==\1/p' requirements/dev.txt > "$scratch/job.in"
for glue in 5.0=3.11 5.1=3.11 6.0=3.13; do
  lock --python-platform x86_64-manylinux_2_28 --python-version "${glue#*=}" --only-binary :all: \
    -c "requirements/glue/${glue%=*}.txt" "$scratch/job.in" -o "constructs_lib/runtime/ingestion/requirements-glue-${glue%=*}.txt"
done
