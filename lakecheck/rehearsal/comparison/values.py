"""Whether what a plain API returns is what the template states, property by property, at the leaves.

The same is: a key in other letters of the API's own (`kmsKeyId`); a number or a boolean as text; a JSON document as text or as a mapping;
in a policy one text or a list of it, and actions, resources and principals in any order; a list whose order means nothing to
CloudFormation in another order; tags as a list or as a mapping; and what `equivalences` names. All else differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.comparison.echoes import Echoed
from lakecheck.rehearsal.comparison.scalars import Mode, is_same
from lakecheck.rehearsal.model import Difference
from lakecheck.upgrade.comparison.schemas import facts

if TYPE_CHECKING:
    from lakecheck.rehearsal.comparison.equivalences import Where

Steps = tuple[str | int, ...]
Pattern = tuple[str, ...]

_ANY: Final = "*"
_MISSING: Final = object()

TAGS: Final = frozenset({"Tags", "TagList", "HostedZoneTags", "UserPoolTags", "FileSystemTags"})
"""Properties that are tags, whatever their form."""

FREE_KEYS: Final[Mapping[str, bool]] = {
    "Variables": False,  # of a function
    "DefaultArguments": False,  # of a Glue job
    "NonOverridableArguments": False,
    "Parameters": True,  # of Glue's tables, to which Glue and table formats add
    "ConnectionProperties": True,
    "ResponseParameters": False,
    "RequestParameters": False,
    "StageVariables": False,
    "ExpressionAttributeNames": False,
    "DockerLabels": False,
    "Options": True,
}
"""Properties whose keys are people's own, so that their letters count; with whether AWS may add entries of its own."""

SAID_BY_NOTHING: Final[Mapping[tuple[str, str], Any]] = {
    # IAM takes an empty description, which CDK writes, and returns none: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html
    ("AWS::IAM::ManagedPolicy", "Description"): "",
}
"""By type and path: the value that AWS's API says by returning nothing there. Any other that is not returned is missing."""

_NOTHING: Final[tuple[Any, ...]] = ("", [], {}, ())
"""What means the same as a property that is not there."""

_SETS_OF_POLICY: Final = frozenset({"Action", "NotAction", "Resource", "NotResource"})
_HOLDS_SETS: Final = frozenset({"Principal", "NotPrincipal", "Condition"})


@dataclass(slots=True)
class Compared:
    """What comparing gave.

    Attributes:
        properties: How many the template states, counted at their leaves; those that cannot be read are not among them.
        returned: How many of them are returned as stated.
        differences: The others, and what lists have beyond what is stated; what is missing as a whole is one difference.
        unread: What no API returns.
    """

    properties: int = 0
    returned: int = 0
    differences: list[Difference] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, other: Compared) -> None:
        """Adds what comparing another part gave."""
        self.properties += other.properties
        self.returned += other.returned
        self.differences += other.differences
        self.unread += other.unread


def compare_properties(
    kind: str,
    stated: Mapping[str, Any],
    found: Mapping[str, Any],
    *,
    where: Where,
    unread: Sequence[str] = (),
    complete: Mapping[str, Any] | None = None,
) -> Compared:
    """Compares the properties of a resource with what the plain API returns of it.

    Args:
        kind: Its type, for what the registry says of it: lists without order, write-only properties.
        stated: Its properties as the template states them, resolved.
        found: What the API returns, in the words of the properties.
        where: Where it is.
        unread: Properties that no API returns in AWS, as dotted paths; `*` is any item. What the registry calls write-only is unread
            where it is not returned; CloudFormation does not read it, and the service's own API may.
        complete: Dotted paths (`*` is any step) at which nothing may be unless it is stated, with the value that means nothing there. None
            when left out: what is found beyond is a default of the service.
    """
    known = facts(kind)
    patterns = tuple(tuple(each.replace("[]", ".*").split(".")) for each in unread)
    unordered, write_only = (known.unordered, known.write_only) if known else (frozenset(), ())
    implied = {path: value for (type_name, path), value in SAID_BY_NOTHING.items() if type_name == kind}
    whole = {tuple(path.split(".")): nothing for path, nothing in (complete or {}).items()}
    return _Comparer(where, unordered, patterns, write_only, implied, whole).compare(stated, found, (), Mode.STRUCTURE)


def path_of(steps: Steps) -> str:
    """`LifecycleConfiguration.Rules[0].Status`."""
    told = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return told.removeprefix(".")


def leaves(value: Any) -> int:
    """How many leaves a value has; an empty list or mapping is one itself."""
    if isinstance(value, Mapping) and value:
        return sum(map(leaves, value.values()))
    if isinstance(value, list) and value:
        return sum(map(leaves, value))
    return 1


