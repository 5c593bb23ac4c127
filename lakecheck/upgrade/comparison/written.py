"""Values as written, in a form that is equal for equal meaning: what is compared where a value cannot be resolved.

Names of parameters, conditions and mappings of one template mean nothing outside of it, so what they stand for takes their place;
`Fn::Sub` and `Fn::Join` of texts become the pieces they are made of.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lakecheck.assembly import StackTemplate

_VARIABLE: Final = re.compile(r"\$\{([^{}]*)\}")
_DEEPEST: Final = 60
_PAIR: Final = 2
_PARAMETER: Final = ("Type", "Default")


def is_function(data: Any) -> bool:
    """Whether a value as written is made by an intrinsic function."""
    if not isinstance(data, dict):
        return False
    return any(isinstance(key, str) and (key.startswith("Fn::") or (key == "Ref" and len(data) == 1)) for key in data)


class Written:
    """What is written in one template.

    Args:
        stack: The template.
        called: What the parameters are called in HEAD, by their name here; those left out are called the same.
    """

    def __init__(self, stack: StackTemplate, called: Mapping[str, str] | None = None) -> None:
        self._called = {} if called is None else called
        self._parameters, self._conditions, self._mappings = (
            section if isinstance(section, dict) else {}
            for section in (stack.bare.get(name) for name in ("Parameters", "Conditions", "Mappings"))
        )
        self._conditions_seen: dict[str, Any] = {}
        self._functions: dict[str, Callable[[Any, int], Any]] = {
            "Ref": self._ref,
            "Condition": self._tested,
            "Fn::GetAtt": self._attribute,
            "Fn::If": self._choice,
            "Fn::FindInMap": self._mapped,
            "Fn::Sub": self._substituted,
            "Fn::Join": self._joined,
        }

    def meaning(self, data: Any, depth: int = 0) -> Any:
        """The value with all names of this template replaced by what they stand for; equal for equal meaning."""
        if depth > _DEEPEST:
            return data
        if isinstance(data, list):
            return [self.meaning(each, depth + 1) for each in data]
        if not isinstance(data, dict):
            return data
        if len(data) == 1:
            name, argument = next(iter(data.items()))
            made = self._function(name, argument, depth)
            if made is not None:
                return made
        return {key: self.meaning(each, depth + 1) for key, each in data.items()}

    def condition(self, name: Any, depth: int = 0) -> Any:
        """What a condition stands for."""
        if not isinstance(name, str) or name not in self._conditions or depth > _DEEPEST:
            return name
        if name not in self._conditions_seen:
            self._conditions_seen[name] = name  # for a condition that depends on itself
            self._conditions_seen[name] = self.meaning(self._conditions[name], depth + 1)
        return self._conditions_seen[name]

    def _function(self, name: Any, argument: Any, depth: int) -> Any:
        """What a function means; None for one that is taken as it is written."""
        function = self._functions.get(name) if isinstance(name, str) else None
        return None if function is None else function(argument, depth)

    def _ref(self, argument: Any, depth: int) -> Any:  # noqa: ARG002 - a function like any other
        return self._named(argument) if isinstance(argument, str) else None

    def _tested(self, argument: Any, depth: int) -> Any:
        return {"Condition": self.condition(argument, depth)} if isinstance(argument, str) else None

    def _attribute(self, argument: Any, depth: int) -> Any:
        return {"Fn::GetAtt": argument.split(".", 1) if isinstance(argument, str) else self.meaning(argument, depth + 1)}

    def _choice(self, argument: Any, depth: int) -> Any:
        if not isinstance(argument, list) or not argument:
            return None
        return {"Fn::If": [self.condition(argument[0], depth), *(self.meaning(each, depth + 1) for each in argument[1:])]}

    def _mapped(self, argument: Any, depth: int) -> Any:
        if not isinstance(argument, list) or not argument or not isinstance(argument[0], str):
            return None
        mapping = self._mappings.get(argument[0], argument[0])
        return {"Fn::FindInMap": [mapping, *(self.meaning(each, depth + 1) for each in argument[1:])]}

    def _named(self, name: str) -> Any:
        entry = self._parameters.get(name)
        if not isinstance(entry, dict):
            return {"Ref": name}
        return {"Ref": self._called.get(name, name), "is": {key: entry[key] for key in _PARAMETER if key in entry}}

    def _substituted(self, argument: Any, depth: int) -> Any:
        template, variables = argument, {}
        if isinstance(argument, list) and len(argument) == _PAIR:
            template, variables = argument
        if not isinstance(template, str) or not isinstance(variables, dict):
            return None
        pieces: list[Any] = []
        for index, piece in enumerate(_VARIABLE.split(template)):
            if index % 2 == 0:
                pieces.append(piece)
            elif piece.startswith("!"):
                pieces.append(f"${{{piece[1:]}}}")
            elif piece.strip() in variables:
                pieces.append(self.meaning(variables[piece.strip()], depth + 1))
            elif "." in piece:
                pieces.append({"Fn::GetAtt": piece.strip().split(".", 1)})
            else:
                pieces.append(self._named(piece.strip()))
        return _text(pieces)

    def _joined(self, argument: Any, depth: int) -> Any:
        delimiter, parts = argument if isinstance(argument, list) and len(argument) == _PAIR else (None, None)
        if not isinstance(delimiter, str) or not isinstance(parts, list):
            return None
        if any(isinstance(each, dict) and set(each) & {"Fn::If", "Fn::Split"} for each in parts):
            return None  # a piece may be left out, or be several
        pieces: list[Any] = []
        for number, each in enumerate(parts):
            pieces += [delimiter] if number else []
            pieces.append(self.meaning(each, depth + 1))
        return _text(pieces)


def _text(pieces: list[Any]) -> Any:
    """A text of pieces: neighbours that are known are one, a text of one piece is that piece."""
    flat: list[Any] = []
    for piece in pieces:
        for each in piece["text"] if isinstance(piece, dict) and set(piece) == {"text"} else [piece]:
            if isinstance(each, str) and flat and isinstance(flat[-1], str):
                flat[-1] += each
            elif each != "":
                flat.append(each)
    if not flat:
        return ""
    return flat[0] if len(flat) == 1 else {"text": flat}


def paired_parameters(base: StackTemplate, head: StackTemplate) -> dict[str, str]:
    """BASE's parameters that HEAD calls otherwise: defined the same and used at the same places."""
    sections = [stack.bare.get("Parameters") for stack in (base, head)]
    if not all(isinstance(section, dict) for section in sections):
        return {}
    one, other = (section if isinstance(section, dict) else {} for section in sections)
    gone, new = [name for name in one if name not in other], [name for name in other if name not in one]
    if not gone or not new:
        return {}
    uses = [_uses(base, set(gone)), _uses(head, set(new))]

    def sign(section: Mapping[str, Any], name: str, used: Mapping[str, list[str]]) -> str:
        entry = section[name]
        meant = {key: entry[key] for key in _PARAMETER if key in entry} if isinstance(entry, dict) else entry
        return json.dumps([meant, sorted(used.get(name, ()))], sort_keys=True, default=str)

    free: dict[str, list[str]] = {}
    for name in new:
        free.setdefault(sign(other, name, uses[1]), []).append(name)
    found = {}
    for name in gone:
        fitting = free.get(sign(one, name, uses[0]))
        if fitting:
            found[name] = fitting.pop(0)
    return found


