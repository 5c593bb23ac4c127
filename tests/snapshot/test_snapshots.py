"""What one stack of each kind looks like, so that a refactoring shows what it changes.

`.venv/bin/python -m tests.snapshot.normalise` writes the snapshots anew; a test never does.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import pytest

from tests.snapshot.normalise import FOLDER, KINDS, normalise, snapshots, text

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake

pytestmark = pytest.mark.xdist_group("reference")

REMEDY = "if that is meant, run `.venv/bin/python -m tests.snapshot.normalise`, read the difference and commit it"
MOST_LINES = 60


def difference(name: str, now: str) -> str:
    """A unified diff of a committed snapshot and what is synthesized now; empty when they are equal."""
    file = FOLDER / name
    committed = file.read_text() if file.exists() else ""
    lines = list(difflib.unified_diff(committed.splitlines(), now.splitlines(), f"committed {name}", "synthesized", lineterm="", n=2))
    return "\n".join([*lines[:MOST_LINES], *([f"… and {len(lines) - MOST_LINES} lines more"] if len(lines) > MOST_LINES else [])])


@pytest.mark.parametrize("name", KINDS)
def test_a_stack_looks_as_it_did(reference: Lake, name: str) -> None:
    """The committed snapshot is there and says what is synthesized."""
    changes = difference(f"{name}.json", snapshots(reference)[f"{name}.json"])
    assert not changes, f"{changes}\n{REMEDY}"


def test_no_snapshot_is_of_nothing(reference: Lake) -> None:
    """Every committed snapshot is of a stack that is compared, and every kind of stack is."""
    assert {file.name for file in FOLDER.glob("*.json")} == set(snapshots(reference))
    assert {stack.name for stack in reference.of("Prod").values()} - set(KINDS) == {"AnalyticsAccount", "AnalyticsFloor"}
    assert {stack.name for stack in reference.of("Organization").values()} <= set(KINDS)


def test_a_missing_snapshot_differs_in_every_line() -> None:
    """Without a file the test fails; it does not write one."""
    assert "+  line" in difference("Missing.json", "{\n  line\n}")
    assert not (FOLDER / "Missing.json").exists()


def test_snapshots_are_read_as_text() -> None:
    """References become text, JSON in strings becomes data, hashes and Metadata go."""
    value = {
        "Metadata": {"aws:asset:path": "asset.1"},
        "Arn": {"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "/*"]]},
        "Import": {"Fn::ImportValue": "Prod-MainStorage:ExportsOutputRefKey12345678"},
        "Definition": {"Fn::Join": ["", ['{"Role": "', {"Ref": "Role"}, '"}']]},
        "Braces": "{not json}",
    }
    assert normalise(value) == {
        "Arn": "${Bucket.Arn}/*",
        "Import": "${Prod-MainStorage: RefKey12345678}",
        "Definition": {"(JSON)": {"Role": "${Role}"}},
        "Braces": "{not json}",
    }
    assert text({"A": {"Key": f"{'0a' * 32}.zip"}, "B": {}}, "^A") == '{\n "A": {\n  "Key": "<asset>.zip"\n }\n}\n'


def test_an_assets_hash_does_not_show() -> None:
    """Neither in a name nor in the order of names: code that changes leaves the snapshots as they are."""
    old, new = "a" * 64, "c" * 64
    statements = [{"Policy": {"Resource": sorted([f"{code}.py", f"{'b' * 64}.zip"])}} for code in (old, new)]
    assert statements[0]["Policy"]["Resource"][0] != statements[1]["Policy"]["Resource"][0].replace(new, old)
    assert text(statements[0]) == text(statements[1])
