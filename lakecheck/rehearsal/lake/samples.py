"""Samples: files to deliver, in order, each with what has to become of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

LIST: Final = "samples.yaml"
COUNTS: Final = ("good", "quarantined", "duplicates")
_PARTS: Final = 3
"""A domain, a product and a table make a prefix."""
_KEYS: Final = frozenset({"file", "as", "rows", "fails", *COUNTS})


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One file that is delivered.

    Attributes:
        path: The file.
        key: Its key in landing: `<domain>/<product>/<table>/<name>`.
        expected: Rows by `good`, `quarantined` and `duplicates`; None where nobody said what has to come of it.
        rows: Rows that readers see in the table once this file is in it; None where nobody said.
        fails: Whether the pipeline has to refuse the file as a whole.
    """

    path: Path
    key: str
    expected: Mapping[str, int] | None = None
    rows: int | None = None
    fails: bool = False

    @property
    def table(self) -> str:
        """The prefix of the table that it is for, whatever folders the name has."""
        return "/".join(self.key.split("/")[:_PARTS][: self.key.count("/")])


def load_samples(folder: Path) -> tuple[Delivery, ...]:
    """The deliveries of a folder.

    Args:
        folder: With a `samples.yaml` that lists the deliveries in order; without one every file is delivered under its own path,
            in order of the paths, and nothing is expected of it but that its rows are accounted for.

    Raises:
        DataLakeError: `samples_missing` when there is nothing to deliver, `samples_refused` for a list that cannot be followed.

    Example:
        A list of two deliveries:

        ```yaml
        deliveries:
          - { file: travel/routes/routes/monday.csv, good: 12, quarantined: 1, duplicates: 0, rows: 12 }
          - { file: travel/routes/routes/torn.csv.gz, fails: true }
        ```
    """
    if not folder.is_dir():
        msg = "there is no such folder of samples; give one with files at <domain>/<product>/<table>/<name>"
        raise DataLakeError(msg, code="samples_missing", where=str(folder))
    listed = folder / LIST
    found = tuple(_listed(folder, listed)) if listed.is_file() else tuple(_every(folder))
    if not found:
        msg = f"the folder holds nothing to deliver; put files at <domain>/<product>/<table>/<name>, or list them in {LIST}"
        raise DataLakeError(msg, code="samples_missing", where=str(folder))
    return found


def _every(folder: Path) -> Iterable[Delivery]:
    for path in sorted(one for one in folder.rglob("*") if one.is_file() and not one.name.startswith((".", "README"))):
        yield Delivery(path=path, key=path.relative_to(folder).as_posix())


def _listed(folder: Path, listed: Path) -> Iterable[Delivery]:
    try:
        document: Any = yaml.safe_load(listed.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _refused(listed, f"it is no YAML: {error}") from None
    entries = document.get("deliveries") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise _refused(listed, "expected a list `deliveries`, each with `file`, and `good`, `quarantined`, `duplicates` or `fails: true`")
    for number, entry in enumerate(entries, start=1):
        yield _delivery(folder, listed, f"deliveries[{number}]", entry)


def _delivery(folder: Path, listed: Path, where: str, entry: Any) -> Delivery:
    if not isinstance(entry, dict) or not isinstance(entry.get("file"), str) or set(entry) - _KEYS:
        raise _refused(listed, f"{where}: expected `file`, and of {', '.join(sorted(_KEYS - {'file'}))} what applies; got {entry!r}")
    numbers = {name: entry[name] for name in (*COUNTS, "rows") if name in entry}
    if any(not isinstance(value, int) or isinstance(value, bool) or value < 0 for value in numbers.values()):
        raise _refused(listed, f"{where}: counts are whole numbers from 0; got {numbers!r}")
    counts = {name: value for name, value in numbers.items() if name != "rows"}
    fails = entry.get("fails", False)
    if not isinstance(fails, bool) or (fails and counts):
        raise _refused(listed, f"{where}: `fails` is true or false, and a file that fails has no counts")
    path = (folder / entry["file"]).resolve()
    if not path.is_file():
        raise _refused(listed, f"{where}: there is no file {entry['file']}")
    expected = {**dict.fromkeys(COUNTS, 0), **counts} if counts else None
    return Delivery(path=path, key=str(entry.get("as", entry["file"])), expected=expected, rows=numbers.get("rows"), fails=fails)


def _refused(listed: Path, message: str) -> DataLakeError:
    return DataLakeError(message, code="samples_refused", where=str(listed))
