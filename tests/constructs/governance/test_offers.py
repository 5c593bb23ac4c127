"""Rights that a share gives against rights that a consumer asks for: allowed exactly when contained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from constructs_lib.governance import Columns, LfTags, SharedTable
from constructs_lib.governance.offers import ALL_TABLES, Offer, TableRight, together
from lakemodel.errors import DataLakeError
from tests.constructs.governance.sides import READER, sides
from tests.constructs.governance.support import Orders

if TYPE_CHECKING:
    from constructs_lib.governance.tags import LfTagExpression

TABLES = ("orders", "invoices")
COLUMNS = ("country", "email", "id", "total")
CONDITIONS = ("country = 'DE'", "country = 'FR'")
LATER = "what comes later"

columns = st.none() | st.sets(st.sampled_from(COLUMNS), min_size=1).map(lambda names: tuple(sorted(names)))
rights = st.builds(
    TableRight,
    database=st.sampled_from(["sales", "travel"]),
    table=st.sampled_from([*TABLES, ALL_TABLES]),
    columns=columns,
    rows=st.none() | st.sampled_from(CONDITIONS),
).filter(lambda right: right.table != ALL_TABLES or (right.columns is None and right.rows is None))
expressions = st.builds(
    lambda keys: LfTags.all(**keys),
    st.dictionaries(
        st.sampled_from(["domain", "zone", "classification"]), st.lists(st.sampled_from(["a", "b", "c"]), min_size=1), min_size=1
    ),
)


def cells(right: TableRight) -> set[tuple[str, str, str]]:
    """Every column of every table that a right covers, those to come as well."""
    tables = [*TABLES, LATER] if right.table == ALL_TABLES else [right.table]
    names = [*COLUMNS, LATER] if right.columns is None else right.columns
    return {(right.database, table, name) for table in tables for name in names}


@given(given_right=rights, asked=rights)
def test_a_right_covers_another_exactly_when_it_contains_it(given_right: TableRight, asked: TableRight) -> None:
    """Of every row: cell by cell. Where either has a condition: the very same right, as nothing says that one implies another."""
    if given_right.rows is None and asked.rows is None:
        assert given_right.covers(asked) == (cells(given_right) >= cells(asked))
    else:
        assert given_right.covers(asked) == (given_right == asked)


@given(right=rights, other=rights)
def test_a_right_voids_a_filter_exactly_when_they_overlap(right: TableRight, other: TableRight) -> None:
    """Every row of some column of the filter's."""
    assert right.voids(other) == (right.rows is None and other.rows is not None and bool(cells(right) & cells(other)))


@given(offers=st.lists(st.builds(Offer, st.lists(rights).map(tuple), st.lists(expressions).map(tuple))), asked=st.data())
def test_nothing_that_is_given_is_missing(offers: list[Offer], asked: Any) -> None:
    """Each right of each share can be asked for, and nothing that is asked beside them is lost from the answer."""
    total = together(offers)
    assert list(total.missing(total)) == []
    right: TableRight = asked.draw(rights)
    expression: LfTagExpression = asked.draw(expressions)
    missing = list(total.missing(Offer((right,), (expression,))))
    assert (str(right) in missing) == (not any(one.covers(right) for one in total.tables))
    assert (f"whatever has {expression}" in missing) == (expression not in total.expressions)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shared=rights.filter(lambda right: right.database == "sales"), asked=rights.filter(lambda right: right.database == "sales"))
def test_the_constructs_allow_exactly_what_is_contained(shared: TableRight, asked: TableRight) -> None:
    """From the arguments of both constructs, as a user writes them."""
    two = sides()
    if shared.table == ALL_TABLES:
        share = two.share(databases=["sales"])
    else:
        table = Orders(table_name=shared.table, column_names=COLUMNS)
        share = two.share(tables=[SharedTable(table, _columns(shared), shared.rows)])
    (offered,) = share.offer.tables
    arguments: dict[str, Any] = {} if asked.table == ALL_TABLES else {"table": Orders(table_name=asked.table, column_names=COLUMNS)}
    wanted = asked
    if asked.table != ALL_TABLES:
        arguments |= {"columns": _columns(asked), "rows": asked.rows}
        if asked.rows is not None and asked.columns is None:
            wanted = TableRight(asked.database, asked.table, COLUMNS, asked.rows)
    database = two.database(share)
    if asked.table == ALL_TABLES:  # everything that is shared
        wanted = offered
    if offered.covers(wanted):
        database.grants.read(READER, **arguments)
        assert database.taken.asked == Offer((wanted,))
    else:
        with pytest.raises(DataLakeError) as raised:
            database.grants.read(READER, **arguments)
        assert raised.value.code == "not_shared"
        assert database.taken.asked == Offer()


def _columns(right: TableRight) -> Columns:
    return Columns.ALL if right.columns is None else Columns.only(*right.columns)
