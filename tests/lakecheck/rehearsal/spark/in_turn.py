"""Runs scripts one after the other in one process, which saves starting a Java for each: a JSON list of a path and arguments each."""

import json
import runpy
import sys

for run in map(json.loads, sys.argv[1:]):
    sys.argv = run
    runpy.run_path(run[0], run_name="__main__")
