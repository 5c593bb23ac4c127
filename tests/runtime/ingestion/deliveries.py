"""Makes contracts, and files for them with every kind of badness. What a file is worth is not known here: `recount` finds out."""

from __future__ import annotations

import bz2
import gzip
import json
import random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from .specs import column, spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Cells = list[str | None]

VALUES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "int": (("1", "2", "3", "04", "+5", " 6 ", "-7", "2147483647"), ("2147483648", "1.0", "one", "1e3", "--1", "\u0661")),
    "bigint": (("1", "9223372036854775807", "-0"), ("9223372036854775808", "99999999999999999999", "0x1")),
    "decimal(6,2)": (("1", "1.5", "1.50", "-9999.99", "1e2", ".5", "7."), ("1.505", "10000", "1,5", "NaN", "1e-3", "e1")),
    "double": (("1", "1.5", "1e10", "-2.25"), ("1e400", "Infinity", "NaN", "1.5f", "1d")),
    "boolean": (("true", "F", "yes", "0"), ("maybe", "2", "tru")),
    "date": (("2024-02-29", "1969-12-31", "0001-01-01"), ("2023-02-29", "29.02.2024", "2024-2-9", "tomorrow", "2024-02-29T00:00:00")),
    "timestamp": (
        ("2024-02-29T10:00:00+02:00", "2024-02-29 08:00:00", "2024-02-29", "1970-01-01T00:00:00.123456Z"),
        ("2024-02-30T10:00:00Z", "2024-02-29T25:00:00Z", "1709193600", "yesterday", "2024-02-29T10:00:00.1234567Z"),
    ),
    "string": (
        ("a", "b", "M\u00fcller", "x" * 60, " a ", "it's", "NULL", "\\N", "", "a\\", "tab\there", "\u65e5\u672c", "\u0000"),
        ("two\nlines", "two\r\nlines", 'say "hi"', "a,b;c|d", "a||b", '"', "\\", "'", '\\"', "lone\rreturn"),
    ),
}
CHECKS: dict[str, tuple[tuple[str, Any], ...]] = {
    "int": (("minimum", -5), ("maximum", 100), ("enum", [1, 2, 3, 5])),
    "decimal(6,2)": (("exclusive_maximum", 100), ("minimum", 0.5)),
    "double": (("exclusive_minimum", 1), ("maximum", 1e9)),
    "date": (("minimum", "1969-12-31"),),
    "timestamp": (("maximum", "2024-02-29T08:00:00Z"),),
    "string": (("max_length", 20), ("min_length", 1), ("pattern", "^[a-z ]"), ("enum", ["a", "b", "NULL", "two\nlines"])),
}
MARKERS = ("", "\\N", "NULL", "-")
BADNESS = (
    "byte_order_mark",
    "carriage_returns",
    "carriage_return_line_feeds",
    "mixed_line_ends",
    "no_last_line_end",
    "blank_lines",
    "ragged",
    "quote_in_the_middle",
    "text_after_the_quote",
    "open_quote",
    "zero_bytes",
    "other_encoding",
    "gzip",
    "gzip_members",
    "bzip2",
    "wrong_extension",
    "empty",
    "header_only",
    "header_twice_the_name",
    "header_misses_one",
    "header_has_one_more",
    "header_in_another_order",
    "header_with_spaces",
    "twice",
)


@st.composite
def contracts(draw: st.DrawFn, table_format: str | None = None) -> dict[str, Any]:
    """A job spec: any way of delivering, any rule for what is delivered twice, columns of all types with checks."""
    table_format = table_format or draw(st.sampled_from(("parquet", "iceberg")))
    columns = [column("id", draw(st.sampled_from(("int", "string"))), required=draw(st.booleans()))]
    for number, kind in enumerate(draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=5))):
        checks = draw(st.lists(st.sampled_from(CHECKS[kind]), max_size=2, unique_by=lambda one: one[0])) if kind in CHECKS else []
        name = f"c{number}"
        more: dict[str, Any] = {"required": draw(st.booleans()), "unique": draw(st.integers(0, 5)) == 0 and kind in {"int", "string"}}
        made = column(name, kind, checks=checks, **more)
        made["source_name"] = draw(st.sampled_from((name, name.upper(), f"Column {number}")))
        for check in made["checks"]:
            check["severity"] = draw(st.sampled_from(("error", "error", "warning")))
        columns.append(made)
    key = draw(st.sampled_from(([], ["id"], ["id", "c0"])))
    return spec(
        columns,
        format=table_format,
        source=draw(sources()),
        primary_key=key,
        duplicates=draw(duplicate_rules(table_format, key, columns[1]["type"])),
        partitioning=[] if draw(st.booleans()) or len(columns) < 3 else [{"column": "id", "transform": "identity"}],
    )


