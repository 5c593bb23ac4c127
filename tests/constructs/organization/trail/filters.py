"""Metric filters on JSON events as CloudWatch Logs documents them: enough of the syntax for ours, and an error for the rest.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html. Where a property is missing, a comparison does not
match, whichever operator it has: the page does not say what `!=` does then, so no pattern may depend on it.
"""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r"\s*(?:(?P<mark>[{}()]|&&|\|\||!=|=)|(?P<text>\"[^\"]*\")|(?P<path>\$[.\w]+)|(?P<words>IS FALSE|IS TRUE|NOT EXISTS))")
_MISSING = object()


def matches(pattern: str, event: dict[str, Any]) -> bool:
    """Whether CloudWatch Logs counts `event` for a metric filter with that pattern."""
    tokens, at = [], 0
    while at < len(pattern.rstrip()):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise ValueError(f"not understood: {pattern[at:]}")
        tokens.append(found[found.lastgroup or 0])
        at = found.end()
    if tokens[0] != "{" or tokens[-1] != "}":
        raise ValueError(f"no braces around {pattern}")
    result, rest = _either(tokens[1:-1], event)
    if rest:
        raise ValueError(f"left over: {rest}")
    return result


def _either(tokens: list[str], event: dict[str, Any]) -> tuple[bool, list[str]]:
    result, tokens = _both(tokens, event)
    while tokens[:1] == ["||"]:
        right, tokens = _both(tokens[1:], event)
        result = result or right
    return result, tokens


def _both(tokens: list[str], event: dict[str, Any]) -> tuple[bool, list[str]]:
    result, tokens = _term(tokens, event)
    while tokens[:1] == ["&&"]:
        right, tokens = _term(tokens[1:], event)
        result = result and right
    return result, tokens


def _term(tokens: list[str], event: dict[str, Any]) -> tuple[bool, list[str]]:
    if tokens[0] == "(":
        result, rest = _either(tokens[1:], event)
        assert rest[0] == ")", rest
        return result, rest[1:]
    value = _at(event, tokens[0])
    match tokens[1]:
        case "NOT EXISTS":
            return value is _MISSING, tokens[2:]
        case "IS FALSE":
            return value is False, tokens[2:]
        case "IS TRUE":
            return value is True, tokens[2:]
        case operator:
            same = isinstance(value, str) and _like(tokens[2].strip('"'), value)
            return value is not _MISSING and same == (operator == "="), tokens[3:]


def _like(wanted: str, value: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, wanted.split("*"))), value) is not None


def _at(event: Any, path: str) -> Any:
    for part in path.removeprefix("$.").split("."):
        if not isinstance(event, dict) or part not in event:
            return _MISSING
        event = event[part]
    return event