class _Comparer:
    def __init__(
        self,
        where: Where,
        unordered: frozenset[Pattern],
        unread: tuple[Pattern, ...],
        write_only: tuple[Pattern, ...],
        implied: Mapping[str, Any],
        whole: Mapping[Pattern, Any],
    ) -> None:
        self._where = where
        self._unordered = unordered
        self._unread = unread
        self._write_only = write_only
        self._implied = implied
        self._whole = whole

    def compare(self, stated: Any, found: Any, steps: Steps, mode: Mode) -> Compared:  # noqa: PLR0911 - one for each kind of value
        """Compares one part."""
        if _fits_any(self._unread, steps):
            return Compared(unread=[path_of(steps)])
        if stated is None and found is None:
            return Compared(1, 1)
        if found is None or found is _MISSING or isinstance(found, Echoed):
            return self._missing(stated, steps)
        if mode is Mode.STRUCTURE and steps:
            if steps[-1] in TAGS and (tags := _tags(stated)) is not None and (there := _tags(found)) is not None:
                return self._tagged(tags, there, steps)
            stated, found, mode = _documents(stated, found)
        if isinstance(stated, Mapping) and isinstance(found, Mapping):
            return self._mappings(stated, found, steps, mode)
        if mode is Mode.POLICY and _is_set_of_policy(steps):
            return self._items(_listed(stated), _listed(found), steps, mode, ordered=False)
        if mode is Mode.POLICY and steps[-1] == "Statement":
            return self._items(_listed(stated), _listed(found), steps, mode, ordered=True)
        if isinstance(stated, list) and isinstance(found, list | tuple):
            return self._items(stated, list(found), steps, mode, ordered=not _fits_any(self._unordered, steps))
        return self._leaf(stated, found, steps, mode)

    def _mappings(self, stated: Mapping[str, Any], found: Mapping[str, Any], steps: Steps, mode: Mode) -> Compared:
        told = Compared() if stated or not steps else Compared(1, 1)
        is_document = mode is not Mode.STRUCTURE
        is_own = is_document or (bool(steps) and steps[-1] in FREE_KEYS)
        names = {} if is_own else _by_letters(found)
        seen = set()
        for key, value in stated.items():
            name = key if key in found else names.get(key.lower())
            seen.add(name)
            told.add(self.compare(value, _MISSING if name is None else found[name], (*steps, key), mode))
        if is_own and (is_document or not FREE_KEYS[str(steps[-1])]):
            extra = {key: value for key, value in found.items() if key not in seen}
            told.differences += [_beyond((*steps, key), value) for key, value in extra.items()]
        elif not is_own:
            extra = {key: value for key, value in found.items() if key not in seen and self._is_beyond((*steps, key), value)}
            told.differences += [_beyond((*steps, key), value) for key, value in extra.items()]
        return told

    def _is_beyond(self, steps: Steps, found: Any) -> bool:
        """Whether something that is not stated is where everything is stated, and means something."""
        told = [nothing for path, nothing in self._whole.items() if _fits(path, steps)]
        if not told or found is None or _fits_any(self._unread, steps):
            return False
        return bool(found != told[0]) if told[0] is not None else found is not False and found not in _NOTHING

    def _items(self, stated: list[Any], found: list[Any], steps: Steps, mode: Mode, *, ordered: bool) -> Compared:
        told = Compared() if stated else Compared(1, 0 if found else 1)
        pairs = dict(enumerate(range(min(len(stated), len(found))))) if ordered else self._paired(stated, found, steps, mode)
        for index, value in enumerate(stated):
            there = found[pairs[index]] if index in pairs else _MISSING
            told.add(self.compare(value, there, (*steps, index), mode))
        for extra in sorted(set(range(len(found))) - set(pairs.values())):
            told.differences.append(_beyond((*steps, extra), found[extra]))
        return told

    def _paired(self, stated: list[Any], found: list[Any], steps: Steps, mode: Mode) -> dict[int, int]:
        """Which item is which in a list without order: those that are the same first, then those that differ least."""
        by_found = _identical(stated, found)
        left = sorted(set(range(len(stated))) - set(by_found.values()))
        free = [place for place in range(len(found)) if place not in by_found]
        differing = {
            index: {place: len(self.compare(stated[index], found[place], (*steps, index), mode).differences) for place in free}
            for index in left
        }
        same = {index: [place for place, number in row.items() if not number] for index, row in differing.items()}
        for index in left:
            _place(index, same, by_found, set())
        pairs = {index: place for place, index in by_found.items()}
        for index, row in differing.items():
            others = [place for place in row if place not in by_found]
            if index not in pairs and others:
                pairs[index] = min(others, key=row.__getitem__)
                by_found[pairs[index]] = index
        return pairs

    def _tagged(self, stated: Mapping[str, str], found: Mapping[str, str], steps: Steps) -> Compared:
        told = Compared() if stated else Compared(1, 1)
        for key, value in stated.items():
            told.add(self.compare(value, found.get(key, _MISSING), (*steps, key), Mode.DOCUMENT))
        for key, value in found.items():
            if key not in stated and not key.startswith("aws:") and self._where.tags.get(key) != value:
                told.differences.append(_beyond((*steps, key), value))
        return told

    def _leaf(self, stated: Any, found: Any, steps: Steps, mode: Mode) -> Compared:
        number = leaves(stated)
        name = next((step for step in reversed(steps) if isinstance(step, str)), "")
        is_scalar = not isinstance(stated, Mapping | list) and not isinstance(found, Mapping | list | tuple)
        if is_scalar and is_same(stated, found, name, self._where, mode):
            return Compared(number, number)
        return Compared(number, 0, [Difference(path=path_of(steps), stated=stated, found=found, is_returned=True)])

    def _missing(self, stated: Any, steps: Steps) -> Compared:
        if path_of(steps) in self._implied and stated == self._implied[path_of(steps)]:
            return Compared(1, 1)
        told = Compared()
        self._count(stated, steps, told)
        if told.properties:
            told.differences.append(Difference(path=path_of(steps), stated=stated))
        return told

    def _count(self, stated: Any, steps: Steps, told: Compared) -> None:
        if _fits_any(self._unread, steps) or _fits_any(self._write_only, steps):
            told.unread.append(path_of(steps))
        elif isinstance(stated, Mapping) and stated:
            for key, value in stated.items():
                self._count(value, (*steps, key), told)
        elif isinstance(stated, list) and stated:
            for index, value in enumerate(stated):
                self._count(value, (*steps, index), told)
        else:
            told.properties += 1


