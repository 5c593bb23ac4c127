"""Faults of the emulator that a lake runs into, mended where they are; each module names one service, each mend the fault."""

from __future__ import annotations

import importlib
import pkgutil


def install() -> None:
    """Puts every repair into the emulator of this process: each module here has an `install()`."""
    for module in sorted(each.name for each in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}").install()
