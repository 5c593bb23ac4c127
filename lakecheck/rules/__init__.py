"""The rules that no other tool has, one a module; a folder is a family, and a rule's id is where it stands.

`all_rules` finds them by their modules, so that a new file is a new rule. `lakecheck.checks.rules` applies them.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from lakecheck.rules.base import Cases, Complaint, Rule, of_estate, of_type, value

__all__ = ["Cases", "Complaint", "Rule", "all_rules", "of_estate", "of_type", "value"]


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of the project, by family and name."""
    found = []
    for family in pkgutil.iter_modules(__path__):
        if family.ispkg:
            package = importlib.import_module(f"{__name__}.{family.name}")
            found += [f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)]
    rules = [importlib.import_module(name).RULE for name in sorted(found) if not name.rpartition(".")[2].startswith("_")]
    return tuple(rules)
