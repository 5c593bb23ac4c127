"""The JSON Schema of lake.yaml: committed as the model makes it, and of one mind with it about shapes."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from lakemodel import yaml_source
from lakemodel.config.schema import config_schema, config_schema_text
from tests.unit.config.support import REFERENCE, ROOT, changed, valid

COMMITTED = ROOT / "config" / "lake.schema.json"


def validator() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(config_schema())


def objects(node: Any) -> list[dict[str, Any]]:
    """Every schema of an object with named properties."""
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    below = [found for each in inside for found in objects(each)]
    return below + ([node] if isinstance(node, dict) and isinstance(node.get("properties"), dict) and "type" in node else [])


def test_the_committed_schema_is_the_models() -> None:
    """After a change of the model run `lakecheck config schema > config/lake.schema.json`."""
    assert COMMITTED.read_text(encoding="utf-8") == config_schema_text()


def test_the_reference_names_the_schema_and_satisfies_it() -> None:
    """Editors find it through the first line."""
    assert REFERENCE.read_text().splitlines()[0] == f"# yaml-language-server: $schema={COMMITTED.name}"
    jsonschema.Draft7Validator.check_schema(config_schema())
    assert list(validator().iter_errors(yaml_source.load(REFERENCE).data)) == []


def test_every_key_is_described_and_no_unknown_one_allowed() -> None:
    """What editors show beside a key, and underline."""
    found = objects(config_schema())
    assert len(found) >= 10
    for each in found:
        assert each["additionalProperties"] is False
        for name, key in each["properties"].items():
            assert len(key.get("description", "")) > 10, name


@pytest.mark.parametrize(
    "changes",
    [
        {"unknown": 1},
        {"version": 2},
        {"environments": {"Dev": valid()["environments"]["dev"]}},
        {"organization__management": 444444444499},
        {"environments__dev__lakes": {}},
        {"environments__dev__protection": "strikt"},
        {"personas__analyst__principal": {}},
        {"personas__analyst__principal": {"permission_set": "A", "role": "B", "trusted_account": "c"}},
        {"personas__analyst__read__zones": ["landing"]},
        {"policies": {"missing_domain": "sales"}},
    ],
)
def test_the_schema_refuses_what_the_model_refuses(changes: dict[str, Any]) -> None:
    """An editor underlines what validation would refuse for its shape."""
    assert list(validator().iter_errors(valid())) == []
    assert list(validator().iter_errors(changed(**changes)))
