"""Which files were published before, byte by byte: one small entry for each, by digest, beside the manifests of the table's runs.

A file that is delivered again, under whatever name, is recognised by its bytes and not read a second time: all its records are
duplicates, the bad ones too, so that quarantine does not fill up with them. An entry is made before its run is published and
confirmed afterwards; one that was never confirmed counts only if the table itself remembers the run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .files import join

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .files import Storage
    from .spec import JobSpec
    from .survey import FileSurvey
    from .tables.base import PublishedTable

_FOLDER = "files"


@dataclass(frozen=True)
class PublishedFiles:
    """The entries of one table.

    Args:
        storage: Reads and writes them.
        folder: Where the manifests of the table's runs stand.
        table: Asked about runs whose entries were not confirmed.
    """

    storage: Storage
    folder: str
    table: PublishedTable

    def repeats(self, surveys: Sequence[FileSurvey], spec: JobSpec, run_id: str) -> dict[str, str]:
        """By path, the run that published the same bytes: an earlier one, or this one for a file that is delivered twice at once.

        Under another version of the contract a file is judged anew, since what was bad may be good now; where equal rows are kept it
        is not, because nothing else would tell its rows from new ones.
        """
        found: dict[str, str] = {}
        seen: set[str] = set()
        for item in surveys:
            if item.sha256 in seen:
                found[item.path] = run_id
                continue
            seen.add(item.sha256)
            earlier = self._earlier(item.sha256, spec, run_id)
            if earlier is not None:
                found[item.path] = earlier
        return found

    def _earlier(self, digest: str, spec: JobSpec, run_id: str) -> str | None:
        entry = self._entry(digest)
        if entry is None or entry["run_id"] == run_id:
            return None
        if entry["contract_version"] != spec.contract_version and spec.duplicates.equal_rows != "keep":
            return None
        is_published = entry["confirmed"] or self.table.published_as(entry["run_id"]) is not None
        return str(entry["run_id"]) if is_published else None

    def _entry(self, digest: str) -> dict[str, Any] | None:
        path = self._path(digest)
        if not self.storage.exists(path):
            return None
        entry: dict[str, Any] = json.loads(self.storage.read_text(path))
        return entry

    def announce(self, digests: Iterable[str], spec: JobSpec, run_id: str) -> None:
        """Says that `run_id` is about to publish the files of these digests."""
        self._write(digests, spec, run_id, confirmed=False)

    def confirm(self, digests: Iterable[str], spec: JobSpec, run_id: str) -> None:
        """Says that it has."""
        self._write(digests, spec, run_id, confirmed=True)

    def _write(self, digests: Iterable[str], spec: JobSpec, run_id: str, *, confirmed: bool) -> None:
        entry = {"run_id": run_id, "contract_version": spec.contract_version, "confirmed": confirmed}
        for digest in digests:
            self.storage.write_text(self._path(digest), json.dumps(entry))

    def _path(self, digest: str) -> str:
        return join(self.folder, _FOLDER, f"{digest}.json")
