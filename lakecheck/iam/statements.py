"""Reads one statement of a policy document; a piece that is not known or that AWS refuses leaves a statement that may match or not."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lakecheck.iam.model import ConditionTest, Effect, Statement
from lakecheck.iam.operators import EACH_NEGATED, split_operator
from lakecheck.values import Unknown, has_hole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Refuse = Callable[[str, str, str, str], Unknown]

_ELEMENTS: Final = {
    name.lower(): name
    for name in ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
}
_PRINCIPALS: Final = {name.lower(): name for name in ("AWS", "Service", "Federated", "CanonicalUser")}

_EVERYTHING: Final = (("*",), ("*",), {"AWS": ("*",), "Service": ("*",), "Federated": ("*",)})
"""Actions, resources and principals of which nothing is known."""

Side = tuple[Any, tuple[str, ...]]
"""The known members of an element (a list, or principals by kind), and why the others are not known."""

Pair = tuple[Side | None, Side | None]
"""An element and its `Not` form; at most one is set."""


class Parts(NamedTuple):
    """What one statement was read into."""

    position: int
    effect: Effect
    sid: str
    pairs: tuple[Pair, Pair, Pair]
    tests: Tests


class Reader:
    """Reads statements of one document.

    Args:
        refuse: Takes path, code, message and remedy of what AWS refuses; returns what stands for it.
        principal: Whether statements must (True) or must not (False) name principals; either when left out.
        resource: Whether they must or must not name resources; either when left out.
    """

    def __init__(self, refuse: Refuse, *, principal: bool | None = None, resource: bool | None = None) -> None:
        self._refuse = refuse
        self._principal = principal
        self._resource = resource

    def elements(self, found: Mapping[Any, Any], known: Mapping[str, str], path: str) -> dict[str, Any]:
        """The elements of an object under IAM's spelling; unknown and repeated ones are refused, under their own names."""
        read: dict[str, Any] = {}
        for key, value in found.items():
            name = known.get(key.lower()) if isinstance(key, str) else None
            place = f"{path}.{key}" if path else str(key)
            if name is None:
                allowed = ", ".join(known.values())
                read[f"?{key}"] = self._refuse(place, "unknown_element", f"got the element {key!r}; allowed are {allowed}", "Remove it.")
            elif name in read:
                read[name] = self._refuse(place, "repeated_element", f"{name} stands twice; allowed is once", "Keep one of them.")
            else:
                read[name] = value
        return read

    def statement(self, found: Mapping[Any, Any], index: int, path: str) -> tuple[Statement, ...]:
        """The statement; two or more where parts are not known, of which those with `unknown` may match or not."""
        body = self.elements(found, _ELEMENTS, path)
        effects, why = self._effects(body, path)
        why += [value.reason for name, value in body.items() if name.startswith("?")]
        action = self._pair(body, "Action", path, required=True)
        resource = self._pair(body, "Resource", path, required=self._resource)
        who = self._principals(body, path)
        tests = self._conditions(body.get("Condition", {}), f"{path}.Condition")
        sid = self._sid(body.get("Sid", ""), f"{path}.Sid")
        made: list[Statement | None] = []
        for effect in effects:
            parts = Parts(index, effect, sid, (action, resource, who), tests)
            made += [None if why else _certain(parts), _possible(parts, why)]
        return tuple(each for each in made if each is not None)

    def _sid(self, value: Any, path: str) -> str:
        if isinstance(value, Unknown):
            return ""
        if not isinstance(value, str):
            self._refuse(path, "sid", f"got {value!r}; allowed is a text", "Write a text.")
            return str(value)
        return value

    def _effects(self, body: Mapping[str, Any], path: str) -> tuple[tuple[Effect, ...], list[str]]:
        value = body.get("Effect")
        if value in ("Allow", "Deny"):
            return (Effect(value),), []
        if not isinstance(value, Unknown) and not (isinstance(value, str) and has_hole(value)):
            place = f"{path}.Effect" if "Effect" in body else path
            got = f"got {value!r}" if "Effect" in body else "there is no Effect"
            meant = Effect(value.title()) if isinstance(value, str) and value.title() in ("Allow", "Deny") else None
            refused = self._refuse(place, "effect", f"{got}; allowed are Allow and Deny, in this case", "Write Allow or Deny.")
            return ((meant,) if meant else (Effect.ALLOW, Effect.DENY)), [refused.reason]
        return (Effect.ALLOW, Effect.DENY), [value.reason if isinstance(value, Unknown) else "the effect is not known"]

    def _pair(self, body: Mapping[str, Any], name: str, path: str, *, required: bool | None) -> Pair:
        """The element and its `Not` form."""
        negated = f"Not{name}"
        if name in body and negated in body:
            refused = self._refuse(path, "both", f"got {name} and {negated}; allowed is one of them", f"Remove {name} or {negated}.")
            return ((), (refused.reason,)), None
        if name not in body and negated not in body:
            if not required:
                return None, None
            refused = self._refuse(path, "missing_element", f"there is neither {name} nor {negated}", f"Add {name}.")
            return ((), (refused.reason,)), None
        used = name if name in body else negated
        if required is False:
            message = f"got {used}; allowed is none in a policy of this kind"
            refused = self._refuse(f"{path}.{used}", "not_allowed_here", message, "Remove it.")
            return ((), (refused.reason,)), None
        pieces = self._texts(body[used], f"{path}.{used}", check=self._action if name == "Action" else None)
        return (pieces, None) if used == name else (None, pieces)

    def _action(self, text: str, path: str) -> str | Unknown:
        if has_hole(text) or ":" in text or (text and not text.strip("*")):
            return text
        return self._refuse(path, "action", f"got {text!r}; allowed are * and service:Name, with * and ?", "Name service and action.")

    def _texts(self, value: Any, path: str, check: Callable[[str, str], str | Unknown] | None = None) -> Side:
        if isinstance(value, Unknown):
            return (), (value.reason,)
        known: list[str] = []
        why: list[str] = []
        listed = isinstance(value, list | tuple)
        for index, each in enumerate(value if listed else [value]):
            place = f"{path}[{index}]" if listed else path
            read: Any = each
            if not isinstance(each, str | Unknown):
                read = self._refuse(place, "not_a_text", f"got {each!r}; allowed is a text", "Write it as a text.")
            elif isinstance(each, str) and check is not None:
                read = check(each, place)
            if isinstance(read, Unknown):
                why.append(read.reason)
            else:
                known.append(read)
        return tuple(known), tuple(why)

    def _principals(self, body: Mapping[str, Any], path: str) -> Pair:
        if "Principal" in body and "NotPrincipal" in body:
            refused = self._refuse(path, "both", "got Principal and NotPrincipal; allowed is one of them", "Remove one of them.")
            return ({}, (refused.reason,)), None
        used = "Principal" if "Principal" in body else "NotPrincipal"
        if used not in body:
            if not self._principal:
                return None, None
            refused = self._refuse(path, "missing_element", "there is neither Principal nor NotPrincipal", "Add Principal.")
            return ({}, (refused.reason,)), None
        if self._principal is False:
            message = f"got {used}; allowed is none in a policy of this kind, whose principal is the one it is attached to"
            refused = self._refuse(f"{path}.{used}", "not_allowed_here", message, "Remove it.")
            return ({}, (refused.reason,)), None
        found = self._principal_map(body[used], f"{path}.{used}")
        return (found, None) if used == "Principal" else (None, found)

    def _principal_map(self, value: Any, path: str) -> Side:
        if value == "*":
            return {"AWS": ("*",)}, ()
        if isinstance(value, Unknown):
            return {}, (value.reason,)
        if isinstance(value, str):
            # Some services take one principal as a text; what it means is clear.
            return self._principal_map({"AWS": value}, path)
        if not isinstance(value, dict):
            message = f"got {value!r}; allowed are * and an object of {', '.join(_PRINCIPALS.values())}"
            return {}, (self._refuse(path, "principal", message, 'Write {"AWS": [...]}.').reason,)
        found: dict[str, tuple[str, ...]] = {}
        why: list[str] = []
        for kind, members in self.elements(value, _PRINCIPALS, path).items():
            if kind.startswith("?"):
                why.append(members.reason)
                continue
            known, unknown = self._texts(members, f"{path}.{kind}", check=self._principal_text if kind == "AWS" else None)
            found[kind] = known
            why += unknown
        return found, tuple(why)

    def _principal_text(self, text: str, path: str) -> str | Unknown:
        if text == "*" or ("*" not in text and "?" not in text):
            return text
        message = f"got {text!r}; allowed are whole names, and * alone for everybody"
        return self._refuse(path, "principal", message, "Name the principal, or test aws:PrincipalArn in a condition.")

    def _conditions(self, value: Any, path: str) -> Tests:
        if isinstance(value, Unknown):
            return Tests(why=[value.reason], certain=False)
        if not isinstance(value, dict):
            message = f"got {value!r}; allowed is an object of operators"
            return Tests(why=[self._refuse(path, "condition", message, "Write an object.").reason], certain=False)
        tests = Tests()
        for written, keys in value.items():
            place = f"{path}.{written}"
            operator = split_operator(written) if isinstance(written, str) else None
            if isinstance(keys, Unknown):
                tests.leave_open(keys.reason)
            elif operator is None:
                message = f"got the operator {written!r}, which IAM does not have"
                tests.leave_open(self._refuse(place, "operator", message, "Correct it.").reason)
            elif not isinstance(keys, dict):
                message = f"got {keys!r}; allowed is an object of keys and values"
                tests.leave_open(self._refuse(place, "condition", message, "Write an object.").reason)
            else:
                for key, values in keys.items():
                    self._test(tests, operator, key, values, f"{place}.{key}")
        return tests

    def _test(self, tests: Tests, operator: tuple[str, str, bool], key: Any, values: Any, path: str) -> None:
        if not isinstance(key, str) or not key:
            tests.leave_open(self._refuse(path, "condition", f"got the key {key!r}; allowed is a name", "Name the key.").reason)
            return
        if has_hole(key):
            tests.leave_open("a condition key is not known")
            return
        known: list[str] = []
        why: list[str] = []
        listed = isinstance(values, list | tuple)
        for index, each in enumerate(values if listed else [values]):
            text = as_text(each)
            if text is None:
                place = f"{path}[{index}]" if listed else path
                message = f"got {each!r}; allowed are texts, numbers and booleans"
                refused = each if isinstance(each, Unknown) else self._refuse(place, "condition", message, "Write a text.")
                why.append(refused.reason)
            else:
                known.append(text)
        quantifier, name, if_exists = operator
        test = ConditionTest(operator=name, key=key, values=tuple(known), quantifier=quantifier, if_exists=if_exists)
        tests.add(test, why)


