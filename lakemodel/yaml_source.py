"""Reads YAML that people write by hand: plain data, the line of every value, every reason to refuse the file at once.

What it reads is YAML 1.2's core schema, which has no surprises for names and ids: `no`, `on` and `2024-01-31` are text, keys are always
text, and so is what only looks like a number (a leading zero, more digits than a number holds). See https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn

import yaml

from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_BYTES: Final = 10_000_000
MAX_DEPTH: Final = 64
MAX_ALIASED_VALUES: Final = 50_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,39})")
_BASED_INTEGER = re.compile(r"0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SIMPLE_KEY = re.compile(r"[\w-]+")
_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,), "null": (type(None),)}
_MERGE = "<<"


@dataclass(slots=True)
class _Node:
    """A value with its source: `children` maps a key or an index to the line it starts at and the value there."""

    line: int
    value: Any = None
    unquoted: str | None = None
    children: dict[str | int, tuple[int, _Node]] | None = None
    size: int = 1


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its data and where each value stands.

    Attributes:
        file: As shown to the user.
        data: Dicts with text keys, lists, text, integers, finite floats, booleans and None. Not to be changed: aliases share values.
    """

    file: str
    data: dict[str, Any]
    _root: _Node = field(repr=False, compare=False)

    def line(self, path: Iterable[str | int]) -> int | None:
        """The line (from 1) where the value at `path` starts (a mapping's entry: its key), or its nearest ancestor that is there."""
        node, line = self._root, self._root.line
        for part in path:
            if node.children is None or part not in node.children:
                break
            line, node = node.children[part]
        return line

    def place(self, path: Iterable[str | int]) -> Place:
        """The file, the line and the dotted path of a value, for a finding."""
        parts = tuple(path)
        return Place(self.file, self.line(parts), dotted(parts))

    def unquoted(self, path: Iterable[str | int]) -> str | None:
        """The source text of a scalar written without quotes; None for anything else."""
        node = self._root
        for part in path:
            if node.children is None or part not in node.children:
                return None
            node = node.children[part][1]
        return node.unquoted


def dotted(path: Iterable[str | int]) -> str:
    """A path as people write it.

    Example:
        >>> dotted(("schema", 0, "name")), dotted(("a.b", "c"))
        ('schema[0].name', '"a.b".c')
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = part if _SIMPLE_KEY.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            text += f".{key}" if text else key
    return text


def load(path: Path, *, display: str | None = None) -> Document:
    """Reads a file that holds one YAML mapping.

    Args:
        path: The file.
        display: How findings name the file; the path as given by default.

    Raises:
        InvalidInput: The file cannot be read, is not UTF-8, is no YAML, holds no or several documents, is no mapping, repeats a key, is
            nested deeper than 64 levels, is larger than 10 MB or expands its aliases to more than 50,000 values.
    """
    file = str(path) if display is None else display
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else "no such file"
        finding = Finding(Place(file), "yaml.unreadable", f"the file cannot be read: {reason}", "Check the path and its permissions.")
        raise InvalidInput([finding]) from None
    return parse(content, file=file)


def parse(content: bytes, *, file: str) -> Document:
    """Reads one YAML mapping from bytes; `file` is what findings name. Refuses what `load` refuses."""
    builder = _Builder(file)
    try:
        text = _decode(content, builder)
        try:
            for event in _events(text):
                builder.feed(event)
        except yaml.YAMLError as error:
            _refuse_broken(error, text, builder)
        root = builder.finish()
    except _Refused:
        root = None
    if root is None or builder.findings:
        raise InvalidInput(sorted(builder.findings))
    return Document(file, root.value, root)


def _events(text: str) -> Iterator[Any]:
    loader = _LOADER(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def _decode(content: bytes, builder: _Builder) -> str:
    if len(content) > MAX_BYTES:
        builder.refuse(None, "too_large", f"the file has {len(content):,} bytes; at most {MAX_BYTES:,} are read", "Split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{content[error.start]:02x} is not UTF-8, which is the only encoding allowed"
        builder.refuse(line, "not_utf8", found, "Save the file as UTF-8.")
    if unprintable := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, unprintable.start()) + 1
        found = f"the control character U+{ord(unprintable.group()):04X} is not allowed in YAML"
        builder.refuse(line, "control_character", found, "Remove it, or write it as an escape in double quotes.")
    return text


def _refuse_broken(error: yaml.YAMLError, text: str, builder: _Builder) -> NoReturn:
    """Says in plain words what the parser said."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    parts = [getattr(error, "context", None), getattr(error, "problem", None) or getattr(error, "reason", None)]
    said = " ".join(" ".join(str(part) for part in parts if part).split()) or "it cannot be parsed"
    begun = getattr(error, "context_mark", None)
    if mark is not None and begun is not None and begun.line < mark.line:
        if "end of stream" in said:
            mark = begun  # what was never closed is to be mended where it begins
        else:
            said += f" (in what begins at line {begun.line + 1})"
    line = None if mark is None else min(mark.line + 1, text.count("\n") + 1)
    lines = text.split("\n")
    around = [] if line is None else lines[max(line - 2, 0) : line]
    remedy = "Correct the indentation, the quotes or the brackets at or just before this line."
    if any("\t" in found[: len(found) - len(found.lstrip())] for found in around):
        remedy = "Indent with spaces: YAML allows no tab there."
    builder.refuse(line, "broken", f"this is not valid YAML: {said}", remedy)


