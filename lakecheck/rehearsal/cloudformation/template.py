"""Evaluates a template against what was made so far: intrinsic functions, conditions, parameters, and what a resource waits for.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lakemodel.errors import DataLakeError

NO_VALUE: Final = object()
"""What `AWS::NoValue` is: the property is left out."""

_HOLE: Final = re.compile(r"\$\{(!?)([^}]+)\}")
_DYNAMIC: Final = re.compile(r"\{\{resolve:([^}]+)\}\}")


class TemplateError(DataLakeError):
    """A template that CloudFormation would refuse, or a function that is not known here."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="template_refused")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a template's references lead to.

    Attributes:
        template: The template.
        values: Parameters and pseudo parameters by name.
        reference: The physical id of a resource.
        attribute: An attribute of a resource.
        exported: The value of an export.
        dynamic: What a dynamic reference leads to, by the text behind `resolve:`.
        stack_output: An output of another stack: name of the stack, of the output, Region (or None).
    """

    template: Mapping[str, Any]
    values: Mapping[str, Any]
    reference: Callable[[str], Any]
    attribute: Callable[[str, str], Any]
    exported: Callable[[str], Any]
    dynamic: Callable[[str], str]
    stack_output: Callable[[str, str, str | None], Any]
    _conditions: dict[str, bool] = field(default_factory=dict)

    def condition(self, name: str) -> bool:
        """Whether a condition holds."""
        if name not in self._conditions:
            stated = self.template.get("Conditions", {})
            if name not in stated:
                msg = f"the template has no condition {name!r}"
                raise TemplateError(msg)
            self._conditions[name] = bool(self.evaluate(stated[name]))
        return self._conditions[name]

    def evaluate(self, value: Any) -> Any:
        """A value with every function in it resolved."""
        if isinstance(value, Mapping):
            if len(value) == 1:
                name, argument = next(iter(value.items()))
                if name in ("Ref", "Condition") or str(name).startswith("Fn::"):
                    return self._function(name, argument)
            done = {key: self.evaluate(item) for key, item in value.items()}
            return {key: item for key, item in done.items() if item is not NO_VALUE}
        if isinstance(value, list):
            return [item for item in map(self.evaluate, value) if item is not NO_VALUE]
        return _DYNAMIC.sub(lambda hit: self.dynamic(hit[1]), value) if isinstance(value, str) else value

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Condition":
            # A policy's statement has a key of this name as well.
            return self.condition(argument) if isinstance(argument, str) else {name: self.evaluate(argument)}
        known = _FUNCTIONS.get(name)
        if known is None:
            msg = f"got the function {name}; the rehearsal knows {', '.join(sorted(_FUNCTIONS))}"
            raise TemplateError(msg)
        return known(self, argument)

    def ref(self, name: str) -> Any:
        """What `Ref` gives."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.values:
            return self.values[name]
        return self.reference(name)


def _get_att(scope: Scope, argument: Any) -> Any:
    name, _, attribute = argument.partition(".") if isinstance(argument, str) else (argument[0], ".", argument[1])
    return scope.attribute(name, scope.evaluate(attribute))


def _sub(scope: Scope, argument: Any) -> str:
    text, own = argument if isinstance(argument, list) else (argument, {})
    given = {name: scope.evaluate(value) for name, value in own.items()}

    def value(hit: re.Match[str]) -> str:
        literal, name = hit[1], hit[2].strip()
        if literal:
            return f"${{{hit[2]}}}"
        if name in given:
            return _text(given[name])
        return _text(_get_att(scope, name) if "." in name else scope.ref(name))

    return _HOLE.sub(value, text)


def _select(scope: Scope, argument: Any) -> Any:
    index, items = scope.evaluate(argument[0]), scope.evaluate(argument[1])
    if not 0 <= int(index) < len(items):
        msg = f"Fn::Select of item {index} of {len(items)}"
        raise TemplateError(msg)
    return items[int(index)]


def _find_in_map(scope: Scope, argument: Any) -> Any:
    name, *keys = [scope.evaluate(each) for each in argument[:3]]
    found: Any = scope.template.get("Mappings", {}).get(name)
    for key in keys:
        if not isinstance(found, Mapping) or str(key) not in found:
            if len(argument) > 3 and "DefaultValue" in argument[3]:  # noqa: PLR2004 - the fourth argument is optional
                return scope.evaluate(argument[3]["DefaultValue"])
            msg = f"the mapping {name!r} has no {'.'.join(map(str, keys))}"
            raise TemplateError(msg)
        found = found[str(key)]
    return scope.evaluate(found)


