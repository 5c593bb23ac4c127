"""Reading hand-written YAML: what it becomes, where it stands, and what is refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given, strategies as st

from lakemodel import yaml_source
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding, Place

if TYPE_CHECKING:
    from pathlib import Path


def parse(text: str | bytes) -> yaml_source.Document:
    return yaml_source.parse(text.encode() if isinstance(text, str) else text, file="lake.yaml")


def refused(text: str | bytes) -> tuple[Finding, ...]:
    with pytest.raises(InvalidInput) as caught:
        parse(text)
    return caught.value.findings


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("0x1F", 31),
        ("0o17", 15),
        ("012345678901", "012345678901"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("12:30:00", "12:30:00"),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        pytest.param("9" * 41, "9" * 41, id="too many digits"),
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31T10:00:00Z", "2024-01-31T10:00:00Z"),
        ('"12"', "12"),
        ("'true'", "true"),
        ("!!str 12", "12"),
        ("!!int 12", 12),
        ("!!timestamp 2024-01-31", "2024-01-31"),
    ],
)
def test_a_scalar_means_what_it_says(source: str, value: Any) -> None:
    """Words, dates and ids stay text; only what JSON calls a number, a boolean or null becomes one."""
    found = parse(f"key: {source}\n").data["key"]
    assert found == value
    assert type(found) is type(value)


def test_keys_are_always_text() -> None:
    """`on`, `null` and numbers as keys are the text that was written."""
    assert parse("on: 1\nno: 2\n2024: 3\nnull: 4\n1.0: 5\n").data == {"on": 1, "no": 2, "2024": 3, "null": 4, "1.0": 5}


def test_lines_and_paths_of_values() -> None:
    """A mapping's entry stands where its key does, a list's where it begins, the unknown where its nearest ancestor does."""
    document = parse("# comment\nschema:\n  - name: a\n    b.c: 1\n  -\n    name: b\n")
    assert document.line(()) == 2
    assert document.line(("schema",)) == 2
    assert document.line(("schema", 0, "b.c")) == 4
    assert document.line(("schema", 1, "name")) == 6
    assert document.line(("schema", 0, "nothing", "below")) == 3
    assert document.place(("schema", 0, "b.c")) == Place("lake.yaml", 4, 'schema[0]."b.c"')


def test_unquoted_tells_how_a_scalar_was_written() -> None:
    """The source text of a plain scalar is kept; a quoted one, a list and nothing have none."""
    document = parse("a: 0x1F\nb: '1'\nc: [007]\n")
    assert document.unquoted(("a",)) == "0x1F"
    assert document.unquoted(("b",)) is None
    assert document.unquoted(("c",)) is None
    assert document.unquoted(("c", 0)) == "007"
    assert document.unquoted(("d",)) is None


def test_aliases_and_merges() -> None:
    """An alias repeats a value; `<<` fills in keys that are not given, and lines are those of the source."""
    document = parse("base: &base\n  a: 1\n  b: 2\nuse:\n  <<: *base\n  b: 3\nboth: {<<: [*base, {c: 4, a: 5}]}\nagain: *base\n")
    assert document.data["use"] == {"a": 1, "b": 3}
    assert document.data["both"] == {"a": 1, "b": 2, "c": 4}
    assert document.data["again"] == {"a": 1, "b": 2}
    assert document.line(("use", "a")) == 2
    assert document.line(("use", "b")) == 6


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    """Files of Windows editors are read."""
    assert parse(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n").data == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("source", "code", "line", "words"),
    [
        (b"a: 1\nb: \xff\n", "yaml.not_utf8", 2, "0xff"),
        ("a: 1".encode("utf-16"), "yaml.not_utf8", 1, "UTF-8"),
        ("a: 1\nb: \x07\n", "yaml.control_character", 2, "U+0007"),
        ("a: [1, 2\nb: 1\n", "yaml.broken", 2, "not valid YAML"),
        ("a:\n\tb: 1\n", "yaml.broken", 2, "Indent with spaces"),
        ("a: b: c\n", "yaml.broken", 1, "not valid YAML"),
        ("a: 1\nb: 'x\n\nc: 1\n", "yaml.broken", 2, "end of stream"),
        ("a:\n  - b\n   - c\n x\n", "yaml.broken", 4, "begins at line 1"),
        ("a: @b\n", "yaml.broken", 1, "not valid YAML"),
        ("", "yaml.empty", 1, "empty"),
        ("# nothing\n", "yaml.empty", 1, "empty"),
        ("---\n", "yaml.empty", 1, "empty"),
        ("a: 1\n---\nb: 2\n", "yaml.several_documents", 2, "second document"),
        ("- 1\n", "yaml.no_mapping", 1, "a list"),
        ("text\n", "yaml.no_mapping", 1, "a single value"),
        ("? [a]\n: 1\n", "yaml.key", 1, "keys are text"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "yaml.duplicate_key", 4, "line 3"),
        ("a: !!python/object/apply:os.system [ls]\n", "yaml.tag", 1, "only plain data"),
        ("a: !!binary aGk=\n", "yaml.tag", 1, "!!binary"),
        ("a: !secret x\n", "yaml.tag", 1, "!secret"),
        ("a: !!int x\n", "yaml.tag", 1, "!!int"),
        ("a: *b\n", "yaml.unknown_alias", 1, "*b"),
        ("a: &b\n  - *b\n", "yaml.recursive_alias", 2, "inside the value"),
        ("a: &b {<<: *b}\n", "yaml.recursive_alias", 1, "inside the value"),
        ("a: &b x\n*b : 1\n", "yaml.key", 2, "alias"),
        ("<<: 1\n", "yaml.merge_key", 1, "mapping"),
        ("a: " + "[" * 65 + "]" * 65, "yaml.too_deep", 1, "64 levels"),
        ("a: " + "[" * 100_000, "yaml.too_deep", 1, "64 levels"),
    ],
)
def test_refuses(source: str | bytes, code: str, line: int, words: str) -> None:
    """Each kind of bad document gets one finding with its line and plain words."""
    (finding,) = refused(source)
    assert finding.code == code
    assert finding.place.line == line
    assert words in str(finding)
    assert finding.remedy


def test_refuses_aliases_that_expand_without_end() -> None:
    """Nine lists of ten aliases each would be a thousand million values."""
    lines = ["l0: &l0 [1,1,1,1,1,1,1,1,1,1]"] + [f"l{n}: &l{n} [{','.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10)]
    (finding,) = refused("\n".join(lines))
    assert finding.code == "yaml.too_many_aliases"


def test_refuses_files_that_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The size is looked at before anything is parsed."""
    monkeypatch.setattr(yaml_source, "MAX_BYTES", 10)
    (finding,) = refused("a: 1234567890")
    assert finding.code == "yaml.too_large"


