"""Compares two states of one contract: what stands at its top, and everything below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.classification import protective_marks
from lakemodel.contracts.diff.comparison import ABSENT, Comparison, Handler, Pair, aligned, identity_of, keys, leaves, means_the_same
from lakemodel.contracts.diff.custom import custom_properties
from lakemodel.contracts.diff.schedule import compare_schedules
from lakemodel.contracts.diff.service import service_levels
from lakemodel.contracts.diff.tables import compare_tables
from lakemodel.contracts.nodes import items_of, text_of
from lakemodel.contracts.product import STATUSES

if TYPE_CHECKING:
    from lakemodel.contracts.diff.model import Change
    from lakemodel.contracts.diff.sides import Side

_READS: Final = frozenset({"", "read", "r", "select", "reader", "readonly", "read-only", "read_only", "consumer", "query"})
_STANDING: Final = frozenset({"active", "deprecated"})


def compare_contract(base: Side, head: Side) -> tuple[Change, ...]:
    """Every difference of two states of one contract, in the order of the file, what is gone at the end."""
    comparison = Comparison(base, head)
    pair = Pair(base.data, head.data)
    if not pair.differs and base.tables == head.tables and base.key == head.key:
        return ()
    explained = _identity(comparison, pair)
    compare_tables(comparison, pair.child("schema"))
    if pair.child("schema").differs and not comparison.changes:
        comparison.note("spelling.changed", pair.child("schema"))
    _owner(comparison, pair)
    _marks(comparison, pair)
    handlers = _HANDLERS | dict.fromkeys(explained, _told_already) | {"customProperties": compare_schedules(comparison, pair)}
    keys(comparison, pair, handlers | {"schema": _told_already}, leaves("other.changed"))
    return tuple(sorted(comparison.changes, key=_order))


def _order(change: Change) -> tuple[bool, int, str, str, str, str]:
    return (change.is_gone, change.place.line or 0, change.path, change.rule.id, change.was or "", change.now or "")


def _told_already(_comparison: Comparison, _pair: Pair) -> bool:
    return True


def _identity(comparison: Comparison, pair: Pair) -> set[str]:
    """The names by which the lake and others know the product; returns the keys that are told."""
    base, head = comparison.base.claim, comparison.head.claim
    told: set[str] = set()
    if base.domain != head.domain:
        comparison.note("product.domain_changed", _named(pair, "domain"), was=base.domain, now=head.domain)
        told.add("domain")
    if base.product != head.product:
        comparison.note("product.renamed", _named(pair, "dataProduct", "name"), was=base.product, now=head.product)
        told |= {"dataProduct"} if text_of(pair.head, "dataProduct") and text_of(pair.base, "dataProduct") else {"dataProduct", "name"}
    if base.id != head.id:
        comparison.note("product.id_changed", _named(pair, "id"), was=base.id or ABSENT, now=head.id or ABSENT)
        told.add("id")
    return told


def _named(pair: Pair, *names: str) -> Pair:
    found = (pair.child(name) for name in names)
    return next((child for child in found if child.differs and child.head is not ABSENT), pair)


def _owner(comparison: Comparison, pair: Pair) -> None:
    was, now = (_owners(side) for side in (pair.base, pair.head))
    if was and not now:
        comparison.note("owner.removed", Pair(pair.base, pair.head, ("team",), ("team",)), was=", ".join(was), now=ABSENT)


def _owners(data: Any) -> list[str]:
    """Who owns the product: members whose role says so, else the team."""
    team = data.get("team")
    members = items_of(data, "team") if isinstance(team, list) else items_of(team, "members")
    named = [text_of(one, "username") or text_of(one, "name") for _, one in members
             if "owner" in text_of(one, "role").lower() and not text_of(one, "dateOut")]  # fmt: skip
    return named or ([text_of(team, "name")] if text_of(team, "name") else [])


def _marks(comparison: Comparison, pair: Pair) -> None:
    """Marks of the whole product and of whole tables that say personal or sensitive."""
    for mark in protective_marks(pair.base):
        if mark not in protective_marks(pair.head):
            comparison.note("protection.mark_removed", pair, was=mark, now=ABSENT)


def _roles(comparison: Comparison, pair: Pair) -> None:
    for base, head in aligned(pair.base, pair.head, lambda role: text_of(role, "role") or None):
        item = pair.item(base, head)
        if base is None:
            comparison.note("role.added", item, now=_access(item.head))
        elif head is None:
            comparison.note("role.removed", item, was=_access(item.base))
        elif item.differs:
            keys(comparison, item, _ROLE_HANDLERS, leaves("role.changed"))


def _access(role: Any) -> str:
    written = text_of(role, "access").lower()
    return "read" if written in _READS else written


def _role_access(comparison: Comparison, pair: Pair) -> None:
    was, now = (_access({"access": side}) for side in (pair.base, pair.head))
    if was != now:
        comparison.note("role.changed", pair, was=was, now=now)


def _status(comparison: Comparison, pair: Pair) -> None:
    was, now = (text_of({"": side}, "").lower() or "active" for side in (pair.base, pair.head))
    if was == now:
        return
    if now == "retired":
        comparison.note("status.retired", pair)
    elif was in _STANDING and now in STATUSES and now not in _STANDING:
        comparison.note("status.withdrawn", pair)
    else:
        comparison.note("status.changed", pair)


def _servers(comparison: Comparison, pair: Pair) -> None:
    for base, head in aligned(pair.base, pair.head, identity_of):
        item = pair.item(base, head)
        if base is None:
            comparison.note("server.added", item)
        elif head is None:
            comparison.note("server.removed", item)
        elif item.differs:
            keys(comparison, item, _SERVER_HANDLERS, leaves("server.changed"))


_WORDS: Final = ("description", "name", "dataProduct", "tenant", "context", "authoritativeDefinitions", "contractCreatedTs")

_ROLE_HANDLERS: Final[dict[str, Handler]] = {
    **dict.fromkeys(("description", "id"), leaves("documentation.changed")),
    **dict.fromkeys(("firstLevelApprovers", "secondLevelApprovers"), leaves("role.approvers_changed")),
    "role": means_the_same,
    "access": _role_access,
    "customProperties": custom_properties(otherwise="role.changed"),
}

_SERVER_HANDLERS: Final[dict[str, Handler]] = {
    **dict.fromkeys(("description", "id"), leaves("documentation.changed")),
    "customProperties": custom_properties(),
    "roles": _roles,
}

_HANDLERS: Final[dict[str, Handler]] = {
    **dict.fromkeys(_WORDS, leaves("documentation.changed")),
    **dict.fromkeys(("domain", "id", "kind"), means_the_same),
    "version": leaves("version.changed"),
    "apiVersion": leaves("standard.changed"),
    "status": _status,
    "tags": leaves("tags.changed"),
    "roles": _roles,
    "servers": _servers,
    "slaProperties": service_levels,
    "slaDefaultElement": leaves("service_level.changed"),
    "team": leaves("team.changed"),
    "support": leaves("support.changed"),
    "price": leaves("price.changed"),
}