class _Refused(Exception):  # noqa: N818 - ends the reading; what is wrong is in the builder's findings
    """The rest of the document cannot be read."""


@dataclass(slots=True)
class _Open:
    """A mapping or a list that has begun and not ended."""

    node: _Node
    is_mapping: bool
    key: str | None = None
    key_line: int = 0
    merges: list[_Node] = field(default_factory=list)


class _Builder:
    """Makes data from parser events without recursion, so that no input can exhaust the stack."""

    def __init__(self, file: str) -> None:
        self.findings: list[Finding] = []
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, _Node] = {}
        self._aliased = 0
        self._root: _Node | None = None

    def feed(self, event: Any) -> None:
        """Takes the next event of `yaml.parse`."""
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._start(event, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor or "", line)
        elif isinstance(event, yaml.DocumentStartEvent) and self._root is not None:
            self.refuse(
                line, "several_documents", "a second document begins here; a file holds one", "Remove the `---`, or split the file."
            )

    def finish(self) -> _Node:
        """The document's root, once every event was fed."""
        if self._root is None or (self._root.children is None and self._root.value is None):
            self.refuse(1, "empty", "the file is empty; one mapping of keys to values is expected", "Fill it in.")
        if not isinstance(self._root.value, dict):
            found = _kind(self._root.value)
            self.refuse(
                self._root.line,
                "no_mapping",
                f"the file holds {found}; a mapping of keys to values is expected",
                "Write `key: value` lines.",
            )
        return self._root

    def complain(self, line: int | None, code: str, message: str, remedy: str, *, path: tuple[str | int, ...] = ()) -> None:
        """Notes a reason to refuse the file and goes on."""
        self.findings.append(Finding(Place(self._file, line, dotted(path)), f"yaml.{code}", message, remedy))

    def refuse(self, line: int | None, code: str, message: str, remedy: str) -> NoReturn:
        """Notes a reason to refuse the file and gives up."""
        self.complain(line, code, message, remedy, path=self._path())
        raise _Refused

    def _path(self) -> tuple[str | int, ...]:
        parts: list[str | int] = []
        for frame in self._open:
            if not frame.is_mapping:
                parts.append(len(frame.node.value))
            elif frame.key is not None:
                parts.append(frame.key)
        return tuple(parts)

    def _expects_key(self) -> bool:
        return bool(self._open) and self._open[-1].is_mapping and self._open[-1].key is None

    def _scalar(self, event: Any, line: int) -> None:
        if self._expects_key():
            self._open[-1].key = event.value
            self._open[-1].key_line = line
            if event.value == _MERGE and not event.implicit[0]:
                self.complain(line, "merge_key", "the key << is reserved for merging", "Choose another name.", path=self._path())
            return
        is_plain = bool(event.implicit[0])
        value = self._value(event, line, is_plain=is_plain)
        self._attach(self._anchored(_Node(line, value, event.value if is_plain else None), event.anchor))

    def _value(self, event: Any, line: int, *, is_plain: bool) -> Any:
        if is_plain and event.tag is None:
            return _resolve(event.value)
        tag = (event.tag or "").removeprefix(_TAG)
        if tag in {"", "!", "str", "timestamp"}:
            return event.value
        value = _resolve(event.value)
        if tag not in _SCALAR_TAGS or type(value) not in _SCALAR_TAGS[tag]:
            self._refuse_tag(event.tag, line)
        return value

    def _refuse_tag(self, tag: str, line: int) -> None:
        shown = tag.replace(_TAG, "!!")
        self.complain(line, "tag", f"the tag {shown} is not allowed here: only plain data is read", "Remove the tag.", path=self._path())

    def _start(self, event: Any, line: int) -> None:
        if self._expects_key():
            self.refuse(line, "key", "a list or a mapping stands where a key is expected; keys are text", "Quote the key.")
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in {None, "!", _TAG + ("map" if is_mapping else "seq")}:
            self._refuse_tag(event.tag, line)
        if len(self._open) >= MAX_DEPTH:
            self.findings.append(
                Finding(
                    Place(self._file, line),
                    "yaml.too_deep",
                    f"values are nested more than {MAX_DEPTH} levels deep here",
                    f"Flatten them: at most {MAX_DEPTH} levels are read.",
                )
            )
            raise _Refused
        node = _Node(line, {} if is_mapping else [], children={})
        self._open.append(_Open(self._anchored(node, event.anchor), is_mapping))

    def _end(self) -> None:
        frame = self._open.pop()
        if frame.merges:
            _merge(frame)
        self._attach(frame.node)

    def _anchored(self, node: _Node, anchor: str | None) -> _Node:
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _alias(self, anchor: str, line: int) -> None:
        if self._expects_key():
            self.refuse(line, "key", f"the alias *{anchor} stands where a key is expected", "Write the key out.")
        if anchor not in self._anchors:
            self.refuse(line, "unknown_alias", f"*{anchor} repeats a value that no &{anchor} names before it", "Quote it if it is text.")
        node = self._anchors[anchor]
        if any(frame.node is node for frame in self._open):
            self.refuse(line, "recursive_alias", f"*{anchor} stands inside the value it repeats", "Write the value out.")
        self._aliased += node.size
        if self._aliased > MAX_ALIASED_VALUES:
            found = f"aliases repeat more than {MAX_ALIASED_VALUES:,} values up to here"
            self.refuse(line, "too_many_aliases", found, "Write the values out, or split the file.")
        self._attach(node)

    def _attach(self, node: _Node) -> None:
        """Puts a finished value where it belongs."""
        if not self._open:
            self._root = node
            return
        frame = self._open[-1]
        children = frame.node.children if frame.node.children is not None else {}
        if not frame.is_mapping:
            children[len(frame.node.value)] = (node.line, node)
            frame.node.value.append(node.value)
        elif frame.key == _MERGE:
            self._note_merge(frame, node)
        else:
            key = frame.key or ""
            if key in children:
                found = f"the key {key} is already given at line {children[key][0]}; a key may stand once"
                self.complain(frame.key_line, "duplicate_key", found, "Remove one of the two, or rename it.", path=self._path())
            else:
                children[key] = (frame.key_line, node)
                frame.node.value[key] = node.value
        frame.node.size += node.size
        frame.key = None

    def _note_merge(self, frame: _Open, node: _Node) -> None:
        sources = [node]
        if isinstance(node.value, list):
            sources = [child for _, child in (node.children or {}).values()]
        if all(isinstance(source.value, dict) for source in sources):
            frame.merges += sources
        else:
            found = f"<< merges {_kind(node.value)}; a mapping or a list of mappings is expected"
            self.complain(frame.key_line, "merge_key", found, "Give it an alias of a mapping.", path=self._path())


def _merge(frame: _Open) -> None:
    """Fills in what `<<` brings: a mapping's own keys win, then earlier sources over later ones."""
    own_children = frame.node.children or {}
    own_value = frame.node.value
    children: dict[str | int, tuple[int, _Node]] = {}
    value: dict[str, Any] = {}
    for source in reversed(frame.merges):
        children.update(source.children or {})
        value.update(source.value)
    frame.node.children = children | own_children
    frame.node.value = value | own_value


def _resolve(text: str) -> Any:
    """What a scalar without quotes stands for."""
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED_INTEGER.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and not text.lstrip("+-").isdigit():
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else "a single value"
