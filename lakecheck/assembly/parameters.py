"""The values of a template's parameters: given ones, what a parent passes, defaults, SSM parameters.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.absent import NO_VALUE
from lakecheck.values import Unknown, has_hole, hole, shown

if TYPE_CHECKING:
    from lakecheck.assembly.scopes import StackScope

_LISTS: Final = ("CommaDelimitedList", "List<")
_SSM_VALUE: Final = "AWS::SSM::Parameter::Value<"


def parameter_value(scope: StackScope, name: str) -> Any:
    """What `Ref` of the parameter gives: a text, a list, a hole."""
    entry = scope.parameters.get(name)
    if not isinstance(entry, dict):
        return Unknown(f"{scope.path}: parameter {name} is no object")
    kind = entry.get("Type") if isinstance(entry.get("Type"), str) else "String"
    kind = kind if isinstance(kind, str) else "String"
    from_ssm = kind.startswith(_SSM_VALUE)
    kind = kind.removeprefix(_SSM_VALUE) if from_ssm else kind
    unknown = f"parameter {name} of {scope.path}"
    raw = _raw(scope, name, entry)
    if str(entry.get("NoEcho")).lower() == "true" or raw is None or isinstance(raw, Unknown):
        reason = f"{unknown}: {raw.reason}" if isinstance(raw, Unknown) else unknown
        return Unknown(reason) if kind.startswith(_LISTS) else hole(shown(reason))
    value = raw
    if from_ssm:
        value = scope.world.ssm_value(scope, scope.evaluator.as_text(raw))
    return _typed(scope, value, kind, unknown)


def _raw(scope: StackScope, name: str, entry: dict[str, Any]) -> Any:
    given = scope.world.given(scope, name)
    if given is not None:
        return given
    if scope.parent is not None:
        passed = scope.parent.prop(scope.stack.parent_logical_id, f"Parameters.{name}")
        if passed is not None and passed is not NO_VALUE:
            return passed
    default = entry.get("Default")
    return scope.evaluator.at(("Parameters", name, "Default"), default) if isinstance(default, str) else default


def _typed(scope: StackScope, value: Any, kind: str, unknown: str) -> Any:
    if kind.startswith(_LISTS):
        if isinstance(value, list):
            return value
        text = value if isinstance(value, str) else scope.evaluator.as_text(value)
        if has_hole(text):
            return Unknown(f"{unknown}: {shown(text)}")
        return [piece.strip() for piece in text.split(",")] if text else []
    if isinstance(value, list):
        return ",".join(scope.evaluator.as_text(each) for each in value)
    if isinstance(value, dict):
        return Unknown(f"{unknown}: an object is no value of a parameter")
    return scope.evaluator.as_text(value)