def _beyond(steps: Steps, found: Any) -> Difference:
    """What is there and was not stated."""
    return Difference(path=path_of(steps), stated=None, found=found, is_returned=True)


def _identical(stated: Sequence[Any], found: Sequence[Any]) -> dict[int, int]:
    """Texts that are there as they are stated: place to index."""
    places: dict[str, list[int]] = {}
    for place, value in enumerate(found):
        if isinstance(value, str):
            places.setdefault(value, []).append(place)
    return {places[value].pop(0): index for index, value in enumerate(stated) if isinstance(value, str) and places.get(value)}


def _place(index: int, same: Mapping[int, Sequence[int]], by_found: dict[int, int], tried: set[int]) -> bool:
    """Gives an item one of the places that fit, moving others where they fit elsewhere as well."""
    for place in same[index]:
        if place in tried:
            continue
        tried.add(place)
        if place not in by_found or _place(by_found[place], same, by_found, tried):
            by_found[place] = index
            return True
    return False


def _fits_any(patterns: Iterable[Pattern], steps: Steps) -> bool:
    return any(_fits(pattern, steps) for pattern in patterns)


def _fits(pattern: Pattern, steps: Steps) -> bool:
    return len(pattern) == len(steps) and all(
        one == _ANY if isinstance(step, int) else one in (step, _ANY) for one, step in zip(pattern, steps, strict=True)
    )


def _by_letters(found: Mapping[str, Any]) -> dict[str, str | None]:
    """Keys by their lower case; None where two differ in their case alone."""
    names: dict[str, str | None] = {}
    for key in found:
        names[str(key).lower()] = None if str(key).lower() in names else key
    return names


def _documents(stated: Any, found: Any) -> tuple[Any, Any, Mode]:
    """Both as plain data where they are one JSON document in two forms, or a policy; how to compare them."""
    one, other = _parsed(stated), _parsed(found)
    if not isinstance(one, Mapping | list) or not isinstance(other, Mapping | list):
        return stated, found, Mode.STRUCTURE
    if _is_policy(one) and isinstance(other, Mapping):
        return one, other, Mode.POLICY
    return (one, other, Mode.DOCUMENT) if one is not stated or other is not found else (stated, found, Mode.STRUCTURE)


def _parsed(value: Any) -> Any:
    if isinstance(value, str | bytes) and value.lstrip()[:1] in ("{", "[", b"{", b"["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _is_policy(value: Any) -> bool:
    statements = _listed(value.get("Statement")) if isinstance(value, Mapping) else []
    return bool(statements) and all(isinstance(one, Mapping) and "Effect" in one for one in statements)


def _is_set_of_policy(steps: Steps) -> bool:
    """Whether a place in a policy is a text or a list without order: actions, resources, a kind of principal, values of a condition."""
    names = [step for step in steps if isinstance(step, str)]
    last = names[-1] if isinstance(steps[-1], str) else ""
    return last in _SETS_OF_POLICY or (bool(last) and not _HOLDS_SETS.isdisjoint(names[:-1]))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _tags(value: Any) -> dict[str, str] | None:
    """Tags as one mapping; None when it is none."""
    if isinstance(value, Mapping):
        return {str(key): _text(item) for key, item in value.items()} if not any(map(_is_container, value.values())) else None
    if not isinstance(value, list | tuple):
        return None
    pairs = [_tag(one) for one in value]
    return dict(one for one in pairs if one is not None) if all(pairs) else None


def _tag(value: Any) -> tuple[str, str] | None:
    if not isinstance(value, Mapping) or isinstance(value, Echoed):
        return None
    by_letters = {str(key).lower().removeprefix("tag"): item for key, item in value.items()}
    if "key" not in by_letters:
        return None
    return str(by_letters["key"]), _text(by_letters.get("value", ""))


def _text(value: Any) -> str:
    """A tag's value as AWS keeps it."""
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _is_container(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)
