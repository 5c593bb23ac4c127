"""Whoever reads the log of a run learns what to do, and nothing of what was delivered."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError, NoRegionError, ParamValidationError

from constructs_lib.runtime.ingestion import run as ingestion
from constructs_lib.runtime.ingestion.errors import SpecError
from constructs_lib.runtime.ingestion.files import Storage
from constructs_lib.runtime.ingestion.telling import told, trace

from .specs import column, text

if TYPE_CHECKING:
    from pathlib import Path

IN_A_TASK = """
  An exception was thrown from the Python worker. Please see the stack trace below.
Traceback (most recent call last):
  File "/x/ingestion/tables/schemas.py", line 12, in _cast
    return column.cast(field.type)
{last}
"""


def answer(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateTable")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/c/run_id=r/country=SECRET/x"), "No space left on device: /c/run_id=r/..."),
        (PermissionError(errno.EACCES, "Permission denied", "/c"), "PermissionError: Permission denied: /c"),
        (NoRegionError(), "NoRegionError: You must specify a region."),
        (ParamValidationError(report="value: SECRET"), "ParamValidationError: what it says is withheld"),
        (answer("AccessDeniedException", "x is not allowed to do y"), "AccessDeniedException was the answer to CreateTable: x is not"),
        (answer("InvalidInputException", "SECRET"), "ClientError: InvalidInputException was the answer to CreateTable"),
        (ModuleNotFoundError("No module named 'pyiceberg'"), "No module named 'pyiceberg'"),
        (ValueError("invalid literal: 'SECRET'"), "ValueError: what it says is withheld"),
        (RuntimeError(IN_A_TASK.format(last="pyarrow.lib.ArrowInvalid: Integer value SECRET not in range")), "RuntimeError: ArrowInvalid"),
        (RuntimeError(IN_A_TASK.format(last="x.ingestion.errors.PublishError: 2 rows have no id")), "RuntimeError: 2 rows have no id"),
        (RuntimeError("java.io.IOException: SECRET: No space left on device"), "RuntimeError: IOException, No space left on device"),
    ],
)
def test_an_error_is_told_without_what_it_quotes(error: Exception, said: str) -> None:
    """The kind, the place, the answer's code; of messages only those that speak of no row."""
    assert said in told(error)
    assert "SECRET" not in told(error)
    assert "\n" not in told(error)


def _fail(_: int) -> None:
    raise RuntimeError(IN_A_TASK.format(last="ValueError: SECRET"))


def test_the_place_is_told_and_nothing_else() -> None:
    """Ours, and in a task of Spark's."""
    with pytest.raises(RuntimeError) as caught:
        next(iter(map(_fail, [0])))
    places = trace(caught.value)
    assert places[0].startswith("test_telling.py:")
    assert places[-1] == "schemas.py:12 _cast in a task"
    assert "SECRET" not in str(places)


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [
        (NoRegionError(), 1, "You must specify a region"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "No space left on device"),
        (pa.ArrowInvalid("Integer value 4711 not in range"), 1, "withheld"),
    ],
)
def test_a_failure_is_one_line_and_no_traceback(
    failure: Exception, code: int, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The process ends with its code; the line names the run, what happened and where."""

    def failing(*_: Any) -> Any:
        raise failure

    monkeypatch.setattr(ingestion, "spark_session", lambda: None)
    monkeypatch.setattr(ingestion, "ingest", failing)
    words = ["--spec", "s", "--input", "i", "--curated", "c", "--quarantine", "q", "--manifest", "m.json", "--run-id", "r1"]
    assert ingestion.main(words) == code
    line = json.loads(caplog.messages[-1])
    assert (line["event"], line["run_id"], line["exit_code"], line["error"]) == ("failed", "r1", code, type(failure).__name__)
    assert said in line["message"]
    assert line["trace"][-1].startswith("test_telling.py:")
    assert "4711" not in caplog.text


def test_a_spec_that_is_not_there_is_an_argument_that_is_wrong(tmp_path: Path) -> None:
    """It names the path."""
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(SpecError, match=f"--spec is {path}, where no job spec stands"):
            ingestion._spec_at(str(path), Storage())


@pytest.mark.spark
def test_a_first_line_that_is_a_record_is_in_no_manifest(lake: Any) -> None:
    """A file without the header that the contract says: its values are nobody's column names; what is an added column's name is told."""
    lake.deliver("a.csv", "1,Alice\n2,Bob\n")
    lake.deliver("b.csv", "id,added\n3,x\n")
    manifest = lake.ingest(text([column("id", "int")]))
    assert [file["undeclared_columns"] for file in manifest["files"]] == [[], ["added"]]
    assert "Alice" not in json.dumps(manifest)