@st.composite
def sources(draw: st.DrawFn) -> dict[str, Any]:
    """A way to deliver."""
    rules = {
        "missing_columns": draw(st.sampled_from(("quarantine", "null"))),
        "extra_columns": draw(st.sampled_from(("ignore", "quarantine"))),
        "column_order": draw(st.sampled_from(("any", "declared"))),
    }
    if draw(st.integers(0, 4)) == 0:
        return {"format": "jsonl", **rules}
    quote = draw(st.sampled_from(('"', '"', '"', "'", "")))
    return {
        "format": "csv",
        "header": draw(st.booleans()),
        "delimiter": draw(st.sampled_from((",", ";", "|", "\t", "||"))),
        "quote": quote,
        "escape": draw(st.sampled_from((quote, "\\", ""))),
        "null_marker": draw(st.sampled_from(MARKERS)),
        "encoding": draw(st.sampled_from(("UTF-8", "UTF-8", "ISO-8859-1"))),
        "multiline": draw(st.booleans()),
        **rules,
    }


def duplicate_rules(table_format: str, key: Sequence[str], latest: str) -> st.SearchStrategy[dict[str, Any]]:
    """What may become of rows that come again, in a table of that format and key; `latest` is the type of its second column."""
    if not key:
        return st.sampled_from(({}, {"equal_rows": "keep"}))
    allowed: list[dict[str, Any]] = [{}, {"conflict": "first"}]
    if table_format == "iceberg":
        allowed.append({"conflict": "last"})
        if "c0" not in key and latest != "boolean":
            allowed.append({"conflict": "latest", "latest_by": "c0"})
    return st.sampled_from(allowed)


