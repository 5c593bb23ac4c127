"""What a run says of itself: the manifest (everything, for people and replays) and the outcome (what an orchestrator decides by).

Both are JSON beside each other: `<run id>.json` and `<run id>.outcome.json`. The outcome holds no delivered value, and stays small whatever
was delivered: Step Functions reads at most 256 KiB. The manifest holds those alone that a table is partitioned by, as the names of the
table's directories do: a run that died is published by them. Whoever may not read the table has no business with its manifests.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

MANIFEST_VERSION: Final = 2
OUTCOME_VERSION: Final = 1
MOST_LISTED: Final = 50
"""Names that the outcome lists of anything."""

Status = Literal["written", "held", "published"]
"""`written`: accounted for, unseen. `held`: the gate blocks it. `published`: readers see it."""


class CountsEntry(TypedDict):
    """A run's numbers, in records. input = good + quarantined + duplicates; `replaced`: published rows that good ones displace."""

    input: int
    good: int
    quarantined: int
    duplicates: int
    replaced: int


class FileEntry(TypedDict):
    """One delivered file. `repeats` names the run that published the same bytes before; then all its records are duplicates."""

    path: str
    size: int
    sha256: str
    records: int
    lines: int | None
    empty_lines: int
    undeclared_columns: list[str]
    repeats: str | None


class RefusedFile(TypedDict):
    """A delivered file that could not be read to its end: nothing of it is in the counts."""

    path: str
    size: int
    sha256: str
    error: str


class GateEntry(TypedDict):
    """One rule of the gate and what was measured.

    `measured` is None where there was nothing to measure, and the rule has not passed then; and where it would be a delivered value
    (`minimum`, `maximum`, the `mean` of a single one), whatever the rule's verdict.
    """

    name: str
    severity: str
    passed: bool
    measured: float | None
    rule: str


class Gate(TypedDict):
    """The gate's verdict: `pass`, `warn` (published all the same), `block` (held) or `released` (blocked, and let through by somebody)."""

    verdict: Literal["pass", "warn", "block", "released"]
    results: list[GateEntry]


class DataFileEntry(TypedDict):
    """One file with good rows."""

    path: str
    rows: int
    size: int
    partition: list[str | None]
    sha256: str


class WrittenEntry(TypedDict):
    """What was written for readers, as `tables.Written`."""

    files: list[DataFileEntry]
    rows: int
    replaced_rows: int
    replaced_files: list[str]
    base_version: str


class RunIdentity(TypedDict):
    """What two starts of the same run have in common."""

    run_id: str
    product: str
    table: str
    input: str
    since: str | None
    until: str | None


class Manifest(RunIdentity):
    """Everything about a run. Times are UTC, ISO 8601."""

    manifest_version: int
    execution: str
    contract_version: str
    job_version: str
    status: Status
    started_at: str
    written_at: str
    published_at: str | None
    seconds: float
    counts: CountsEntry
    reasons: dict[str, int]
    warnings: dict[str, int]
    files: list[FileEntry]
    refused_files: list[RefusedFile]
    gate: Gate
    curated_location: str
    quarantine_location: str
    quarantined: WrittenEntry
    written: WrittenEntry
    table_version: str | None


class Outcome(TypedDict):
    """What an orchestrator decides and tells by.

    Attributes:
        bytes: Of the delivered files.
        quarantined_ratio: Of the input; 0 when there was none.
        gate: The verdict.
        failed_rules: The gate's rules that did not hold, at most `MOST_LISTED`.
        reasons: The most frequent ones, at most `MOST_LISTED`.
        refused_files: Their paths, at most `MOST_LISTED`; `refused` counts all.
    """

    outcome_version: int
    run_id: str
    product: str
    table: str
    contract_version: str
    status: Status
    counts: CountsEntry
    files: int
    bytes: int
    quarantined_ratio: float
    gate: Literal["pass", "warn", "block", "released"]
    failed_rules: list[GateEntry]
    reasons: dict[str, int]
    refused: int
    refused_files: list[str]
    seconds: float
    table_version: str | None
    manifest: str