def _uses(stack: StackTemplate, names: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    resources = stack.bare.get("Resources")
    for logical_id, resource in resources.items() if isinstance(resources, dict) else ():
        for place, name in _named_in(resource, f"{logical_id}"):
            if name in names:
                found.setdefault(name, []).append(place)
    return found


def _named_in(data: Any, place: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every name in a value as written, with the place of the outermost function around it."""
    if depth > _DEEPEST:
        return
    if isinstance(data, list):
        for number, each in enumerate(data):
            yield from _named_in(each, place if place.endswith("()") else f"{place}.{number}", depth + 1)
    elif isinstance(data, dict):
        inside = place if place.endswith("()") else f"{place}()" if is_function(data) else ""
        for key, each in data.items():
            if key == "Ref" and isinstance(each, str):
                yield inside, each
                continue
            if key == "Fn::Sub":
                text = each[0] if isinstance(each, list) and each else each
                yield from ((inside, name.strip()) for name in _VARIABLE.findall(text if isinstance(text, str) else ""))
            yield from _named_in(each, inside or f"{place}.{key}", depth + 1)


def references(data: Any) -> set[str]:
    """The names that `Ref`, `Fn::GetAtt` and `Fn::Sub` in a value as written mean, each without its attribute."""
    found: set[str] = set()
    todo = [data]
    while todo:
        each = todo.pop()
        if isinstance(each, list):
            todo += each
        elif isinstance(each, dict):
            for key, inner in each.items():
                if key == "Ref" and isinstance(inner, str):
                    found.add(inner)
                elif key == "Fn::GetAtt" and isinstance(inner, str | list) and inner:
                    first = inner.split(".", 1)[0] if isinstance(inner, str) else inner[0]
                    found |= {first} if isinstance(first, str) else set()
                elif key == "Fn::Sub":
                    text = inner[0] if isinstance(inner, list) and inner else inner
                    found |= {name.strip().split(".", 1)[0] for name in _VARIABLE.findall(text)} if isinstance(text, str) else set()
                if not isinstance(inner, str):
                    todo.append(inner)
    return found
