"""A small valid lake.yaml as data, ways to change one value of it, and what is said about the result."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakemodel import yaml_source
from lakemodel.config.loader import read_config
from lakemodel.errors import InvalidInput

if TYPE_CHECKING:
    from lakemodel.findings import Finding

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / "config" / "lake.yaml"
REMOVED = object()

_VALID: dict[str, Any] = {
    "version": 1,
    "organization": {"id": "o-exampleorgid", "management": "111111111111", "log_archive": "222222222222", "security": "333333333333"},
    "break_glass_role": "BreakGlass",
    "environments": {
        "dev": {
            "lakes": {"main": "444444444401"},
            "consumers": {"analytics": "444444444402"},
            "region": "eu-west-1",
            "protection": "standard",
        },
        "prod": {
            "lakes": {"main": "444444444421"},
            "consumers": {"analytics": "444444444422"},
            "region": "eu-west-1",
            "protection": "strict",
        },
    },
    "domains": {"sales": {"lake": "main", "owner": "sales-data@example.com"}, "travel": {"lake": "main", "owner": "travel@example.com"}},
    "classifications": ["public", "internal", "restricted"],
    "personas": {
        "analyst": {
            "principal": {"permission_set": "Analyst"},
            "account": "analytics",
            "read": {"zones": ["curated"], "classifications": ["public", "internal"]},
        },
        "reader": {
            "principal": {"role": "Reader", "trusted_account": "analytics"},
            "account": "analytics",
            "read": {"zones": ["curated", "quarantine"], "classifications": ["restricted"], "domains": ["sales"]},
        },
    },
    "policies": {"number_without_precision": {"decimal": "38,2"}, "missing_domain": {"use": "sales"}},
}


def valid() -> dict[str, Any]:
    """A fresh copy of the data."""
    return copy.deepcopy(_VALID)


def changed(**changes: Any) -> dict[str, Any]:
    """The valid data with values put at dotted paths written with two underscores; `REMOVED` takes a key out."""
    return put(valid(), {key.replace("__", "."): value for key, value in changes.items()})


def put(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Puts values at dotted paths."""
    for path, value in changes.items():
        *parents, key = path.split(".")
        target = data
        for parent in parents:
            target = target[parent]
        if value is REMOVED:
            del target[key]
        else:
            target[key] = value
    return data


def document(data: dict[str, Any]) -> yaml_source.Document:
    """The data as a document; JSON is YAML, so that nothing is lost on the way."""
    return yaml_source.parse(json.dumps(data, indent=1).encode(), file="lake.yaml")


def findings(data: dict[str, Any]) -> tuple[Finding, ...]:
    """Everything said about data that has to be refused."""
    with pytest.raises(InvalidInput) as caught:
        read_config(document(data))
    return caught.value.findings


def said(data: dict[str, Any]) -> dict[str, str]:
    """The findings as path -> code."""
    return {finding.place.path: finding.code for finding in findings(data)}
