"""Holds the page about contracts to the code: every finding, property and limit."""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
import re

import pytest

import lakemodel.contracts
import lakemodel.locks
import lakemodel.types
from lakemodel.contracts.context import MAX_NAME, MAX_PRODUCT_NAME, RESERVED_COLUMNS
from lakemodel.contracts.vendor import COLUMN_PROPERTIES, TABLE_PROPERTIES

from .support import ROOT

PAGE = (ROOT / "docs/reference/contracts.md").read_text(encoding="utf-8")
SOURCES = "\n".join(
    path.read_text(encoding="utf-8").replace("from __future__ import annotations", "")
    for path in (ROOT / "lakemodel/contracts").glob("*.py")
)
CODE_AT = {"error": 1, "warning": 1, "note": 1, "tell": 1, "unknown_word": 1, "gather": 2, "say": 2, "_tell": 2}
PACKAGES = (lakemodel.contracts, lakemodel.types, lakemodel.locks)
MODULES = [f"{package.__name__}.{module.name}" for package in PACKAGES for module in pkgutil.iter_modules(package.__path__)]


def codes_in(source: str) -> set[str]:
    """The codes that the calls in a source report."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            at = CODE_AT.get(node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
            if at is not None and len(node.args) > at:
                found |= {part.value for part in ast.walk(node.args[at]) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return found


def test_explains_every_code():
    """A code that the documentation lacks is a code that nobody can look up."""
    used = codes_in(SOURCES) | set(re.findall(r'"contract\.([a-z_]+)"', SOURCES))
    documented = set(re.findall(r"`contract\.([a-z_]+)`", PAGE))
    assert len(used) > 50
    assert used <= documented
    assert {code for code in documented if f'"{code}"' not in SOURCES and f'"contract.{code}"' not in SOURCES} == set()


def test_names_every_property_of_this_project():
    """And no other."""
    for name in (*TABLE_PROPERTIES, *COLUMN_PROPERTIES):
        assert f"`{name}`" in PAGE


def test_states_the_real_limits():
    """Numbers in prose are those in code."""
    assert f"at most {MAX_PRODUCT_NAME} characters" in PAGE
    assert f"at most {MAX_NAME} characters" in PAGE
    for name in RESERVED_COLUMNS:
        assert f"`{name}`" in PAGE


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str):
    """What a docstring shows is what happens."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0
