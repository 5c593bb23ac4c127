"""Evaluates one value of a template: its intrinsic functions, whatever shape they have; a value without any is given back as it is.

The functions: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from lakecheck.assembly import text_functions
from lakecheck.assembly.absent import NO_VALUE, Perhaps
from lakecheck.formula import FALSE, TRUE, Formula, Unresolved, all_of, any_of, negate
from lakecheck.values import Unknown, hole, shown, wholly_known

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_DEPTH: Final = 200
"""Steps of nesting and of references through other values, past which a value is not known."""

MAX_TEXT: Final = 1_000_000
"""Characters of a text, past which it is not known; a whole template may have as many bytes."""

_FUNCTION = "Fn::"
_LOOP = "Fn::ForEach::"


def _not(parts: list[Formula]) -> Formula:
    return negate(all_of(parts))


_CONNECTIVES: Final[dict[str, Callable[[list[Formula]], Formula]]] = {"Fn::And": all_of, "Fn::Or": any_of, "Fn::Not": _not}


class Scope(Protocol):
    """What the functions of one template can name."""

    path: str

    def reference(self, name: str) -> Any:
        """What `Ref` gives; None for an unknown name."""

    def attribute(self, logical_id: str, name: str) -> Any:
        """What `Fn::GetAtt` gives; None for an unknown resource."""

    def condition(self, name: str) -> Formula | None:
        """The condition; None for an unknown name."""

    def mapping(self, name: str) -> Mapping[str, Any] | None:
        """The mapping; None for an unknown name."""

    def imported(self, name: str) -> Any:
        """What the export gives."""

    def stack_output(self, stack: str, output: str, region: str, role: str) -> Any:
        """The other stack's output."""

    def dynamic(self, text: str) -> str:
        """The text, each dynamic reference in it replaced."""

    def zones(self, region: str) -> Any:
        """The availability zones of a Region; of the stack's own when it is empty."""

    def is_name(self, hole: str) -> bool:
        """Whether the hole stands for a name, in which no punctuation can be but dots, dashes and underscores."""


