"""What a run is told: its arguments, with the words of the command line, and nothing that reads or writes."""

from __future__ import annotations

import argparse
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

GLUE = "glue"
"""The catalog that is no folder."""

FOLDER = "_catalog"
"""The folder below the curated zone that serves as the catalog of a lake on a disk."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments:
    """What a run is told.

    Attributes:
        spec: Path or `s3://` URI of the job spec or of several tables' job specs, or the JSON itself.
        input: A delivered file, or a prefix whose every file is read.
        curated: Root of the curated zone.
        quarantine: Root of the quarantine zone.
        manifest: File to write the manifest to; it ends in `.json`, and the outcome and the lineage event stand beside it.
        run_id: Names the run; the same id never adds rows twice.
        publish: Whether readers are to see the run at its end.
        table: Which table, where `spec` holds several.
        catalog: `glue`, or a folder that serves as the catalog on a laptop; by where the curated zone is when left out.
        since: Of the files below `input`, those that were stored at this moment or later; all of them when None.
        until: Of the files below `input`, those that were stored before this moment; all of them when None.
        leave_out_unreadable: Whether a file that cannot be read to its end is left out and listed, instead of failing the run.
        release: Whether a run is published that the gate holds back.
        execution: Who called: kept in logs and manifest.
    """

    spec: str
    input: str
    curated: str
    quarantine: str
    manifest: str
    run_id: str
    publish: bool = False
    table: str | None = None
    catalog: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    leave_out_unreadable: bool = False
    release: bool = False
    execution: str = ""

    @property
    def catalog_or_default(self) -> str:
        """The catalog that is named, else Glue's for a lake in S3 and a folder below the curated zone for one on a disk."""
        if self.catalog:
            return self.catalog
        return GLUE if self.curated.startswith("s3://") else f"{self.curated.rstrip('/')}/{FOLDER}"

    @property
    def beside_manifest(self) -> str:
        """The manifest's path without its ending: where `.outcome.json` and `.lineage.json` are added."""
        return self.manifest.removesuffix(".json")

    @property
    def manifest_folder(self) -> str:
        """Where the manifests of the table's runs stand."""
        return self.manifest.rpartition("/")[0] if "/" in self.manifest else "."


_REQUIRED = {
    "spec": "the job spec, or those of a product's tables: a path, an s3:// URI, or the JSON itself",
    "input": "one delivered file, or a prefix: every file below it is read",
    "curated": "root of the curated zone; the table's prefix is added",
    "quarantine": "root of the quarantine zone; the table's prefix is added",
    "manifest": "the .json file to write the run's manifest to, one a run, all runs of a table in one folder",
    "run-id": "names the run (letters, digits, '.', '_', '-'); the same id never adds rows twice",
}
_OPTIONAL = {
    "table": "which table, where --spec holds several",
    "catalog": "'glue', or a folder that serves as the catalog; when left out, glue for zones in S3, else a folder in --curated",
    "since": "read only files stored at this moment or later, such as 2026-11-01T00:00:00Z",
    "until": "read only files stored before this moment",
    "execution": "who called, for logs and manifest",
}
_CHOICES = {
    "publish": (("true", "false"), "false", "whether readers see the run at its end; a later start with the same id and true publishes it"),
    "unreadable": (("fail", "leave_out"), "fail", "what becomes of a run when a file cannot be read to its end"),
    "release": (("true", "false"), "false", "publish a run that the quality gate holds back"),
}


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """The run's arguments; those that Glue adds of its own are passed over.

    Raises:
        SpecError: If one is missing or malformed.
    """
    parser = argparse.ArgumentParser(
        prog="ingestion",
        allow_abbrev=False,
        exit_on_error=False,
        description="Ingests delivered files of one table by its compiled contract; every record ends in one place.",
        epilog="Exit codes: 0 done or held back, 1 unexpected, 2 arguments or spec, 3 unreadable input, 4 accounting, 5 not published.",
    )
    for name, text in {**_REQUIRED, **_OPTIONAL}.items():
        parser.add_argument(f"--{name}", help=text)
    for name, (choices, default, text) in _CHOICES.items():
        parser.add_argument(f"--{name}", choices=choices, default=default, help=text)
    try:
        given: dict[str, Any] = vars(parser.parse_known_args(list(argv))[0])
    except argparse.ArgumentError as error:
        raise SpecError(str(error)) from error
    missing = [f"--{name}" for name in _REQUIRED if not given[name.replace("-", "_")]]
    if missing:
        message = f"missing {', '.join(missing)}"
        raise SpecError(message)
    if not given["manifest"].endswith(".json") or given["manifest"].endswith((".outcome.json", ".lineage.json")):
        message = f"--manifest is {given['manifest']!r}; expected a file that ends in .json, and neither in .outcome.json nor .lineage.json"
        raise SpecError(message)
    return Arguments(
        **{name.replace("-", "_"): given[name.replace("-", "_")] for name in _REQUIRED},
        table=given["table"],
        publish=given["publish"] == "true",
        catalog=given["catalog"] or "",
        since=_moment("since", given["since"]),
        until=_moment("until", given["until"]),
        leave_out_unreadable=given["unreadable"] == "leave_out",
        release=given["release"] == "true",
        execution=given["execution"] or "",
    )


def _moment(name: str, text: str | None) -> dt.datetime | None:
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = f"--{name} is {text!r}; expected a moment with its offset, such as 2026-11-01T00:00:00Z"
        raise SpecError(message)
    return moment
