"""Fits values of a template to the shape that an operation of boto3's takes: names but for case, texts to numbers, documents to text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def fit(client: Any, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as the operation takes them; what it has no parameter for is left out.

    Args:
        client: A client of boto3's.
        operation: Its method.
        parameters: By name; the case of letters does not count.
    """
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
    if model.input_shape is None:
        return {}
    fitted: dict[str, Any] = fitted_to(model.input_shape, parameters)
    return fitted


def fitted_to(shape: Any, value: Any) -> Any:  # noqa: PLR0911 - one for each kind of shape
    """A value in the form of one of botocore's shapes."""
    match shape.type_name:
        case "structure" if isinstance(value, Mapping):
            if shape.metadata.get("document") or getattr(shape, "is_document_type", False):
                return value
            members = {name.lower(): name for name in shape.members}
            named = {members[key.lower()]: item for key, item in value.items() if key.lower() in members}
            return {name: fitted_to(shape.members[name], item) for name, item in named.items() if item is not None}
        case "list":
            items = value if isinstance(value, list | tuple) else [value]
            return [fitted_to(shape.member, item) for item in items if item is not None]
        case "map" if isinstance(value, Mapping):
            return {str(key): fitted_to(shape.value, item) for key, item in value.items()}
        case "string" if isinstance(value, Mapping | list):
            return json.dumps(value)
        case "string":
            return _text(value)
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() == "true"
        case "integer" | "long":
            return int(float(value)) if isinstance(value, str) else int(value)
        case "float" | "double":
            return float(value)
    return value


def _text(value: Any) -> str:
    """CloudFormation gives a boolean to a text as JSON writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
