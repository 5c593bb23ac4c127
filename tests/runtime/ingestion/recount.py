"""Counts a delivery again from its bytes and the job spec alone, in plain Python. Shares no line of code with the job.

`recount` says of each record what becomes of it, `Table` is the naive model of what readers see, `publish` the table after a run.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .recount_text import Unreadable, has_surrogate, plain, text_of, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Row = tuple[Any, ...]
GOOD, BAD, DUPLICATE = "good", "quarantined", "duplicate"
SOURCE = {
    "header": True,
    "delimiter": ",",
    "quote": '"',
    "escape": '"',
    "null_marker": "",
    "encoding": "UTF-8",
    "multiline": True,
    "missing_columns": "quarantine",
    "extra_columns": "ignore",
    "column_order": "any",
}
RULE = {"equal_rows": "remove", "conflict": "quarantine", "latest_by": None}


@dataclass
class Record:
    """One delivered record: where it stands, whether it could be split, its cells as text."""

    file: str
    line: int
    cells: list[str | None] | None
    row: Row | None = None
    outcome: str = ""
    replaces: bool = False
    not_unique: bool = False
    conflict: bool = False


@dataclass
class Table:
    """What readers see: rows by identity; and the digests of the files that were published."""

    rows: list[Row] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)


@dataclass
class Tally:
    """The numbers of a run, its records, and the files it could not read."""

    records: list[Record]
    unreadable: list[str]
    repeated: dict[str, int]

    @property
    def counts(self) -> dict[str, int]:
        """As a manifest has them."""
        found = [record.outcome for record in self.records]
        return {
            "input": len(found),
            "good": found.count(GOOD),
            "quarantined": found.count(BAD),
            "duplicates": found.count(DUPLICATE),
            "replaced": sum(record.replaces for record in self.records if record.outcome == GOOD),
        }

    def places(self, outcome: str) -> list[tuple[str, int]]:
        """File and line of each record that ended so."""
        return sorted((record.file, record.line) for record in self.records if record.outcome == outcome)


def csv_records(file: str, text: str, spec: Mapping[str, Any]) -> list[Record]:
    """The records of a delimited text, those that cannot be read by the spec without cells."""
    source = {**SOURCE, **spec["source"]}
    names = [column["source_name"] for column in spec["columns"]]
    order: list[int | None] | None = list(range(len(names)))
    width = len(names)
    waits_for_header = source["header"]
    found = []
    for line, fields, whole in walk(text, source):
        if waits_for_header:
            if fields != []:
                waits_for_header = False
                order = _places(fields, names, source)
                width = len(fields or [])
            continue
        if fields == [] and len(names) > 1:
            continue
        split = [""] if fields == [] else fields  # an empty line is a record where there is one column only
        cells = None
        if split is not None and order is not None and len(split) == width and not has_surrogate(whole):
            values = [None if place is None else split[place] for place in order]
            cells = [None if value == source["null_marker"] else value for value in values]
        found.append(Record(file, line, cells))
    return found


def lacks_header(text: str, spec: Mapping[str, Any]) -> bool:
    """Whether a delimited file has one line that is not empty, and none of the declared columns in it: a record without a header."""
    source = {**SOURCE, **spec["source"]}
    if source["format"] != "csv" or not source["header"] or csv_records("", text, spec):
        return False
    lines = [fields for _, fields, _ in walk(text, source) if fields]
    return bool(lines) and not {name.strip() for name in lines[0]} & {column["source_name"] for column in spec["columns"]}


def _places(header: Sequence[str] | None, names: Sequence[str], source: Mapping[str, Any]) -> list[int | None] | None:
    """For each column its place in the header; None where the file's records are all refused."""
    if header is None:
        return None
    found = [name.strip() for name in header]
    if any(found.count(name) > 1 for name in names):
        return None
    missing = [name for name in names if name not in found]
    if missing and (source["missing_columns"] == "quarantine" or len(missing) == len(names)):
        return None
    declared = [name for name in found if name in names]
    if source["extra_columns"] == "quarantine" and len(declared) < len(found):
        return None
    if source["column_order"] == "declared" and declared != [name for name in names if name in found]:
        return None
    return [found.index(name) if name in found else None for name in names]


def json_records(file: str, text: str, spec: Mapping[str, Any]) -> list[Record]:
    """The records of a text with a JSON value on each line."""
    names = [column["source_name"] for column in spec["columns"]]
    found = []
    for number, line in enumerate(re.split("\r\n|\r|\n", text), start=1):
        if not line.strip():
            continue
        cells, keys = _json_cells(line, names)
        refused = spec["source"].get("extra_columns") == "quarantine" and not keys <= set(names)
        found.append(Record(file, number, None if refused else cells))
    return found


