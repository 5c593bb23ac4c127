"""`python -m lakecheck` is the `lakecheck` command."""

import sys

from lakecheck.cli import main

if __name__ == "__main__":
    sys.exit(main())
