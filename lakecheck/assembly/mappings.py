"""`Fn::FindInMap`, also with a default and with keys that are not known.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-findinmap-enhancements.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.values import Unknown, has_hole, hole, shown

if TYPE_CHECKING:
    from lakecheck.assembly.intrinsics import Evaluator

_SHAPE: Final = (3, 4)


def find(evaluator: Evaluator, argument: Any) -> Any:
    """The mapping's value; with an unknown key the one value that all fitting keys have."""
    if not isinstance(argument, list) or len(argument) not in _SHAPE:
        return evaluator.unknown("`Fn::FindInMap` has not the shape [mapping, key, key]")
    name, top, second = (evaluator.text(each) for each in argument[:3])
    mapping = evaluator.scope.mapping(name)
    default = argument[3] if len(argument) == max(_SHAPE) else None
    found: list[Any] = []
    if mapping is not None:
        found = [value for inner in _at(mapping, top) if isinstance(inner, dict) for value in _at(inner, second)]
    known = not has_hole(name) and not has_hole(top) and not has_hole(second)
    if known and found:
        return evaluator.value(found[0])
    if isinstance(default, dict) and "DefaultValue" in default:
        if known:
            return evaluator.value(default["DefaultValue"])
        found.append(default["DefaultValue"])
    if not known and found and _all_equal(found):
        return evaluator.value(found[0])
    if known:
        return evaluator.unknown(f"mapping {name} has no value for {top}, {second}")
    reason = f"{evaluator.scope.path}: the value of mapping {shown(name)} for {shown(top)}, {shown(second)}"
    return hole(reason) if found and all(isinstance(value, str) for value in found) else Unknown(reason)


def _all_equal(values: list[Any]) -> bool:
    try:
        return all(type(value) is type(values[0]) and value == values[0] for value in values)
    except RecursionError:
        return False


def _at(data: Any, key: str) -> list[Any]:
    if has_hole(key):
        return list(data.values())
    return [data[key]] if key in data else []