class Sender:
    """Delivers files for one contract, again and again: new rows, rows it sent before, corrected ones, and whole files once more."""

    def __init__(self, contract: Mapping[str, Any], seed: int) -> None:
        self.contract = contract
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._sent: list[Cells] = []
        self._files: list[bytes] = []
        self._source = {"null_marker": "", "quote": '"', "delimiter": ",", "header": True, "encoding": "UTF-8", **contract["source"]}

    def send(self, badness: Sequence[str], *, rows: int = 12) -> dict[str, bytes]:
        """One file for each kind of badness, a clean one, and sometimes an earlier one under another name; by name."""
        found = {"a-clean.csv": self.file("", rows=rows)}
        for number, kind in enumerate(badness):
            found[f"b{number}-{kind}{'.gz' if kind in {'gzip', 'wrong_extension'} else '.csv'}"] = self.file(kind, rows=rows)
        if self._files and self._random.random() < 0.7:
            found["c-again.csv"] = self._random.choice(self._files)
        self._files += found.values()
        return found

    def file(self, kind: str, *, rows: int) -> bytes:
        """A file with that kind of badness."""
        chosen = [self._row() for _ in range(rows)]
        self._sent += chosen
        if kind == "empty":
            return b""
        lines = [self._line(cells, kind) for cells in chosen]
        if kind == "blank_lines":
            lines = [part for line in lines for part in (line, "")]
        if kind == "open_quote":
            lines.insert(rows // 2, self._source["quote"] + "never closed")
        if self._source["format"] == "csv" and self._source["header"]:
            lines.insert(0, self._header(kind))
        if kind == "header_only":
            del lines[1:]
        text = self._joined(lines, kind)
        return _BYTES.get(kind, lambda data, _: data)(text.encode(self._source["encoding"], "replace"), self._random)

    def _row(self) -> Cells:
        if self._sent and self._random.random() < 0.3:
            again = list(self._random.choice(self._sent))
            if self._random.random() < 0.5:
                at = self._random.randrange(len(again))
                again[at] = self._value(self.contract["columns"][at])
            return again
        return [self._value(one) for one in self.contract["columns"]]

    def _value(self, one: Mapping[str, Any]) -> str | None:
        if self._random.random() < 0.08:
            return None
        if one["name"] == "id":
            return str(self._random.randrange(40)) if self._random.random() < 0.95 else "x/y z%"
        good, bad = VALUES[one["type"]]
        return self._random.choice(good if self._random.random() < 0.9 else bad)

    def _line(self, cells: Cells, kind: str) -> str:
        source = self._source
        if source["format"] == "jsonl":
            return self._json(cells, kind)
        quote = source["quote"]
        fields = [source["null_marker"] if cell is None else self._field(cell) for cell in cells]
        if kind == "ragged" and self._random.random() < 0.4:
            fields = fields[:-1] if self._random.random() < 0.5 else [*fields, "more"]
        if kind == "quote_in_the_middle":
            fields[-1] = f"a{quote}b{quote}"
        if kind == "text_after_the_quote" and self._random.random() < 0.3:
            fields[-1] = f"{quote}a{quote}b"
        if kind == "zero_bytes" and self._random.random() < 0.3:
            fields[-1] += "\x00"
        return str(source["delimiter"]).join(fields)

    def _field(self, cell: str) -> str:
        quote, escape, delimiter = self._source["quote"], self._source.get("escape", '"'), self._source["delimiter"]
        special = {"\r", "\n", *delimiter, *quote}
        if not quote or not (special & set(cell) or self._random.random() < 0.2):
            return cell
        if escape in {"", quote}:
            return quote + cell.replace(quote, quote * 2) + quote
        return quote + cell.replace(escape, escape * 2).replace(quote, escape + quote) + quote

    def _json(self, cells: Cells, kind: str) -> str:
        record: dict[str, Any] = {}
        for one, cell in zip(self.contract["columns"], cells, strict=True):
            if cell is not None or self._random.random() < 0.5:
                record[one["source_name"]] = (
                    int(cell) if cell is not None and cell.isascii() and cell.isdigit() and cell[0] != "0" else cell
                )
        if kind == "header_has_one_more":
            record["note"] = "more"
        text = json.dumps(record, ensure_ascii=self._random.random() < 0.5)
        if kind in {"ragged", "open_quote", "text_after_the_quote"} and self._random.random() < 0.4:
            return self._random.choice(
                (text[:-1], f"[{text}]", '{"id": 1, "id": 2}', '{"id": "\\ud800"}', '{"id": NaN}', f"{text} x", "null")
            )
        return text

    def _header(self, kind: str) -> str:
        names = [one["source_name"] for one in self.contract["columns"]]
        if kind == "header_twice_the_name":
            names[-1] = names[0]
        if kind == "header_misses_one":
            del names[0]
        if kind == "header_has_one_more":
            names.append("note")
        if kind == "header_in_another_order":
            names.reverse()
        if kind == "header_with_spaces":
            names = [f" {name} " for name in names]
        return str(self._source["delimiter"]).join(self._field(name) if self._source["quote"] else name for name in names)

    def _joined(self, lines: Sequence[str], kind: str) -> str:
        ends = {"carriage_returns": ("\r",), "carriage_return_line_feeds": ("\r\n",), "mixed_line_ends": ("\n", "\r\n", "\r")}
        text = "".join(line + self._random.choice(ends.get(kind, ("\n",))) for line in lines)
        return text.rstrip("\r\n") if kind == "no_last_line_end" else text


def _members(data: bytes, _: random.Random) -> bytes:
    middle = len(data) // 2
    return gzip.compress(data[:middle], mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(data[middle:], mtime=0)


def _spoilt(data: bytes, chance: random.Random) -> bytes:
    """Bytes of another encoding here and there, not in the first line."""
    lines = data.split(b"\n")
    return b"\n".join(lines[:1] + [line.replace(b"a", b"\xfc\xff") if chance.random() < 0.5 else line for line in lines[1:]])


_BYTES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "byte_order_mark": lambda data, _: b"\xef\xbb\xbf" + data,
    "other_encoding": _spoilt,
    "gzip": lambda data, _: gzip.compress(data, mtime=0),
    "gzip_members": _members,
    "bzip2": lambda data, _: bz2.compress(data),
    "twice": lambda data, _: data + data,
}
