"""Which files were published before, byte by byte: small entries beside the manifests of the table's runs.

A file that is delivered again, under whatever name, is recognised by its bytes and not read a second time: all its records are
duplicates, the bad ones too, so that quarantine does not fill up with them. An entry is made before its run is published and
confirmed afterwards; one that was never confirmed counts only if the table itself remembers the run. Each run has an entry of its own
for a file (`files/<product>.<table>/<digest>/<run>.json`): no run overwrites what another one said, however they overlap, and no table
takes another's deliveries for its own. Where the table is empty again, made anew perhaps, what was said of its rows counts no more.
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
        seen: dict[str, str] = {}
        is_empty = self.table.version() == ""
        for item in surveys:
            if item.sha256 in seen:
                found[item.path] = seen[item.sha256]
                continue
            earlier = self._earlier(item.sha256, spec, run_id, is_empty=is_empty)
            seen[item.sha256] = run_id if earlier is None else earlier
            if earlier is not None:
                found[item.path] = earlier
        return found

    def _earlier(self, digest: str, spec: JobSpec, run_id: str, *, is_empty: bool) -> str | None:
        """Another run that published the bytes under a contract that still tells."""
        for file in self.storage.files(self._folder(digest, spec)):
            entry: dict[str, Any] = json.loads(self.storage.read_text(file.path))
            if entry["run_id"] == run_id:
                continue
            if entry["contract_version"] != spec.contract_version and spec.duplicates.equal_rows != "keep":
                continue
            version = entry["published_as"]
            is_published = self.table.published_as(entry["run_id"]) is not None if version is None else not (version and is_empty)
            if is_published:
                return str(entry["run_id"])
        return None

    def announce(self, digests: Iterable[str], spec: JobSpec, run_id: str) -> None:
        """Says that `run_id` is about to publish the files of these digests."""
        self._write(digests, spec, run_id, None)

    def confirm(self, digests: Iterable[str], spec: JobSpec, run_id: str, version: str) -> None:
        """Says that it has, and which version of the table readers saw then; empty where there never was a row."""
        self._write(digests, spec, run_id, version)

    def _write(self, digests: Iterable[str], spec: JobSpec, run_id: str, version: str | None) -> None:
        entry = {"run_id": run_id, "contract_version": spec.contract_version, "published_as": version}
        for digest in digests:
            self.storage.write_text(join(self._folder(digest, spec), f"{run_id}.json"), json.dumps(entry))

    def _folder(self, digest: str, spec: JobSpec) -> str:
        return join(self.folder, _FOLDER, f"{spec.product}.{spec.table}", digest)