class Evaluator:
    """Evaluates values of one template.

    Args:
        scope: What they can name.
        depth: How deep the evaluation is at present, one number shared by all templates.
    """

    def __init__(self, scope: Scope, depth: Depth) -> None:
        self.scope = scope
        self.depth = depth
        self.trail: list[str | int] = []
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::If": self._if,
            "Fn::FindInMap": self._find_in_map,
            "Fn::ImportValue": self._import_value,
            "Fn::GetStackOutput": self._get_stack_output,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Split": self._split,
            "Fn::Select": self._select,
            "Fn::Base64": self._base64,
            "Fn::Cidr": self._cidr,
            "Fn::GetAZs": self._zones,
            "Fn::Length": self._length,
            "Fn::ToJsonString": self._to_json,
            "Fn::Transform": self._transform,
        }

    # --- values ------------------------------------------------------------------------------------------------------------------------

    def at(self, place: tuple[str | int, ...], value: Any) -> Any:
        """The value of what stands at a place of the template, such as `("Bucket", "Properties", "BucketName")`."""
        saved, self.trail = self.trail, list(place)
        try:
            return self.value(value)
        finally:
            self.trail = saved

    def value(self, data: Any) -> Any:
        """The value; the very same object when nothing in it is to be evaluated."""
        if type(data) is str:
            return self._text(data) if "{{resolve:" in data or not data.isascii() else data
        inner: Callable[[Any], Any]
        cost = 1
        if type(data) is dict and len(data) == 1 and _is_function(next(iter(data))):
            inner, cost = self._function, 2
        elif type(data) is dict:
            inner = self._object
        elif type(data) is list:
            inner = self._list
        else:
            return data if isinstance(data, str | int | float | Unknown) or data is None else self._other(data)
        if self.depth.too_deep():
            return self.unknown("nested too deeply")
        self.depth.now += cost
        mark = len(self.trail)
        try:
            return inner(data)
        except RecursionError:  # the caller was deep already
            del self.trail[mark:]
            self.depth.cuts += 1
            return self.unknown("nested too deeply")
        finally:
            self.depth.now -= cost

    def unknown(self, what: str) -> Unknown:
        """What is not known at the place that is being evaluated."""
        place = ".".join(map(str, self.trail[:12]))
        return Unknown(f"{self.scope.path}/{place}: {what}" if place else f"{self.scope.path}: {what}")

    def text(self, data: Any) -> str:
        """The value as a piece of text, a hole where it is not known."""
        return self.as_text(self.value(data))

    def as_text(self, value: Any) -> str:
        """A value as a piece of text, as CloudFormation would put it there."""
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        return hole((value if isinstance(value, Unknown) else self.unknown("no text")).reason)

    def literal(self, text: str) -> str | Unknown:
        """A text as it stands in the template; not known when it has a character that marks holes."""
        if not text.isascii() and any("\ue000" <= character <= "\ue0ff" for character in text):
            return self.unknown("the text has a character for private use, which marks what is not known here")
        return text

    def _text(self, text: str) -> Any:
        checked = self.literal(text)
        return self.scope.dynamic(text) if checked is text and "{{resolve:" in text else checked

    def _other(self, data: Any) -> Any:
        return data if data is NO_VALUE else self.unknown(f"got a {type(data).__name__}, which no template can have")

    def _object(self, data: dict[Any, Any]) -> Any:
        changed: dict[Any, Any] | None = None
        trail = self.trail
        for key, each in data.items():
            if isinstance(key, str) and key[:4] == _FUNCTION:
                return self._expanded(data) if key.startswith(_LOOP) else self.unknown(f"`{key}` stands beside other keys")
            if type(each) is str and each.isascii() and "{{resolve:" not in each:
                continue
            trail.append(key)
            new = self.value(each)
            trail.pop()
            if new is not each:
                changed = dict(data) if changed is None else changed
                changed[key] = new
        if changed is None:
            return data
        return {key: each for key, each in changed.items() if each is not NO_VALUE}

    def _list(self, data: list[Any]) -> list[Any]:
        changed: list[Any] | None = None
        trail = self.trail
        trail.append(0)
        for index, each in enumerate(data):
            if type(each) is str and each.isascii() and "{{resolve:" not in each:
                continue
            trail[-1] = index
            new = self.value(each)
            if new is not each:
                changed = list(data) if changed is None else changed
                changed[index] = new
        trail.pop()
        if changed is None:
            return data
        return [each for each in changed if each is not NO_VALUE]

    def _function(self, data: dict[str, Any]) -> Any:
        name, argument = next(iter(data.items()))
        function = self._functions.get(name)
        if function is None:
            return self._expanded(data) if name.startswith(_LOOP) else self.unknown(f"`{name}` is no known function")
        value = function(argument)
        if isinstance(value, str) and len(value) > MAX_TEXT:
            return self.unknown("the text is too long")
        return value

    def _expanded(self, data: dict[str, Any]) -> Any:
        from lakecheck.assembly.loops import expand  # noqa: PLC0415 - only for the rare template with loops

        expanded = expand(data, self.value)
        return self.value(expanded) if isinstance(expanded, dict) else self.unknown(expanded)

    # --- names -------------------------------------------------------------------------------------------------------------------------

    def _ref(self, argument: Any) -> Any:
        if not isinstance(argument, str):
            argument = self.value(argument)
        if not isinstance(argument, str):
            return self.unknown("`Ref` of what is no name")
        value = self.scope.reference(argument)
        return self.unknown(f"`Ref` of {argument}, which the template has not") if value is None else value

    def _get_att(self, argument: Any) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if not isinstance(parts, list) or len(parts) < 2 or not isinstance(parts[0], str):  # noqa: PLR2004 - resource and attribute
            return self.unknown("`Fn::GetAtt` has not the shape [resource, attribute]")
        attribute = ".".join(self.text(part) for part in parts[1:])
        return self.named_attribute(parts[0], attribute)

    def named_attribute(self, logical_id: str, attribute: str) -> Any:
        """What `Fn::GetAtt` gives."""
        value = self.scope.attribute(logical_id, attribute)
        return self.unknown(f"`Fn::GetAtt` of {logical_id}, which the template has not") if value is None else value

    def named(self, name: str) -> Any:
        """What `${name}` in a `Fn::Sub` gives, without the function's own variables."""
        if "." in name:
            return self.named_attribute(*name.split(".", 1))
        return self._ref(name)

    def _import_value(self, argument: Any) -> Any:
        return self.scope.imported(self.text(argument))

    def _get_stack_output(self, argument: Any) -> Any:
        if not isinstance(argument, dict) or not {"StackName", "OutputName"} <= set(argument):
            return self.unknown("`Fn::GetStackOutput` has no StackName or no OutputName")
        stack, output, region, role = (
            self.text(argument[key]) if key in argument else "" for key in ("StackName", "OutputName", "Region", "RoleArn")
        )
        return self.scope.stack_output(stack, output, region, role)

    def _zones(self, argument: Any) -> Any:
        return self.scope.zones(self.text(argument))

    def _transform(self, argument: Any) -> Any:
        name = argument.get("Name") if isinstance(argument, dict) else argument
        return self.unknown(f"the macro {name if isinstance(name, str) else '?'} makes it")

    def _find_in_map(self, argument: Any) -> Any:
        from lakecheck.assembly.mappings import find  # noqa: PLC0415 - it needs this module

        return find(self, argument)

    # --- choices -----------------------------------------------------------------------------------------------------------------------

    def _if(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[0], str):  # noqa: PLR2004 - name, then, else
            return self.unknown("`Fn::If` has not the shape [condition, then, else]")
        name, then, otherwise = argument
        formula = self.scope.condition(name)
        if formula is None:
            return self.unknown(f"`Fn::If` of condition {name}, which the template has not")
        if formula in (TRUE, FALSE):
            return self.value(then if formula == TRUE else otherwise)
        one, other = self.value(then), self.value(otherwise)
        if one is other or (type(one) is type(other) and one == other):
            return one
        if isinstance(one, str) and isinstance(other, str):
            return text_functions.either(one, other, f"condition {name} of {self.scope.path}")
        reason = self.unknown(f"it depends on condition {name}").reason
        return Perhaps(reason) if one is NO_VALUE or other is NO_VALUE else Unknown(reason)

    def formula(self, data: Any) -> Formula:
        """A condition, as it stands in `Conditions` or inside another one."""
        if self.depth.too_deep():
            return Unresolved(self.unknown("nested too deeply").reason)
        self.depth.now += 2
        try:
            return self._formula(data)
        except RecursionError:
            self.depth.cuts += 1
            return Unresolved(self.unknown("nested too deeply").reason)
        finally:
            self.depth.now -= 2

    def _formula(self, data: Any) -> Formula:
        if isinstance(data, bool) or data in ("true", "false"):
            return TRUE if data in (True, "true") else FALSE
        name, argument = next(iter(data.items())) if isinstance(data, dict) and len(data) == 1 else ("", None)
        if name == "Condition" and isinstance(argument, str):
            found = self.scope.condition(argument)
            return Unresolved(self.unknown(f"the template has no condition {argument}").reason) if found is None else found
        if name in _CONNECTIVES and isinstance(argument, list):
            return _CONNECTIVES[name]([self.formula(each) for each in argument])
        if name == "Fn::Equals" and isinstance(argument, list) and len(argument) == 2:  # noqa: PLR2004 - two sides
            return self._equals(self.value(argument[0]), self.value(argument[1]))
        return Unresolved(self.unknown(f"`{name}` is no condition" if name else "no condition").reason)

    def _equals(self, one: Any, other: Any) -> Formula:
        if not isinstance(one, dict | list) and not isinstance(other, dict | list):
            one, other = self.as_text(one), self.as_text(other)
            if one == other:
                return TRUE
            if text_functions.surely_differ(one, other):
                return FALSE
        elif wholly_known(one) and wholly_known(other):
            return TRUE if one == other else FALSE
        first, second = sorted((shown(one), shown(other)))
        return Unresolved(f"{self.scope.path}: whether {first!r} is {second!r}")

    # --- text and lists ----------------------------------------------------------------------------------------------------------------

    def _sub(self, argument: Any) -> Any:
        return text_functions.substitute(self, argument)

    def _join(self, argument: Any) -> Any:
        return text_functions.join(self, argument)

    def _split(self, argument: Any) -> Any:
        return text_functions.split(self, argument)

    def _select(self, argument: Any) -> Any:
        return text_functions.select(self, argument)

    def _base64(self, argument: Any) -> Any:
        return text_functions.base64(self, argument)

    def _to_json(self, argument: Any) -> Any:
        return text_functions.to_json(self, argument)

    def _length(self, argument: Any) -> Any:
        return text_functions.length(self, argument)

    def _cidr(self, argument: Any) -> Any:
        return text_functions.cidr(self, argument)


class Depth:
    """How deep an evaluation is."""

    __slots__ = ("cuts", "now")
    hop = 8
    """What a reference through another value counts for."""

    def __init__(self) -> None:
        self.now = 0
        self.cuts = 0
        """How often something was not followed."""

    def too_deep(self) -> bool:
        """Whether nothing further may be followed."""
        if self.now < MAX_DEPTH:
            return False
        self.cuts += 1
        return True


def has_function(data: Any) -> bool:
    """Whether the value itself, not only what is in it, is made by a function."""
    return isinstance(data, dict) and any(
        isinstance(key, str) and (key[:4] == _FUNCTION or (key == "Ref" and len(data) == 1)) for key in data
    )


def _is_function(key: Any) -> bool:
    return isinstance(key, str) and (key == "Ref" or key.startswith(_FUNCTION))