def _json_cells(line: str, names: Sequence[str]) -> tuple[list[str | None] | None, set[str]]:
    """The cells of a line's object, or None, and the object's keys."""
    if has_surrogate(line):
        return None, set()
    twice = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        twice.extend(key for key, _ in found if [name for name, _ in found].count(key) > 1)
        return dict(found)

    def refuse(word: str) -> Any:
        raise ValueError(word)

    try:
        value = json.loads(line, parse_float=_Number, parse_int=_Number, parse_constant=refuse, object_pairs_hook=pairs)
    except ValueError:
        return None, set()
    if twice or not isinstance(value, dict):
        return None, set()
    cells = [_json_text(value.get(name)) for name in names]
    return None if any(cell is not None and has_surrogate(cell) for cell in cells) else cells, set(value)


class _Number(str):
    __slots__ = ()


def _json_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool) else "nested"


def cast(text: str, column: Mapping[str, Any]) -> Any:
    """The typed value.

    Raises:
        ValueError: If the type does not admit it.
    """
    kind = column["type"]
    if kind.startswith("decimal"):
        return _decimal(text.strip(" "), *map(int, re.findall(r"\d+", kind)))
    if kind == "date":
        return _date(text.strip(" "), column.get("date_format"))
    return text if kind == "string" else _CASTS[kind](text.strip(" "))


def _integer(text: str, bits: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ValueError
    number = int(text)
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueError
    return number


def _number(text: str) -> str:
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", text):
        raise ValueError
    return text


def _decimal(text: str, precision: int, scale: int) -> Decimal:
    exact = Decimal(_number(text))
    if exact != round(exact, scale) or abs(exact) >= Decimal(10) ** (precision - scale):
        raise ValueError
    return round(exact, scale)


def _double(text: str) -> float:
    number = float(_number(text))
    if math.isinf(number):
        raise ValueError
    return number


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "t", "yes", "y", "1", "false", "f", "no", "n", "0"}:
        raise ValueError
    return text.lower()[0] in "ty1"


def _instant(text: str) -> dt.datetime:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", text, re.ASCII):
        raise ValueError
    moment = dt.datetime.fromisoformat(text)
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _date(text: str, pattern: str | None) -> dt.date:
    if pattern is None:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            raise ValueError
        return dt.date.fromisoformat(text)
    found = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", text, re.ASCII)
    if pattern != "dd/MM/yyyy" or found is None:
        raise ValueError
    day, month, year = map(int, found.groups())
    return dt.date(year, month, day)


_CASTS: dict[str, Callable[[str], Any]] = {
    "tinyint": lambda text: _integer(text, 8),
    "smallint": lambda text: _integer(text, 16),
    "int": lambda text: _integer(text, 32),
    "bigint": lambda text: _integer(text, 64),
    "boolean": _boolean,
    "double": _double,
    "timestamp": _instant,
}


def holds(value: Any, check: Mapping[str, Any], column: Mapping[str, Any]) -> bool:
    """Whether a value that is there satisfies a check."""
    limit, kind = check["value"], check["kind"]
    if kind == "pattern":
        return re.search(limit, str(value)) is not None
    if kind in {"min_length", "max_length"}:
        return len(value) >= limit if kind == "min_length" else len(value) <= limit
    if kind == "enum":
        return value in [_as(item, column) for item in limit]
    bound = _as(limit, column)
    return {
        "minimum": value >= bound,
        "maximum": value <= bound,
        "exclusive_minimum": value > bound,
        "exclusive_maximum": value < bound,
    }[kind]


def _as(value: Any, column: Mapping[str, Any]) -> Any:
    return (
        Decimal(str(value))
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else cast(str(value), {**column, "date_format": None})
    )


def typed_row(record: Record, spec: Mapping[str, Any], known: Mapping[str, set[Any]]) -> Row | None:
    """The record's values, or None when anything about it is an error."""
    if record.cells is None:
        return None
    try:
        values = tuple(_typed(cell, column, spec) for column, cell in zip(spec["columns"], record.cells, strict=True))
    except ValueError:
        return None
    named = dict(zip((column["name"] for column in spec["columns"]), values, strict=True))
    for reference in spec.get("references") or ():
        key = tuple(named[name] for name in reference["columns"])
        if reference.get("severity", "error") == "error" and None not in key and key not in known[reference["table"]]:
            return None
    return values


