"""Findings and the errors that carry them."""

from __future__ import annotations

from lakemodel.errors import DataLakeError, InvalidInput
from lakemodel.findings import Finding, Place, Severity, errors

ERROR = Finding(Place("b.yaml", 4, "a.b"), "x.y", "found 1; allowed: 2", "Write 2.")
WARNING = Finding(Place("a.yaml"), "x.z", "old", severity=Severity.WARNING)


def test_places_show_what_is_known() -> None:
    """File, line and path; what is not known leaves no trace."""
    assert str(Place("a.yaml")) == "a.yaml"
    assert str(Place("a.yaml", 3)) == "a.yaml:3"
    assert str(Place("a.yaml", None, "b")) == "a.yaml b"
    assert str(Place("a.yaml", 3, "b[0]")) == "a.yaml:3 b[0]"


def test_nothing_in_a_finding_steers_a_terminal() -> None:
    """A file or a path of somebody's making is shown escaped, like what is said about it."""
    nasty = "a\x1b[2J\nERROR b"
    shown = "a\\x1b[2J\\nERROR b"
    assert str(Finding(Place(nasty, 3, nasty), "x.y", nasty, nasty)) == f"{shown}:3 {shown}: {shown}. {shown}"
    assert str(Place("größe.yaml", None, "b")) == "größe.yaml b"


def test_a_finding_says_place_found_allowed_remedy() -> None:
    """In that order, in one line."""
    assert str(ERROR) == "b.yaml:4 a.b: found 1; allowed: 2. Write 2."
    assert str(WARNING) == "a.yaml: old"


def test_a_finding_as_data() -> None:
    """What machine-readable reports hold."""
    assert ERROR.as_dict() == {
        "severity": "error",
        "code": "x.y",
        "file": "b.yaml",
        "line": 4,
        "path": "a.b",
        "message": "found 1; allowed: 2",
        "remedy": "Write 2.",
    }


def test_errors_leaves_the_others_out_and_sorts() -> None:
    """Warnings and notes refuse nothing."""
    earlier = Finding(Place("a.yaml", 1), "x.y", "m")
    assert errors([ERROR, WARNING, earlier]) == (earlier, ERROR)
    assert errors([WARNING]) == ()


def test_invalid_input_says_everything() -> None:
    """Every finding on a line of its own, in the order given."""
    error = InvalidInput([ERROR, WARNING])
    assert isinstance(error, DataLakeError)
    assert error.code == "invalid_input"
    assert error.findings == (ERROR, WARNING)
    assert str(error) == f"{ERROR}\n{WARNING}"


def test_an_error_names_its_place_first() -> None:
    """The construct path stands before the message."""
    assert str(DataLakeError("m", code="c", where="Stack/Lake")) == "Stack/Lake: m"
    assert str(DataLakeError("m", code="c")) == "m"


def test_what_a_stranger_wrote_stays_on_its_line() -> None:
    """Control codes, new lines and direction marks are shown, not obeyed; letters of every script stay letters."""
    finding = Finding(Place("a.yaml"), "x.y", "found 'a\x1b[31m\nerror: b\u202e'", "Name it 名前.")
    assert str(finding) == r"a.yaml: found 'a\x1b[31m\nerror: b\u202e'. Name it 名前."
    assert finding.as_dict()["message"] == r"found 'a\x1b[31m\nerror: b\u202e'"
