"""`python -m lakecheck.rehearsal.emulator`."""

import sys

from lakecheck.rehearsal.emulator.server import main

sys.exit(main())
