"""Any change of declared permissions, by any failures: what stays is never missing, nothing else is ever opened, and repeating arrives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings, strategies as st

from constructs_lib.runtime.lakeformation.permissions import PermissionsError
from tests.unit.runtime.lakeformation.fake import CrashError, FakeLakeFormation, error
from tests.unit.runtime.lakeformation.support import ACCOUNT
from tests.unit.runtime.lakeformation.test_permissions import apply, columns, grant, tagged

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = ["id", "total", "email"]
DATABASE = {"Database": {"Name": "sales"}}
TABLE = {"Table": {"DatabaseName": "sales", "Name": "orders"}}
BUT = {"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnWildcard": {"ExcludedColumnNames": ["email"]}}}
PRINCIPALS = [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("Analyst", "Steward")]
VALUES = ["public", "restricted"]
OTHERS = ("arn:aws:iam::444444444401:role/Other", json.dumps(["table", "sales", "orders"]), "SELECT", False)

Right = tuple[str, str, str, bool]
Read = tuple[str, str]


def expression(*values: str) -> dict[str, Any]:
    return {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "classification", "TagValues": list(values)}]}}


def new_lake() -> FakeLakeFormation:
    lake = FakeLakeFormation()
    lake.existing = {*PRINCIPALS, OTHERS[0]}
    lake.tables = {("sales", "orders"): COLUMNS}
    lake.vocabulary = {"classification": set(VALUES)}
    lake.rights = {OTHERS}
    lake.takes_along = False
    return lake


RESOURCES: list[dict[str, Any]] = [
    DATABASE,
    TABLE,
    BUT,
    *(columns(column) for column in COLUMNS),
    columns("id", "email"),
    *(expression(value) for value in VALUES),
    expression(*VALUES),
]
GRANTS = st.builds(
    lambda to, resource, permissions, passing: grant(resource, *permissions, to=to, grantable=tuple(permissions[:1]) if passing else ()),
    st.sampled_from(PRINCIPALS),
    st.sampled_from(RESOURCES),
    st.lists(st.sampled_from(["DESCRIBE", "SELECT"]), min_size=1, max_size=2, unique=True),
    st.booleans(),
)
TAGS = st.dictionaries(st.sampled_from(["db", "table", *COLUMNS]), st.sampled_from(VALUES), max_size=4)
DECLARED = st.builds(
    lambda grants, tags, opted: {
        "Grants": grants,
        "TagAssociations": [
            tagged({"db": DATABASE, "table": TABLE}.get(place) or columns(place), classification=value) for place, value in tags.items()
        ],
        "OptIns": [{"Principal": {"DataLakePrincipalIdentifier": principal}, "Resource": TABLE} for principal in opted],
    },
    st.lists(GRANTS, max_size=5),
    TAGS,
    st.sets(st.sampled_from(PRINCIPALS)).map(sorted),
)
CODES = ["ConcurrentModificationException", "ThrottlingException", "InternalServiceException", "AccessDeniedException"]
OPERATIONS = [
    "add_lf_tags_to_resource",
    "batch_grant_permissions",
    "batch_revoke_permissions",
    "create_lake_formation_opt_in",
    "delete_lake_formation_opt_in",
    "get_resource_lf_tags",
    "list_lake_formation_opt_ins",
    "list_permissions",
    "remove_lf_tags_from_resource",
]
PASSING = st.dictionaries(st.sampled_from(OPERATIONS), st.lists(st.sampled_from(CODES), max_size=3))
BOUNDED = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def state(lake: FakeLakeFormation) -> tuple[set[Right], dict[tuple[str, ...], dict[str, str]], set[tuple[str, str]]]:
    return set(lake.rights), {path: dict(tags) for path, tags in lake.tags.items() if tags}, set(lake.opt_ins)


def result(declared: dict[str, Any]) -> FakeLakeFormation:
    """What a Lake Formation without failures ends with."""
    lake = new_lake()
    apply(lake, "Create", declared)
    return lake


def reads_by_tag(lake: FakeLakeFormation) -> set[Read]:
    """Who reads which column through an expression, as tag and grant together say."""
    found = set()
    for principal, resource, permission, _ in lake.rights:
        kind, *body = json.loads(resource)
        if kind != "lftagpolicy" or permission != "SELECT":
            continue
        for column in COLUMNS:
            tags: dict[str, str] = {}
            for path in (("sales",), ("sales", "orders"), ("sales", "orders", column)):
                tags |= lake.tags.get(path, {})
            if all(tags.get(key) in values for key, values in body[1]):
                found.add((principal, column))
    return found


def guard(lake: FakeLakeFormation, old: FakeLakeFormation, new: FakeLakeFormation) -> list[str]:
    """Watches each single change; what is found wrong is collected."""
    wrong: list[str] = []
    stays, allowed = old.rights & new.rights, old.rights | new.rights
    readable = reads_by_tag(old) | reads_by_tag(new)

    def watch(now: FakeLakeFormation) -> None:
        after = now.calls[-1]
        if not stays <= now.rights:
            wrong.append(f"missing after {after}: {sorted(stays - now.rights)}")
        if not now.rights <= allowed:
            wrong.append(f"granted by neither after {after}: {sorted(now.rights - allowed)}")
        if not reads_by_tag(now) <= readable:
            wrong.append(f"read by neither after {after}: {sorted(reads_by_tag(now) - readable)}")
        for opted_in in now.opt_ins - old.opt_ins:
            lacking = {right for right in new.rights - now.rights if right[0] == opted_in[0]}
            if lacking:
                wrong.append(f"opted in before it is granted, after {after}: {sorted(lacking)}")

    lake.watching.append(watch)
    return wrong


def failing(lake: FakeLakeFormation, codes: dict[str, list[str]]) -> None:
    lake.errors = {operation: [error(code, "is not authorized") for code in raised] for operation, raised in codes.items()}


def attempt(lake: FakeLakeFormation, new: dict[str, Any], old: dict[str, Any]) -> bool:
    try:
        apply(lake, "Update", new, old)
    except (PermissionsError, CrashError):
        return False
    return True


@BOUNDED
@given(old=DECLARED, new=DECLARED, codes=PASSING)
def test_a_change_is_safe_at_every_moment_and_ends_in_the_new_state(
    old: dict[str, Any], new: dict[str, Any], codes: dict[str, list[str]]
) -> None:
    """What both states have is never missing, nothing that neither has is ever granted or readable, others' grants stay."""
    lake, before, after = result(old), result(old), result(new)
    wrong = guard(lake, before, after)
    failing(lake, codes)
    assert attempt(lake, new, old)
    assert wrong == []
    assert state(lake) == state(after)
    assert OTHERS in lake.rights
    lake.calls.clear()
    apply(lake, "Update", new, old)
    assert not {call for call in lake.calls if call.startswith(("add", "create", "delete", "remove"))}