@dataclass(slots=True)
class Tests:
    """The tests of one Condition block.

    Attributes:
        known: As far as their values are known.
        sure: Those that must be met whatever the unknown values are.
        why: Why others are not known.
        certain: Whether a request that meets `known` certainly meets the block.
    """

    known: list[ConditionTest] = field(default_factory=list)
    sure: list[ConditionTest] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    certain: bool = True

    def leave_open(self, reason: str) -> None:
        """A test of which nothing is known."""
        self.why.append(reason)
        self.certain = False

    def add(self, test: ConditionTest, why: list[str]) -> None:
        """A test; with `why`, one that has further values, which make a negated one harder to meet and any other one easier."""
        self.why += why
        negated = test.operator in EACH_NEGATED
        if not why or test.values:
            self.known.append(test)
        if not why or (negated and test.values):
            self.sure.append(test)
        if why and (negated or not test.values):
            self.certain = False


def as_text(value: Any) -> str | None:
    """A condition's value as text, numbers and booleans too; None for what is neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() else repr(value)
    return value.isoformat() if isinstance(value, date) else None


def _certain(parts: Parts) -> Statement | None:
    """The statement as far as it certainly matches: a list that is known in part, by its known members; None where that is nothing."""
    for positive, negated in parts.pairs:
        if negated is not None and negated[1]:
            return None
        if positive is not None and positive[1] and not positive[0]:
            return None
    return (
        _statement(parts, [(_known(one), _known(other)) for one, other in parts.pairs], parts.tests.known) if parts.tests.certain else None
    )


def _possible(parts: Parts, why: list[str]) -> Statement | None:
    """The statement as wide as it may turn out to be, with the reasons; None when all is known."""
    reasons = [*why, *parts.tests.why, *(reason for pair in parts.pairs for side in pair if side is not None for reason in side[1])]
    if not reasons:
        return None
    sides: list[tuple[Any, Any]] = []
    for (positive, negated), everything in zip(parts.pairs, _EVERYTHING, strict=True):
        sides.append((everything, None) if positive is not None and positive[1] else (_known(positive), _known(negated)))
    return _statement(parts, sides, parts.tests.sure, tuple(dict.fromkeys(reasons)))


def _statement(parts: Parts, sides: list[tuple[Any, Any]], tests: list[ConditionTest], unknown: tuple[str, ...] = ()) -> Statement:
    (actions, not_actions), (resources, not_resources), (principals, not_principals) = sides
    return Statement(
        index=parts.position,
        effect=parts.effect,
        sid=parts.sid,
        actions=actions,
        not_actions=not_actions,
        resources=resources,
        not_resources=not_resources,
        principals=principals,
        not_principals=not_principals,
        conditions=tuple(tests),
        unknown=unknown,
    )


def _known(side: Side | None) -> Any:
    return None if side is None else side[0]