def _cidr(scope: Scope, argument: Any) -> list[str]:
    block, count, *bits = [scope.evaluate(each) for each in argument]
    network = ipaddress.ip_network(block)
    prefix = network.max_prefixlen - int(bits[0] if bits else 8)
    return [str(each) for each, _ in zip(network.subnets(new_prefix=prefix), range(int(count)), strict=False)]


def _join(scope: Scope, argument: Any) -> str:
    separator, items = argument[0], scope.evaluate(argument[1])
    return str(separator).join(map(_text, items))


def _if(scope: Scope, argument: Any) -> Any:
    return scope.evaluate(argument[1] if scope.condition(argument[0]) else argument[2])


def _equals(scope: Scope, argument: Any) -> bool:
    left, right = (scope.evaluate(each) for each in argument)
    return _text(left) == _text(right) if not isinstance(left, list | dict) else left == right


def _stack_output(scope: Scope, argument: Any) -> Any:
    given = scope.evaluate(argument)
    if isinstance(given, list):
        return scope.stack_output(given[0], given[1], given[2] if len(given) > 2 else None)  # noqa: PLR2004 - name, output, Region
    return scope.stack_output(given["StackName"], given["OutputName"], given.get("Region"))


_FUNCTIONS: Final[Mapping[str, Callable[[Scope, Any], Any]]] = {
    "Ref": lambda scope, argument: scope.ref(argument),
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": lambda scope, argument: str(scope.evaluate(argument[1])).split(argument[0]),
    "Fn::Select": _select,
    "Fn::If": _if,
    "Fn::And": lambda scope, argument: all(scope.evaluate(each) for each in argument),
    "Fn::Or": lambda scope, argument: any(scope.evaluate(each) for each in argument),
    "Fn::Not": lambda scope, argument: not scope.evaluate(argument[0]),
    "Fn::Equals": _equals,
    "Fn::Contains": lambda scope, argument: scope.evaluate(argument[1]) in scope.evaluate(argument[0]),
    "Fn::FindInMap": _find_in_map,
    "Fn::ImportValue": lambda scope, argument: scope.exported(scope.evaluate(argument)),
    "Fn::GetStackOutput": _stack_output,
    "Fn::Base64": lambda scope, argument: base64.b64encode(_text(scope.evaluate(argument)).encode()).decode(),
    "Fn::Cidr": _cidr,
    "Fn::Length": lambda scope, argument: len(scope.evaluate(argument)),
    "Fn::ToJsonString": lambda scope, argument: json.dumps(scope.evaluate(argument)),
    "Fn::GetAZs": lambda scope, argument: [f"{scope.evaluate(argument) or scope.values['AWS::Region']}{zone}" for zone in "abc"],
}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


def is_expanded(template: Mapping[str, Any]) -> bool:
    """Whether a macro makes resources of it in AWS that it does not name; none is run here."""
    stated = template.get("Transform", [])
    macros = [stated] if isinstance(stated, str) else stated
    return any(name != "AWS::LanguageExtensions" for name in macros) or any("Fn::ForEach" in name for name in template["Resources"])


def dependencies(resource: Mapping[str, Any], known: Mapping[str, Any]) -> set[str]:
    """The resources that have to be there before a resource is made: what it refers to, and its `DependsOn`."""
    stated = resource.get("DependsOn", [])
    named = {stated} if isinstance(stated, str) else set(stated)
    return {name for name in {*named, *references(resource.get("Properties", {}))} if name in known}


def references(value: Any) -> Iterator[str]:
    """What a value refers to by `Ref`, `Fn::GetAtt` and `Fn::Sub`: names of resources, parameters and pseudo parameters."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "Ref" and isinstance(item, str):
                yield item
            elif key == "Fn::GetAtt":
                yield item.partition(".")[0] if isinstance(item, str) else str(item[0])
            elif key == "Fn::Sub":
                yield from _in_sub(item)
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def _in_sub(argument: Any) -> Iterator[str]:
    text, own = argument if isinstance(argument, list) else (argument, {})
    for literal, name in _HOLE.findall(text):
        if not literal and name.strip() not in own:
            yield name.strip().partition(".")[0]
    yield from references(own)


def ordered(resources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Logical ids, each after those it depends on; otherwise in the order of the template.

    Raises:
        TemplateError: If resources wait for each other.
    """
    waits = {name: dependencies(resource, resources) for name, resource in resources.items()}
    done: dict[str, None] = {}
    while len(done) < len(waits):
        ready = [name for name in waits if name not in done and waits[name] <= done.keys()]
        if not ready:
            msg = f"Circular dependency between resources: [{', '.join(sorted(set(waits) - done.keys()))}]"
            raise TemplateError(msg)
        done.update(dict.fromkeys(ready))
    return list(done)
