"""lakecheck.yaml: what it says, what is found beside it, what is refused with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from lakecheck.settings import Settings, load_settings, settings_schema_text
from lakecheck.settings_model import SettingsFile
from lakemodel.errors import InvalidInput
from lakemodel.findings import Severity
from lakemodel.limits import Quota

ENTRY = {"rule": "cfn-lint::W2001", "at": "Lake/Bucket", "reason": "a parameter for later", "owner": "lake team"}


def write(folder: Path, name: str = "lakecheck.yaml", **keys: Any) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / name
    path.write_text(yaml.safe_dump({"version": 1, **keys}))
    return path


def refused(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as raised:
        load_settings(path)
    return [(finding.code, finding.place.path) for finding in raised.value.findings]


def test_without_a_file_everything_has_its_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert load_settings() == Settings()


def test_without_a_file_the_others_are_found_in_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "access.yaml").touch()
    found = load_settings()
    assert (str(found.access), found.estate, found.approvals) == ("config/access.yaml", None, None)


def test_the_file_in_the_working_directory_comes_before_that_in_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "config", fail_on="warning")
    assert load_settings().file == "config/lakecheck.yaml"
    write(tmp_path, fail_on="error")
    assert (load_settings().file, load_settings().fail_on) == ("lakecheck.yaml", Severity.ERROR)


def test_paths_are_relative_to_the_file_and_neighbours_are_found(tmp_path: Path):
    for name in ("own.py", "lake.guard", "who.yaml", "estate.yaml"):
        (tmp_path / name).touch()
    path = write(tmp_path, access="who.yaml", rules={"python": ["own.py"], "guard": ["lake.guard"]})
    found = load_settings(path)
    assert found.access == tmp_path / "who.yaml"
    assert found.estate == tmp_path / "estate.yaml"
    assert found.approvals is None
    assert (found.python_rules, found.guard_rules) == ((tmp_path / "own.py",), (tmp_path / "lake.guard",))


def test_everything_that_is_said_is_kept(tmp_path: Path):
    path = write(
        tmp_path, skip=["lint"], require_packs=["Pack"], quotas={"account_roles": 5000}, parameters={"A:B": "c"}, acknowledge=[ENTRY]
    )
    found = load_settings(path)
    assert (found.skip, found.require_packs, found.parameters) == (("lint",), ("Pack",), {"A:B": "c"})
    assert found.quotas == {Quota.ACCOUNT_ROLES: 5000}
    (one,) = found.acknowledgements
    assert (one.path, one.rule, one.owner, one.expires) == ("Lake/Bucket", "cfn-lint::W2001", "lake team", None)
    assert one.source.startswith(f"{path}:")


@pytest.mark.parametrize(
    ("keys", "code", "place"),
    [
        ({"fail_onn": "error"}, "lakecheck.unknown_key", "fail_onn"),
        ({"fail_on": "note"}, "lakecheck.choice", "fail_on"),
        ({"skip": ["everything"]}, "lakecheck.choice", "skip[0]"),
        ({"quotas": {"account_rolls": 1}}, "lakecheck.choice", "quotas.account_rolls"),
        ({"quotas": {"account_roles": 0}}, "lakecheck.type", "quotas.account_roles"),
        ({"access": "none.yaml"}, "lakecheck.file", "access"),
        ({"rules": {"guard": ["none.guard"]}}, "lakecheck.file", "rules.guard[0]"),
        ({"acknowledge": [{**ENTRY, "rule": "W2001"}]}, "lakecheck.pattern", "acknowledge[0].rule"),
        ({"acknowledge": [{**ENTRY, "reason": "because"}]}, "lakecheck.empty", "acknowledge[0].reason"),
        ({"acknowledge": [{**ENTRY, "expires": "2027-02-30"}]}, "lakecheck.day", "acknowledge[0].expires"),
        ({"acknowledge": [ENTRY, ENTRY]}, "lakecheck.duplicate", "acknowledge[1]"),
        ({"acknowledge": [{"rule": ENTRY["rule"]}]}, "lakecheck.missing_key", "acknowledge[0]"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(keys: dict[str, Any], code: str, place: str, tmp_path: Path):
    assert (code, place) in refused(write(tmp_path, **keys))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(InvalidInput, match="no-such"):
        load_settings(tmp_path / "no-such.yaml")


def test_the_schema_accepts_what_the_reader_accepts():
    schema = json.loads(settings_schema_text())
    Draft7Validator.check_schema(schema)
    assert Draft7Validator(schema).is_valid({"version": 1, "acknowledge": [ENTRY], "quotas": {"account_roles": 5000}})
    assert not Draft7Validator(schema).is_valid({"version": 1, "fail_onn": "error"})
    assert set(schema["properties"]) == set(SettingsFile.model_fields)


def test_the_project_s_own_file_and_its_schema_are_in_order():
    config = Path(__file__).parents[2] / "config"
    assert (config / "lakecheck.schema.json").read_text() == settings_schema_text()
    found = load_settings(config / "lakecheck.yaml")
    assert found.require_packs == ("AwsSolutions", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321")
    assert (found.access, found.estate, found.approvals) == (config / "access.yaml", config / "estate.yaml", config / "approvals.yaml")


def test_a_reason_that_is_too_short_is_told_how_long_it_has_to_be(tmp_path: Path):
    with pytest.raises(InvalidInput, match="a text of at least 10 characters is expected"):
        load_settings(write(tmp_path, acknowledge=[{**ENTRY, "reason": "because"}]))
