"""What a contract says, cut to what the catalog keeps: whole where it fits, marked where it does not, never an invalid text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from lakemodel.contracts.catalog_text import comment, description, shortened, table_parameters
from lakemodel.contracts.model import Column, ContractSet, DataContract, Table, TableFormat
from lakemodel.contracts.quarantine import quarantine_columns
from lakemodel.errors import DataLakeError
from lakemodel.types.model import Primitive, PrimitiveKind


def contract(column_description: str = "", table_description: str = "", **more: str) -> DataContract:
    column = Column(name="a", source_name="a", type=Primitive(PrimitiveKind.INT), classification="internal", description=column_description)
    table = Table(
        name="t",
        source_name="t",
        format=TableFormat.PARQUET,
        columns=(column,),
        classification="internal",
        description=table_description,
    )
    return DataContract(id="c", domain="d", product="p", version="1.0.0", status="active", tables=(table,), file="p.odcs.yaml", **more)


@settings(deadline=None)
@given(st.text(max_size=600))
def test_a_comment_is_always_one_that_glue_takes(text: str) -> None:
    """At most 255 bytes on one line, without control characters, whatever was written."""
    kept = comment(text)
    assert len(kept.encode()) <= 255
    assert not any(ord(character) < 32 or character in "\u2028\u2029" for character in kept)


def test_nothing_looks_like_a_placeholder_of_cdk() -> None:
    """CDK would fail at one it does not know, and fill in another construct's value for one it does."""
    assert comment("see ${Token[TOKEN.5]}") == "see $ {Token[TOKEN.5]}"
    owner = table_parameters(contract(owner="#{Token[TOKEN.5]}"), "internal")["lake.owner"]
    assert owner == "# {Token[TOKEN.5]}"


def test_what_fits_is_kept_whole() -> None:
    """Only white space is folded; exactly 255 bytes are not cut."""
    assert comment("one\n  two\tthree ") == "one two three"
    assert comment("x" * 255) == "x" * 255


def test_what_does_not_fit_says_so() -> None:
    """The cut is marked, and falls between characters, not inside one."""
    assert comment("x" * 256) == "x" * 252 + "…"
    assert comment("é" * 200) == "é" * 126 + "…"
    assert len(description("x" * 5000).encode()) == 2048


def test_each_cut_is_noted_with_its_place() -> None:
    """One note for each text that was cut, none for the others."""
    notes = list(shortened(ContractSet(contracts=(contract("x" * 300, "y" * 3000), contract("short", "also short")))))
    assert [str(note.place) for note in notes] == ["p.odcs.yaml t.a", "p.odcs.yaml t"]
    assert "the catalog keeps 255" in notes[0].message
    assert "the catalog keeps 2,048" in notes[1].message
    assert not any(note.is_error for note in notes)


def test_parameters_leave_out_what_is_not_known() -> None:
    """No empty values; the keys are the project's own, since Glue's `classification` is the file format."""
    assert table_parameters(contract(), "internal") == {
        "lake.domain": "d",
        "lake.product": "p",
        "lake.contract": "c",
        "lake.contract_version": "1.0.0",
        "lake.classification": "internal",
    }
    assert table_parameters(contract(owner="o@example.com", steward="s@example.com"), "internal").keys() >= {"lake.owner", "lake.steward"}


def test_quarantine_columns_are_text_in_the_strictest_class() -> None:
    """Delivered columns as text, then why and whence, the run last; all in the class that was asked for, the table's by default."""
    table = contract().tables[0]
    assert [column.name for column in quarantine_columns(table)] == [
        "a",
        "_reasons",
        "_source_file",
        "_source_line",
        "_source_record",
        "_run_id",
    ]
    assert quarantine_columns(table)[0].type == Primitive(PrimitiveKind.STRING)
    assert {column.classification for column in quarantine_columns(table)} == {"internal"}
    assert {column.classification for column in quarantine_columns(table, "restricted")} == {"restricted"}


def test_fails_when_a_column_has_a_reserved_name() -> None:
    """A delivered `_run_id` would be taken for ours."""
    column = Column(name="_run_id", source_name="_run_id", type=Primitive(PrimitiveKind.INT), classification="internal")
    table = Table(name="t", source_name="t", format=TableFormat.PARQUET, columns=(column,), classification="internal")
    with pytest.raises(DataLakeError, match="got columns _run_id"):
        quarantine_columns(table)
