"""The script that Glue starts. The program is the package `ingestion`, in a zip beside it, or this installed library."""

from __future__ import annotations

import sys

try:
    from ingestion.run import main  # type: ignore[import-not-found,unused-ignore]
except ModuleNotFoundError as missing:
    if missing.name != "ingestion":
        raise
    from constructs_lib.runtime.ingestion.run import main

if __name__ == "__main__":
    code = main(sys.argv[1:])
    if code:
        sys.exit(code)
