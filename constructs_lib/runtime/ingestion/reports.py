"""Builds what a run says of itself: the manifest, and out of it the outcome."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from .manifest import MANIFEST_VERSION, MOST_LISTED, OUTCOME_VERSION
from .reading import undeclared
from .tables.base import DataFile, Written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .accounting import Counts
    from .arguments import Arguments
    from .manifest import FileEntry, Gate, Manifest, Outcome, RefusedFile, RunIdentity, WrittenEntry
    from .spec import JobSpec
    from .survey import FileSurvey

JOB_VERSION = "0.1.0"
"""The project's version; a test holds it."""

NOTHING = Written(files=(), rows=0, base_version="")


def identity(arguments: Arguments, spec: JobSpec) -> RunIdentity:
    """What two starts of the same run have in common."""
    return {
        "run_id": arguments.run_id,
        "product": spec.product,
        "table": spec.table,
        "input": arguments.input,
        "since": arguments.since.isoformat() if arguments.since else None,
        "until": arguments.until.isoformat() if arguments.until else None,
    }


def manifest_of(
    arguments: Arguments,
    spec: JobSpec,
    *,
    times: tuple[str, str],
    seconds: float,
    counts: Counts,
    tallies: Mapping[str, Mapping[str, int]],
    surveys: Sequence[FileSurvey],
    refused: Sequence[FileSurvey],
    repeats: Mapping[str, str],
    gate: Gate,
    locations: tuple[str, str],
    written: Written,
    quarantined: Written,
) -> Manifest:
    """The manifest of a run that is written and accounted for.

    `times` are when it began and when it was written, `tallies` how often each of the `reasons` and `warnings` was given, `repeats` by path
    the run that published the same bytes before, `locations` where good and quarantined rows stand.
    """
    return {
        "manifest_version": MANIFEST_VERSION,
        **identity(arguments, spec),
        "execution": arguments.execution,
        "contract_version": spec.contract_version,
        "job_version": JOB_VERSION,
        "status": "written",
        "started_at": times[0],
        "written_at": times[1],
        "published_at": None,
        "seconds": round(seconds, 1),
        "counts": {
            "input": counts.input,
            "good": counts.good,
            "quarantined": counts.quarantined,
            "duplicates": counts.duplicates,
            "replaced": written.replaced_rows,
        },
        "reasons": dict(sorted(tallies["reasons"].items())),
        "warnings": dict(sorted(tallies["warnings"].items())),
        "files": [_file(item, spec, repeats.get(item.path)) for item in surveys],
        "refused_files": [_refused(item) for item in refused],
        "gate": gate,
        "curated_location": locations[0],
        "quarantine_location": locations[1],
        "quarantined": _entry(quarantined),
        "written": _entry(written),
        "table_version": None,
    }


def _file(item: FileSurvey, spec: JobSpec, repeats: str | None) -> FileEntry:
    return {
        "path": item.path,
        "size": item.size,
        "sha256": item.sha256,
        "records": item.records,
        "lines": item.lines,
        "empty_lines": item.empty_lines,
        "undeclared_columns": undeclared(item, spec),
        "repeats": repeats,
    }


def _refused(item: FileSurvey) -> RefusedFile:
    return {"path": item.path, "size": item.size, "sha256": item.sha256, "error": item.error or ""}


def _entry(written: Written) -> WrittenEntry:
    return cast("WrittenEntry", json.loads(json.dumps(asdict(written))))  # lists for tuples, as who reads the file has them


def written_of(entry: WrittenEntry) -> Written:
    """What was written, out of a manifest that was read again."""
    return Written(
        files=tuple(
            DataFile(path=one["path"], rows=one["rows"], size=one["size"], partition=tuple(one["partition"]), sha256=one["sha256"])
            for one in entry["files"]
        ),
        rows=entry["rows"],
        base_version=entry["base_version"],
        replaced_rows=entry["replaced_rows"],
        replaced_files=tuple(entry["replaced_files"]),
    )


def outcome_of(manifest: Manifest, path: str) -> Outcome:
    """What an orchestrator needs of the manifest at `path`; small whatever was delivered."""
    counts = manifest["counts"]
    frequent = sorted(manifest["reasons"].items(), key=lambda one: (-one[1], one[0]))[:MOST_LISTED]
    files = [*manifest["files"], *manifest["refused_files"]]
    return {
        "outcome_version": OUTCOME_VERSION,
        "run_id": manifest["run_id"],
        "product": manifest["product"],
        "table": manifest["table"],
        "contract_version": manifest["contract_version"],
        "status": manifest["status"],
        "counts": counts,
        "files": len(files),
        "bytes": sum(one["size"] for one in files),
        "quarantined_ratio": counts["quarantined"] / counts["input"] if counts["input"] else 0.0,
        "gate": manifest["gate"]["verdict"],
        "failed_rules": [one for one in manifest["gate"]["results"] if not one["passed"]][:MOST_LISTED],
        "reasons": dict(frequent),
        "refused": len(manifest["refused_files"]),
        "refused_files": [one["path"] for one in manifest["refused_files"]][:MOST_LISTED],
        "seconds": manifest["seconds"],
        "table_version": manifest["table_version"],
        "manifest": path,
    }