def _typed(cell: str | None, column: Mapping[str, Any], spec: Mapping[str, Any]) -> Any:
    if cell is None:
        if column.get("required") or column["name"] in spec["primary_key"]:
            raise ValueError
        return None
    value = cast(cell, column)
    folders = [part["column"] for part in spec["partitioning"]] if spec["format"] == "parquet" else []
    if column["name"] in folders and value in {"", "__HIVE_DEFAULT_PARTITION__"}:
        raise ValueError
    if any(check.get("severity", "error") == "error" and not holds(value, check, column) for check in column["checks"]):
        raise ValueError
    return value


def recount(spec: Mapping[str, Any], delivered: Mapping[str, bytes], table: Table, known: Mapping[str, set[Any]] | None = None) -> Tally:
    """What becomes of every record of the delivered files, whose order is that of their names; `table` stays as it is."""
    records: list[Record] = []
    unreadable, repeated = [], {}
    seen = set(table.digests)
    source = {**SOURCE, **spec["source"]}
    for name in sorted(delivered):
        digest = hashlib.sha256(delivered[name]).hexdigest()
        try:
            text = text_of(plain(delivered[name]), source["encoding"])
        except Unreadable:
            unreadable.append(name)
            continue
        if lacks_header(text, spec):
            unreadable.append(name)
            continue
        found = json_records(name, text, spec) if source["format"] == "jsonl" else csv_records(name, text, spec)
        if digest in seen:
            repeated[name] = len(found)
            for record in found:
                record.outcome = DUPLICATE
        seen.add(digest)
        records += found
    fresh = [record for record in records if not record.outcome]
    for record in fresh:
        record.row = typed_row(record, spec, {} if known is None else known)
        record.outcome = BAD if record.row is None else GOOD
    _identify([record for record in fresh if record.row is not None], spec, table)
    return Tally(records, unreadable, repeated)


def _identity(row: Row, spec: Mapping[str, Any]) -> Row:
    names = [column["name"] for column in spec["columns"]]
    return tuple(row[names.index(name)] for name in spec["primary_key"]) if spec["primary_key"] else row


def _identify(clean: list[Record], spec: Mapping[str, Any], table: Table) -> None:
    """Tells duplicates, conflicts, replacements and values that are not unique among rows without an error."""
    rule = {**RULE, **(spec.get("duplicates") or {})}
    published = {_identity(row, spec): row for row in table.rows}
    groups: dict[Row, list[Record]] = {}
    if rule["equal_rows"] == "remove":
        for record in clean:
            groups.setdefault(_identity(record.row or (), spec), []).append(record)
    for key, group in groups.items():
        _settle(group, published.get(key), rule, spec)
    _unique(clean, spec, table, published)
    for record in clean:
        if record.outcome != DUPLICATE and (record.conflict or record.not_unique):
            record.outcome = BAD


def _settle(group: list[Record], earlier: Row | None, rule: Mapping[str, Any], spec: Mapping[str, Any]) -> None:
    kind = rule["conflict"]
    if kind == "quarantine":
        model = earlier if earlier is not None else group[0].row
        for record in group if earlier is not None else group[1:]:
            record.conflict = record.row != model
            record.outcome = GOOD if record.conflict else DUPLICATE
        return
    for record in group:
        record.outcome = DUPLICATE
    winner = group[0] if earlier is None else None
    if kind == "last":
        winner = group[-1]
    if kind == "latest":
        at = [column["name"] for column in spec["columns"]].index(rule["latest_by"])
        best = None if earlier is None else earlier[at]
        for record in group:
            value = (record.row or ())[at]
            if record is winner or (value is not None and (best is None or value > best)):
                winner, best = record, value
    if winner is not None and winner.row != earlier:
        winner.outcome = GOOD
        winner.replaces = earlier is not None


def _unique(clean: list[Record], spec: Mapping[str, Any], table: Table, published: Mapping[Row, Row]) -> None:
    for at, column in enumerate(spec["columns"]):
        if not column.get("unique") or spec["primary_key"] == [column["name"]]:
            continue
        taken = [row[at] for row in table.rows]
        before = set()
        for record in clean:
            value = (record.row or ())[at]
            if record.outcome == DUPLICATE or value is None:
                continue
            own = published.get(_identity(record.row or (), spec)) if record.replaces else None
            others = taken.count(value) - (own is not None and own[at] == value)
            record.not_unique |= value in before or others > 0
            before.add(value)


def publish(spec: Mapping[str, Any], tally: Tally, delivered: Mapping[str, bytes], table: Table) -> Table:
    """The table after the run."""
    new = [record for record in tally.records if record.outcome == GOOD]
    gone = {_identity(record.row or (), spec) for record in new if record.replaces}
    rows = [row for row in table.rows if not gone or _identity(row, spec) not in gone]
    read = {hashlib.sha256(data).hexdigest() for name, data in delivered.items() if name not in tally.unreadable}
    return Table(rows + [record.row or () for record in new], table.digests | read)
