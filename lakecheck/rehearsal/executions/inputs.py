"""What a target is given of an event: all of it, a part of it, a constant, or a template with parts of it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEP: Final = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]|\[\"([^\"]+)\"\]")
_NAME: Final = re.compile(r"<([A-Za-z0-9_.-]+)>")
_ABSENT: Final = object()


def text_for(target: Mapping[str, Any], event: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """What is sent to a target.

    Args:
        target: As PutTargets has it.
        event: The event.
        known: EventBridge's own variables by name: `aws.events.rule-arn`.
    """
    if (constant := target.get("Input")) is not None:
        return str(constant)
    if (path := target.get("InputPath")) is not None:
        return json.dumps(at(event, path))
    if (transformer := target.get("InputTransformer")) is not None:
        found = {name: at(event, path, _ABSENT) for name, path in (transformer.get("InputPathsMap") or {}).items()}
        values = {**known, **{name: value for name, value in found.items() if value is not _ABSENT}}
        return _filled(str(transformer["InputTemplate"]), values)
    return json.dumps(event)


def at(value: Any, path: str, default: Any = None) -> Any:
    """What is at a JSON path such as `$.detail.object['version-id']`; the default where nothing is."""
    for found in _STEP.finditer(path.removeprefix("$")):
        name, index, *quoted = found.groups()
        key = name or quoted[0] or quoted[1]
        if index is not None:
            if not isinstance(value, list) or int(index) >= len(value):
                return default
            value = value[int(index)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return default
    return value


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """A template with its variables: within quotes as text, elsewhere as JSON.

    One that the event lacks is nothing within quotes, else null. A template that is no JSON is text,
    line by line: there a value stands as it is.
    """
    quoted = _in_quotes(template)
    is_json = template.lstrip()[:1] in ("{", "[", '"') or _NAME.fullmatch(template.strip()) is not None
    parts, last = [], 0
    for found in _NAME.finditer(template):
        value = values.get(found[1], _ABSENT)
        if quoted[found.start()]:
            text = "" if value is _ABSENT else _inside(value)
        elif is_json:
            text = "null" if value is _ABSENT else json.dumps(value)
        else:
            text = "" if value is _ABSENT else _plain(value)
        parts += [template[last : found.start()], text]
        last = found.end()
    return "".join([*parts, template[last:]])


def _in_quotes(template: str) -> list[bool]:
    """Of each letter whether it is inside of a quoted text."""
    told, inside, escaped = [], False, False
    for letter in template:
        told.append(inside)
        if letter == '"' and not escaped:
            inside = not inside
        escaped = letter == "\\" and not escaped
    return told


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _inside(value: Any) -> str:
    return json.dumps(_plain(value))[1:-1]
