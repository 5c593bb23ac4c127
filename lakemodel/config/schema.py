"""The JSON Schema of `lake.yaml`, for editors and other tools; made from the model and committed as `config/lake.schema.json`.

It knows shapes, not what has to fit together: `lakecheck config validate` checks both.
"""

from __future__ import annotations

import json
from typing import Any

from lakemodel.config.model import LakeConfig

DIALECT = "http://json-schema.org/draft-07/schema#"


def config_schema() -> dict[str, Any]:
    """The schema as JSON-ready data."""
    schema: dict[str, Any] = simplified(LakeConfig.model_json_schema(ref_template="#/definitions/{model}"))
    definitions = schema.pop("$defs")
    return {"$schema": DIALECT, "title": "lake.yaml", **schema, "definitions": definitions}


def config_schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"


def simplified(node: Any) -> Any:
    """Without generated titles; keys of mappings are checked as keys, so that a bad one is refused instead of passed over."""
    if isinstance(node, list):
        return [simplified(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    simple = {key: simplified(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    if "patternProperties" in simple:
        ((pattern, value),) = simple.pop("patternProperties").items()
        simple["propertyNames"] = {"pattern": pattern, **simple.get("propertyNames", {})}
        simple["additionalProperties"] = value
    return simple