def test_says_all_duplicates_at_once() -> None:
    """Several reasons to refuse come together, in the order of the lines."""
    findings = refused("a: 1\na: 2\nb: {c: 1, c: 2}\nd: !x 1\n")
    assert [(finding.place.line, finding.place.path) for finding in findings] == [(2, "a"), (3, "b.c"), (4, "d")]


def test_depth_just_allowed() -> None:
    """The limit of the depth is the one that is stated: the root and 63 lists."""
    assert parse("a: " + "[" * 63 + "]" * 63).data["a"] is not None


def test_load_names_the_file_as_asked(tmp_path: Path) -> None:
    """Findings show the display name, else the path; what cannot be read is a finding as well."""
    missing = tmp_path / "none.yaml"
    with pytest.raises(InvalidInput, match=r"^shown\.yaml: the file cannot be read: no such file"):
        yaml_source.load(missing, display="shown.yaml")
    with pytest.raises(InvalidInput, match=re.escape(f"{tmp_path}: the file cannot be read")):
        yaml_source.load(tmp_path)
    there = tmp_path / "there.yaml"
    there.write_text("a: 1\n")
    assert yaml_source.load(there).file == str(there)


def test_without_the_c_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML without libyaml reads and refuses the same."""
    monkeypatch.setattr(yaml_source, "_LOADER", yaml.SafeLoader)
    assert parse("a: [1, no]\n").data == {"a": [1, "no"]}
    assert [finding.code for finding in refused("a: [1\n")] == ["yaml.broken"]
    assert [finding.code for finding in refused("a: " + "[" * 500)] == ["yaml.too_deep"]


@given(st.one_of(st.binary(max_size=200), st.text(alphabet="ab:-[]{}&*!?|>'\"#%@ \n\t<,~01", max_size=60).map(str.encode)))
@example(b"a: !!float .inf")
@example(b"&a : *a")
@example(b"? ? ? a")
@example(b"%TAG ! tag:x,2000:\n---\na: !b c")
def test_any_bytes_give_a_document_or_invalid_input(content: bytes) -> None:
    """No input ends in a traceback, and every document is plain JSON data."""
    try:
        document = yaml_source.parse(content, file="x")
    except InvalidInput as error:
        assert error.findings  # noqa: PT017 - both outcomes are right
    else:
        json.dumps(document.data, allow_nan=False)


words = st.text(max_size=20, alphabet=st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"], exclude_characters="\x7f"))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(words, children, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(words.filter(lambda key: key != "<<"), json_values, min_size=1, max_size=5))
def test_json_is_read_unchanged(data: dict[str, Any]) -> None:
    """JSON is YAML: what it holds comes back as it is."""
    assert yaml_source.parse(json.dumps(data).encode(), file="x").data == data
