"""CloudTrail's selectors, basic and advanced, as what a trail logs: which management events, and reads and writes of which objects.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules._plain import is_false, listed
from lakecheck.rules.base import is_open, is_true, once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

TRAIL: Final = "AWS::CloudTrail::Trail"
BOTH: Final = frozenset({"reads", "writes"})
_READS: Final[Mapping[Any, frozenset[str]]] = {"ReadOnly": frozenset({"reads"}), "WriteOnly": frozenset({"writes"})}
_OBJECTS: Final = "AWS::S3::Object"
_PLAIN: Final = frozenset({"eventCategory", "resources.type", "resources.ARN", "readOnly"})


@dataclass(frozen=True, slots=True)
class Selection:
    """One selector.

    Attributes:
        is_management: Whether it is about management events; about objects of S3 otherwise.
        kinds: Of `BOTH`, which it logs.
        within: ARN prefixes that it is about; None for everything.
        without: ARN prefixes that it leaves out.
        leaves_out: What it does not log of that for another reason, for people; empty for nothing.
    """

    is_management: bool
    kinds: frozenset[str] = BOTH
    within: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    leaves_out: str = ""

    def logs(self, arn: str, kind: str) -> bool:
        """Whether it logs every read, or write, of the objects whose ARN begins so."""
        is_within = self.within is None or any(arn.startswith(prefix) for prefix in self.within)
        is_cut = any(arn.startswith(prefix) or prefix.startswith(arn) for prefix in self.without)
        return not self.is_management and kind in self.kinds and is_within and not is_cut and not self.leaves_out


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """A trail with what it logs.

    Attributes:
        resource: The trail.
        selections: What it logs; None when that is not known.
        is_logging: Whether it logs at all.
    """

    resource: Resource
    selections: tuple[Selection, ...] | None
    is_logging: bool

    @property
    def is_for_organization(self) -> bool:
        """Whether it logs every account of the organisation."""
        return is_true(self.resource.properties.get("IsOrganizationTrail"))

    def logs(self, arn: str, kind: str) -> bool | None:
        """Whether it logs every read, or write, of objects; None when that is not known."""
        if self.selections is None:
            return None
        return self.is_logging and any(each.logs(arn, kind) for each in self.selections)

    def covers(self, account: str, region: str) -> bool:
        """Whether events of an account and Region reach it."""
        is_near = self.resource.region == region or is_true(self.resource.properties.get("IsMultiRegionTrail"))
        return is_near and (self.resource.account == account or self.is_for_organization)


@once
def trails(snapshot: Snapshot) -> tuple[Trail, ...]:
    """Every trail."""
    return tuple(_trail(each) for each in snapshot.by_type.get(TRAIL, ()))


def trail_of(resource: Resource, snapshot: Snapshot) -> Trail:
    """The trail that a resource is."""
    return next(each for each in trails(snapshot) if each.resource is resource)


def _trail(resource: Resource) -> Trail:
    is_logging = not is_false(resource.properties.get("IsLogging"))
    advanced, basic = resource.properties.get("AdvancedEventSelectors") or None, resource.properties.get("EventSelectors") or None
    if is_open(advanced) or is_open(basic):
        return Trail(resource, None, is_logging)
    read, selectors = (_advanced, listed(advanced)) if advanced is not None else (_basic, listed(basic))
    if any(is_open(each) or (isinstance(each, dict) and is_open(each.get("ReadWriteType"))) for each in selectors):
        return Trail(resource, None, is_logging)
    found = [one for each in selectors if isinstance(each, dict) for one in read(each)]
    return Trail(resource, tuple(found) if advanced is not None or basic is not None else (Selection(is_management=True),), is_logging)


def _basic(selector: Mapping[str, Any]) -> list[Selection]:
    kinds = _READS.get(selector.get("ReadWriteType"), BOTH) if isinstance(selector.get("ReadWriteType"), str) else BOTH
    found = []
    if not is_false(selector.get("IncludeManagementEvents")):
        sources = ", ".join(str(each) for each in listed(selector.get("ExcludeManagementEventSources")))
        found.append(Selection(is_management=True, kinds=kinds, leaves_out=sources))
    for resource in listed(selector.get("DataResources")):
        if isinstance(resource, dict) and resource.get("Type") == _OBJECTS:
            values = [each for each in listed(resource.get("Values")) if isinstance(each, str)]
            found.append(Selection(is_management=False, kinds=kinds, within=tuple(values)))
    return found


def _advanced(selector: Mapping[str, Any]) -> list[Selection]:
    fields: dict[str, Mapping[str, Any]] = {}
    for each in listed(selector.get("FieldSelectors")):
        if isinstance(each, dict) and isinstance(each.get("Field"), str):
            fields[each["Field"]] = {**fields.get(each["Field"], {}), **each}
    category = _texts(fields.get("eventCategory"), "Equals")
    is_management = "Management" in category
    if not is_management and ("Data" not in category or _OBJECTS not in _texts(fields.get("resources.type"), "Equals")):
        return []
    only = {"true": frozenset({"reads"}), "false": frozenset({"writes"})}
    wanted = _texts(fields.get("readOnly"), "Equals")
    arn = fields.get("resources.ARN")
    within = (*_texts(arn, "StartsWith"), *_texts(arn, "Equals"))
    return [
        Selection(
            is_management=is_management,
            kinds=frozenset().union(*(only.get(each.lower(), BOTH) for each in wanted)) if wanted else BOTH,
            within=within or None,
            without=(*_texts(arn, "NotStartsWith"), *_texts(arn, "NotEquals")),
            leaves_out=", ".join(sorted((set(fields) - _PLAIN) | ({"resources.ARN"} if _texts(arn, "EndsWith") else set()))),
        )
    ]


def _texts(field: Mapping[str, Any] | None, operator: str) -> list[str]:
    return [each for each in listed(field.get(operator)) if isinstance(each, str)] if field is not None else []
