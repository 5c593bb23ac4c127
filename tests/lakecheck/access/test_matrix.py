"""Own accesses and ways to become somebody else: each right once, by the surest and shortest way, none left out silently."""

from __future__ import annotations

from lakecheck.access.closure import MOST_WAYS, Closure
from lakecheck.access.grouping import expanded, lines
from lakecheck.access.matrix import build_matrix
from lakecheck.access.model import Action, Door, Edge, Step
from lakecheck.estate.model import Estate
from lakecheck.formula import TRUE, Test as KeyTest, Unresolved, all_of, negate
from tests.lakecheck.access.matrices import (
    ADMIN,
    ANALYST,
    COLUMNS,
    CONSUMER,
    CUSTOMERS,
    FROM_EITHER,
    FROM_VPC,
    JOB,
    LAKE,
    LANDING,
    NOBODY_KNOWS,
    ORDERS,
    READER,
    access,
    administers,
    becomes,
    estate,
    leak,
    matrix,
    principal,
    rows,
)


def test_an_empty_estate_has_an_empty_matrix() -> None:
    """No row, and the assumptions all the same."""
    found = build_matrix(Estate())
    assert found.accesses == ()
    assert found.assumptions


def test_whoever_becomes_somebody_gets_what_that_one_has() -> None:
    """Over two steps, with both steps told; the other direction gives nothing."""
    found = matrix(access(READER), edges=(becomes(ANALYST, JOB), becomes(JOB, READER)), estate=estate(ANALYST, JOB, READER))
    assert rows(found, ANALYST) == [("sales.customers", "read", "lake_formation", ("assumed_role", "assumed_role"))]
    assert [step.target for step in found.accesses[0].via] == ["role/Job", "role/PiiReader"]
    assert rows(found, READER) == [("sales.customers", "read", "lake_formation", ())]


def test_cycles_end_and_nobody_is_reached_through_itself() -> None:
    """Two that can become each other have each other's rights once, and not their own again."""
    edges = (becomes(ANALYST, READER), becomes(READER, ANALYST), becomes(READER, READER))
    found = matrix(access(READER), access(ANALYST, ORDERS), edges=edges)
    assert rows(found, ANALYST) == [
        ("sales.customers", "read", "lake_formation", ("assumed_role",)),
        ("sales.orders", "read", "lake_formation", ()),
    ]
    assert len(rows(found, READER)) == 2


def test_what_one_can_do_by_itself_is_not_told_again() -> None:
    """An own access without condition hides the way; one under a condition, or of fewer columns, does not."""
    edges = (becomes(ANALYST, READER),)
    assert len(rows(matrix(access(ANALYST), access(READER), edges=edges), ANALYST)) == 1
    narrower = (access(ANALYST, conditions=FROM_VPC), access(ANALYST, columns=("name",)), access(ANALYST, rows="name = 'x'"))
    for own in narrower:
        assert len(rows(matrix(own, access(READER), edges=edges), ANALYST)) == 2


def test_the_shortest_way_counts_for_each_first_door() -> None:
    """Of two ways that begin with a role the shorter is told; one that begins with a function beside it."""
    edges = (becomes(ANALYST, JOB), becomes(JOB, READER), becomes(ANALYST, READER), becomes(ANALYST, READER, Door.CODE_UPDATE))
    found = rows(matrix(access(READER), edges=edges, estate=estate(ANALYST, JOB, READER)), ANALYST)
    assert sorted(way for *_, way in found) == [("assumed_role",), ("code_update",)]


def test_a_sure_way_counts_more_than_a_short_one() -> None:
    """A direct step that nobody knows of does not hide two sure ones."""
    edges = (becomes(ANALYST, READER, conditions=NOBODY_KNOWS), becomes(ANALYST, JOB), becomes(JOB, READER))
    (row,) = [one for one in matrix(access(READER), edges=edges).accesses if one.principal is ANALYST]
    assert (len(row.via), row.conditions) == (2, TRUE)


def test_conditions_of_a_way_add_up_and_exclude_each_other() -> None:
    """Both steps' conditions remain, each with values of its own where they differ; a way that nobody can take is none."""
    edges = (becomes(ANALYST, READER, conditions=FROM_EITHER),)
    (row,) = [one for one in matrix(access(READER, conditions=NOBODY_KNOWS), edges=edges).accesses if one.principal is ANALYST]
    assert row.conditions == all_of((FROM_EITHER, NOBODY_KNOWS))
    found = matrix(access(READER, conditions=negate(FROM_EITHER)), edges=(becomes(ANALYST, READER, conditions=FROM_VPC),))
    assert len(rows(found, ANALYST)) == 1
    found = matrix(access(READER, conditions=negate(NOBODY_KNOWS)), edges=(becomes(ANALYST, READER, conditions=NOBODY_KNOWS),))
    assert rows(found, ANALYST) == []
    assert rows(matrix(access(READER, conditions=all_of((FROM_VPC, negate(FROM_EITHER))))), READER) == []