@BOUNDED
@given(old=DECLARED, new=DECLARED, at=st.integers(0, 30), effect=st.booleans(), back=st.booleans())
def test_a_request_that_died_anywhere_can_be_repeated_or_rolled_back(
    old: dict[str, Any],
    new: dict[str, Any],
    at: int,
    effect: bool,  # noqa: FBT001 - drawn by hypothesis
    back: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    """Wherever the function ends, before a call or after its effect: the same request, or the one back, arrives."""
    lake, before, after = result(old), result(old), result(new)
    wrong = guard(lake, before, after)
    lake.calls.clear()
    lake.crash_at, lake.crash_after = at, effect
    attempt(lake, new, old)
    lake.crash_at = None
    assert attempt(lake, old, new) if back else attempt(lake, new, old)
    assert state(lake) == state(before if back else after)
    assert [each for each in wrong if not each.startswith("opted in")] == []


@BOUNDED
@given(old=DECLARED, new=DECLARED, refused=st.sampled_from(RESOURCES[:6]), times=st.integers(1, 12))
def test_refused_entries_take_nothing_away_and_can_be_repeated(
    old: dict[str, Any], new: dict[str, Any], refused: dict[str, Any], times: int
) -> None:
    """Entries that fail inside a successful answer: either they pass after a while, or what is there stays until a later attempt."""
    lake, before, after = result(old), result(old), result(new)
    wrong = guard(lake, before, after)
    (resource, *_) = lake._resources(refused)
    lake.refused = {(permission, resource): [("ConcurrentModificationException", "")] * times for permission in ("SELECT", "DESCRIBE")}
    if not attempt(lake, new, old):
        lake.refused = {}
        assert attempt(lake, new, old)
    assert wrong == []
    assert state(lake) == state(after)


@BOUNDED
@given(old=DECLARED, new=DECLARED, behind=st.integers(1, 4))
def test_lists_that_are_behind_do_no_harm(old: dict[str, Any], new: dict[str, Any], behind: int) -> None:
    """Grants that are listed as they were a moment ago neither lose what stays nor leave what goes."""
    lake, before, after = result(old), result(old), result(new)
    wrong = guard(lake, before, after)
    lake.behind = behind
    assert attempt(lake, new, old)
    assert wrong == []
    assert state(lake) == state(after)


@BOUNDED
@given(declared=DECLARED)
def test_a_deletion_leaves_what_others_granted(declared: dict[str, Any]) -> None:
    """After a delete, also after a second one, there is what was before the create."""
    lake = result(declared)
    apply(lake, "Delete", declared)
    apply(lake, "Delete", declared)
    assert state(lake) == ({OTHERS}, {}, set())


def everything() -> Iterable[tuple[str, str]]:
    """One change of one column's class, each way, with each change of a grant beside it."""
    return [(before, after) for before in VALUES for after in VALUES if before != after]


def test_a_class_and_a_grant_that_move_together_open_nothing() -> None:
    """A column that becomes public is not shown, for a moment, to who loses public, nor is a restricted one to who gains restricted."""
    for before, after in everything():
        old = {"Grants": [grant(expression(after), "SELECT")], "TagAssociations": [tagged(columns("email"), classification=before)]}
        new = {"Grants": [grant(expression(before), "SELECT")], "TagAssociations": [tagged(columns("email"), classification=after)]}
        lake = result(old)
        seen: list[set[Read]] = []
        lake.watching.append(lambda now, seen=seen: seen.append(reads_by_tag(now)))  # type: ignore[misc]
        apply(lake, "Update", new, old)
        assert seen
        assert all(reads == set() for reads in seen), (before, after, seen)
