"""The JSON Schemas of manifest and outcome: what the types say, and what runs write."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from constructs_lib.runtime import ingestion
from constructs_lib.runtime.ingestion.manifest import MOST_LISTED
from constructs_lib.runtime.ingestion.reports import outcome_of
from tests.runtime.ingestion.test_lineage import MANIFEST
from tools.run_schemas import FILES, schema, text

FOLDER = Path(ingestion.__file__).parent
MANY = {f"column_{number}:not_an_integer": number + 1 for number in range(2 * MOST_LISTED)}


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema(*FILES[name]))


def outcome(**changed: Any) -> dict[str, Any]:
    """The outcome of a run, with parts of its manifest changed."""
    return dict(outcome_of({**copy.deepcopy(MANIFEST), **changed}, "s3://lake-raw/shop/orders/_manifests/orders/1.json"))  # type: ignore[typeddict-item]


@pytest.mark.parametrize("name", FILES)
def test_the_committed_schema_is_that_of_the_types(name: str) -> None:
    """After a change of manifest.py run `tools/run_schemas.py`."""
    assert (FOLDER / name).read_text(encoding="utf-8") == text(name)
    jsonschema.Draft202012Validator.check_schema(schema(*FILES[name]))


def test_manifests_and_outcomes_satisfy_their_schemas() -> None:
    """As the job writes them: published, held, with a file that was refused."""
    refused = {"path": "s3://lake-raw/broken.csv.gz", "size": 7, "sha256": "cd" * 32, "error": "not gzip"}
    for changed in ({}, {"status": "held", "published_at": None, "table_version": None}, {"refused_files": [refused], "reasons": MANY}):
        validator("manifest.schema.json").validate({**MANIFEST, **changed})
        validator("outcome.schema.json").validate(outcome(**changed))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("status",), "done"),
        (("manifest_version",), 1),
        (("counts", "good"), -1),
        (("counts", "lost"), 1),
        (("files", 0, "sha256"), None),
        (("files", 0, "lines"), "11"),
        (("gate", "results", 0, "passed"), "yes"),
        (("written", "files", 0, "partition"), [1]),
        (("reasons",), {"country:enum": "3"}),
    ],
)
def test_refuses_a_manifest_that_is_none(path: tuple[str | int, ...], value: Any) -> None:
    """A key nobody knows, a value of another kind, a negative number."""
    broken: Any = copy.deepcopy(MANIFEST)
    place = broken
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    (error,) = validator("manifest.schema.json").iter_errors(broken)
    assert tuple(error.absolute_path)[: len(path) - 1] == path[:-1]


def test_refuses_what_lacks_a_key() -> None:
    """Every key is required, also those of values inside."""
    for name in MANIFEST:
        assert not validator("manifest.schema.json").is_valid({key: value for key, value in MANIFEST.items() if key != name}), name
    whole = outcome()
    for name in whole:
        assert not validator("outcome.schema.json").is_valid({key: value for key, value in whole.items() if key != name}), name


def test_an_outcome_is_no_manifest() -> None:
    """The two are not taken for each other."""
    assert not validator("manifest.schema.json").is_valid(outcome())
    assert not validator("outcome.schema.json").is_valid(MANIFEST)