def test_alternatives_through_one_door_are_joined() -> None:
    """Two edges between the same two, of which one is sure: the way is sure."""
    edges = (becomes(ANALYST, READER, conditions=FROM_VPC), becomes(ANALYST, READER))
    (row,) = [one for one in matrix(access(READER), edges=edges).accesses if one.principal is ANALYST]
    assert row.conditions == TRUE


def test_who_can_do_anything_in_an_account_can_do_anything_to_its_data() -> None:
    """Every action on each dataset of that account, and what its roles have elsewhere; nothing of others."""
    elsewhere = principal("Reader2", LAKE)
    foreign = CUSTOMERS.__class__(CUSTOMERS.kind, CONSUMER, "eu-west-1", "marketing.leads", "Prod")
    hidden = CUSTOMERS.__class__(CUSTOMERS.kind, CONSUMER, "eu-west-1", "marketing.hidden", "Prod")
    found = matrix(
        access(elsewhere, foreign),
        edges=(administers(ADMIN),),
        estate=estate(ADMIN, elsewhere),
        datasets=(CUSTOMERS, LANDING, foreign, hidden),
    )
    told = rows(found, ADMIN)
    assert {(name, action) for name, action, _, way in told if way == ("policy_edit",) and name != "marketing.leads"} == {
        (dataset.name, action.value) for dataset in (CUSTOMERS, LANDING) for action in Action
    }
    assert [row for row in told if row[0].startswith("marketing")] == [("marketing.leads", "read", "lake_formation", ("policy_edit",))]


def test_who_may_administer_an_account_gets_nothing_twice_and_keeps_what_has_other_conditions() -> None:
    """Below the same doubt the administrator's row says all; what a step to somebody else gives under less, or elsewhere, is told."""
    doubt = Unresolved("the policies of role/Analyst")
    maybe = Edge(source=ANALYST, target=None, account=LAKE, step=Step(Door.POLICY_EDIT, "account"), conditions=doubt)
    known = estate(ANALYST, JOB, READER)
    alone = matrix(access(READER), edges=(maybe,), estate=known)
    assert {(each.action, each.conditions) for each in alone.accesses if each.principal is ANALYST} == {(each, doubt) for each in Action}
    surer = Edge(source=ANALYST, target=READER, step=Step(Door.POLICY_EDIT, "role/PiiReader"))
    both = matrix(access(READER), edges=(maybe, surer), estate=known)
    reads = [each.conditions for each in both.accesses if each.principal is ANALYST and each.action is Action.READ]
    assert TRUE in reads


def test_a_leak_gives_readings_and_passes_them_on_to_who_becomes_the_reader() -> None:
    """Only reading, also what the member reads as a role; not what the member itself has from a leak."""
    own = (access(READER), access(READER, action=Action.WRITE), access(JOB, ORDERS))
    edges = (becomes(READER, JOB), becomes(ADMIN, ANALYST), becomes(READER, ADMIN, Door.CODE_UPDATE))
    known = estate(ANALYST, READER, JOB, ADMIN)
    found = matrix(*own, access(ADMIN, LANDING), edges=edges, leaks=(leak(ANALYST, READER),), estate=known)
    assert rows(found, ANALYST) == [
        ("sales.customers", "read", "athena_results", ("athena_results",)),
        ("sales.orders", "read", "athena_results", ("athena_results", "assumed_role")),
    ]
    assert ("sales.customers", "read", "athena_results", ("assumed_role", "athena_results")) in rows(found, ADMIN)
    assert any("role/PiiReader can read sales.customers" in reason for one in found.accesses for reason in one.because)
    chained = matrix(*own, leaks=(leak(ANALYST, READER), leak(JOB, ANALYST)), estate=known)
    assert [row for row in rows(chained, JOB) if row[2] == "athena_results"] == []


def test_the_same_right_is_one_row() -> None:
    """Columns of one right are joined, conditions of one right are alternatives, what another row says is left out."""
    found = matrix(access(READER, columns=("name",)), access(READER, columns=("email",)))
    assert [one.columns for one in found.accesses] == [("name", "email")]
    found = matrix(access(READER, conditions=FROM_VPC), access(READER))
    assert [one.conditions for one in found.accesses] == [TRUE]
    assert len(matrix(access(READER), access(READER, columns=("name",)), access(READER, rows="name = 'x'")).accesses) == 1
    assert len(matrix(access(READER), access(READER, door=Door.S3)).accesses) == 2


def test_each_target_is_reached_once_for_each_first_door() -> None:
    """Doubtful ways are looked for after sure ones, and do not repeat what these reach."""
    edges = (becomes(ANALYST, READER), becomes(ANALYST, JOB, conditions=NOBODY_KNOWS), becomes(ANALYST, READER, Door.CODE_UPDATE))
    ways = list(Closure(edges, (ANALYST, READER, JOB)).ways(ANALYST))
    assert sorted((way.steps[0].door.value, way.target.name) for way in ways if way.target is not None) == [
        ("assumed_role", "role/Job"),
        ("assumed_role", "role/PiiReader"),
        ("code_update", "role/PiiReader"),
    ]


