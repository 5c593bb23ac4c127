"""What a rule is: one thing that every resource of a kind has to be, with its reason, its remedy and cases that show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from weakref import WeakKeyDictionary

from lakecheck.values import Unknown, has_hole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lakecheck.assembly.resources import Origin, Resource
    from lakecheck.snapshot import Snapshot
    from lakemodel.findings import Severity

    Template = Mapping[str, Any]

_Made = TypeVar("_Made")

MISSING: Final = None
"""What `value` gives for a property that is not there."""


class Subject(Protocol):
    """What a rule judges: a `Resource`, or a thing of the estate such as a `Grant`, which several resources, or a part of one, may make."""

    @property
    def origin(self) -> Origin | None:
        """Where it stands; what stands nowhere is not judged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Complaint:
    """What is wrong with one subject.

    Attributes:
        message: What was found, then what is allowed; lower case at the start, without a period at the end.
        at: The property, with dots between the levels; empty when it is about the resource as a whole.
        remedy: What to do; the rule's when left out.
        is_unknown: Whether it cannot be told, because the templates leave something open: reported, and no failure.
    """

    message: str
    at: str = ""
    remedy: str = ""
    is_unknown: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Cases:
    """Templates that show a rule; each is the `Resources` section. They are tested, and the first ones stand in the catalogue.

    Attributes:
        compliant: The rule looks at something in them and complains of nothing.
        failing: The rule complains.
        not_applicable: The rule finds nothing to look at.
    """

    compliant: tuple[Template, ...]
    failing: tuple[Template, ...]
    not_applicable: tuple[Template, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule; a module of `lakecheck.rules` has one, called `RULE`.

    Attributes:
        id: Family and name, which are the module's folder and name: `lake_formation.iam_allowed_principals`.
        title: What has to be so, in a sentence without a period.
        rationale: What happens otherwise; sentences.
        source: The AWS page behind it.
        severity: ERROR for what opens or loses data or cannot work; WARNING for what will hurt.
        remedy: What to do about it; a sentence.
        subjects: What it is about: resources (`of_type`), or what the estate has of a kind (`of_estate`); none when it does not apply.
        judge: What is wrong with one of them; nothing when it complies.
        cases: What shows it.
        controls: The framework's controls that it is evidence for, such as `NIST.800.53.R5 AC-6`.
    """

    id: str
    title: str
    rationale: str
    source: str
    severity: Severity
    remedy: str
    subjects: Callable[[Snapshot], Iterable[Any]]
    judge: Callable[[Any, Snapshot], Iterable[Complaint]]
    cases: Cases
    controls: tuple[str, ...] = field(default=())

    @property
    def family(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]


def of_type(*types: str) -> Callable[[Snapshot], Iterator[Resource]]:
    """Subjects: all resources of these types.

    Example:
        >>> subjects = of_type("AWS::Glue::Table")
    """

    def subjects(snapshot: Snapshot) -> Iterator[Resource]:
        for kind in types:
            yield from snapshot.by_type.get(kind, ())

    return subjects


def of_estate(kind: str) -> Callable[[Snapshot], Iterator[Subject]]:
    """Subjects: what the estate has of a kind, native and desired-state alike, such as its `grants`, `locations` or `tables`.

    Example:
        >>> subjects = of_estate("grants")
    """

    def subjects(snapshot: Snapshot) -> Iterator[Subject]:
        yield from (one for one in getattr(snapshot.estate, kind) if one.origin is not None)

    return subjects


def value(resource: Resource, path: str) -> Any:
    """A property, by its name with dots between the levels.

    Returns:
        The value, `MISSING` if it or a level above it is not there, `Unknown` if it or a level above it is not known.
    """
    found: Any = resource.properties
    for name in path.split("."):
        if isinstance(found, Unknown):
            return found
        found = found.get(name, MISSING) if isinstance(found, dict) else MISSING
    return found


def items(resource: Resource, path: str) -> list[Any]:
    """A list property's items; none when it is not there, its one item when it is no list, an `Unknown` as the only one."""
    found = value(resource, path)
    if found is MISSING:
        return []
    return list(found) if isinstance(found, list | tuple) else [found]


def is_true(found: Any) -> bool:
    """Whether a value is true, as CloudFormation takes it: texts too."""
    return found is True or (isinstance(found, str) and found.lower() == "true")


def is_open(found: Any) -> bool:
    """Whether a value is not known, or a text that is not wholly known."""
    return isinstance(found, Unknown) or (isinstance(found, str) and has_hole(found))


def once(make: Callable[[Snapshot], _Made]) -> Callable[[Snapshot], _Made]:
    """What several judgements look things up in, made when a snapshot is first asked for it and kept as long as the snapshot.

    Example:
        >>> @once
        ... def roles(snapshot):
        ...     return {role.arn: role for role in snapshot.by_type.get("AWS::IAM::Role", ())}
    """
    kept: WeakKeyDictionary[Snapshot, _Made] = WeakKeyDictionary()

    @wraps(make)
    def made(snapshot: Snapshot) -> _Made:
        if snapshot not in kept:
            kept[snapshot] = make(snapshot)
        return kept[snapshot]

    return made
