"""All adapters by type; each module of `services` declares those of one AWS service in `ADAPTERS`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from lakecheck.rehearsal.adapters import services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.rehearsal.adapters.model import Adapter


@cache
def adapters() -> Mapping[str, Adapter]:
    """Every adapter by its type.

    Raises:
        ValueError: If two modules declare one type.
    """
    found: dict[str, Adapter] = {}
    for module in sorted(each.name for each in pkgutil.iter_modules(services.__path__)):
        for adapter in importlib.import_module(f"{services.__name__}.{module}").ADAPTERS:
            if adapter.type in found:
                msg = f"two adapters for {adapter.type}; one type has one entry"
                raise ValueError(msg)
            found[adapter.type] = adapter
    return found