def test_nothing_is_cut_silently() -> None:
    """Rows and steps beyond the caps are told by name."""
    found = matrix(access(ANALYST), access(READER), most_accesses=1)
    assert len(found.accesses) == 1
    assert any("role/PiiReader" in reason for reason in found.not_known)
    closure = Closure((becomes(ANALYST, JOB), becomes(JOB, READER)), (ANALYST, JOB, READER), most_steps=1)
    list(closure.ways(ANALYST))
    assert any("role/Analyst" in reason for reason in closure.not_known)
    assert matrix(access(ANALYST), access(READER)).not_known == ()


def test_the_order_does_not_depend_on_the_order_of_what_is_found() -> None:
    """The same rows in any order give the same matrix."""
    own = [
        access(READER),
        access(ANALYST, ORDERS),
        access(ANALYST, LANDING, Action.WRITE, door=Door.S3),
        access(ANALYST, columns=("name",)),
    ]
    edges = [becomes(ANALYST, READER), becomes(READER, JOB)]
    assert matrix(*own, edges=tuple(edges)).accesses == matrix(*own[::-1], edges=tuple(edges[::-1])).accesses


def test_lines_say_of_each_column_what_the_rows_say() -> None:
    """Grouped columns and datasets, taken apart again, are the rows taken apart column by column."""
    everything = principal("Everything")
    own = [
        access(ANALYST, columns=("customer_id", "name")),
        access(ANALYST, columns=("name", "email"), conditions=FROM_VPC),
        access(ANALYST, columns=("order_id", "total"), dataset=ORDERS),
        access(ANALYST, rows="name = 'x'"),
        access(everything),
        access(everything, ORDERS),
        access(everything, LANDING, Action.WRITE, door=Door.S3),
        access(everything, LANDING, Action.READ, door=Door.S3),
        access(READER, door=Door.S3, conditions=NOBODY_KNOWS),
    ]
    found = matrix(*own, edges=(becomes(READER, ANALYST), becomes(ANALYST, everything)))
    brute_force = {
        (one.principal.name, one.dataset, column, one.action, one.door, one.via, one.rows, one.conditions)
        for one in found.accesses
        for column in (one.columns if one.columns is not None else COLUMNS.get(one.dataset.name, (None,)))
    }
    told = [each for line in lines(found, found.accesses) for each in expanded(line, found.columns)]
    taken_apart = {
        (who.name, dataset, column, right.action, right.door, right.via, right.rows, right.conditions)
        for who, dataset, column, right in told
    }
    assert taken_apart == brute_force
    assert len(told) == len(taken_apart)
    assert [len(line.datasets) for line in lines(found, found.accesses) if line.principal is everything] == [2, 1]


def test_a_longer_way_counts_where_the_shorter_one_is_shut() -> None:
    """The direct step needs what shuts the role's access: only the way round gets there."""
    edges = (becomes(ANALYST, READER, conditions=NOBODY_KNOWS), becomes(ANALYST, JOB), becomes(JOB, READER, conditions=FROM_VPC))
    found = matrix(access(READER, conditions=negate(NOBODY_KNOWS)), edges=edges, estate=estate(ANALYST, READER, JOB))
    told = [one for one in found.accesses if one.principal is ANALYST]
    assert [(len(one.via), one.conditions) for one in told] == [(2, all_of([FROM_VPC, negate(NOBODY_KNOWS)]))]


def test_ways_that_are_open_at_different_times_are_both_told() -> None:
    """Whoever may come from one network by one door, and from another by another, may come from both."""
    own = (access(READER, door=Door.S3, conditions=FROM_VPC), access(READER, door=Door.IAM_CATALOG, conditions=negate(FROM_VPC)))
    found = matrix(*own, edges=(becomes(ANALYST, READER),), estate=estate(ANALYST, READER))
    assert {one.door for one in found.accesses if one.principal is ANALYST} == {Door.S3, Door.IAM_CATALOG}


def test_beyond_so_many_ways_the_rest_is_not_known() -> None:
    """Ways are told apart by their conditions; past the limit one more stands for all others, and is not sure."""
    guests = [principal(f"Guest{number}") for number in range(MOST_WAYS + 5)]
    tests = [KeyTest("aws:sourcevpce", "StringEquals", (f"vpce-{number}",)) for number in range(len(guests))]
    edges = [becomes(ANALYST, guest) for guest in guests]
    edges += [becomes(guest, READER, conditions=test) for guest, test in zip(guests, tests, strict=True)]
    found = matrix(access(READER), edges=tuple(edges), estate=estate(ANALYST, READER, *guests))
    told = [one.conditions for one in found.accesses if one.principal is ANALYST]
    assert len(told) == MOST_WAYS + 1
    assert isinstance(told[-1], Unresolved)


def test_a_grant_is_told_beside_what_one_could_grant_itself() -> None:
    """What takes a step says nothing of what takes none, although it gives more."""
    grants_itself = Step(Door.SELF_GRANT, "the lake")
    own = (access(ADMIN, via=(grants_itself,)), access(ADMIN, columns=("email",)), access(READER), access(READER, via=(grants_itself,)))
    found = matrix(*own)
    assert [one.columns for one in found.accesses if one.principal is ADMIN and not one.via] == [("email",)]
    assert [one.via for one in found.accesses if one.principal is READER] == [()]
