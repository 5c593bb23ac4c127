"""What of an assembly is deployed, what is taken out of its copy, and what a changed version changes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.assembly.reader import read_assembly
from lakecheck.rehearsal.deployment.bootstrap import (
    DEFAULT_QUALIFIER,
    make_missing_buckets,
    qualifiers,
    write_missing_versions,
    write_shared_parameters,
)
from lakecheck.rehearsal.deployment.copies import CHANGES, change, copy, target
from lakecheck.rehearsal.deployment.surroundings import permission_sets
from lakecheck.upgrade.comparison.schemas import facts
from lakecheck.upgrade.model import Replaces
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from pathlib import Path

    from lakecheck.rehearsal.emulator.process import Emulator

KEY = "0123abcd.json"


def assembly(folder: Path, template: dict[str, Any], *, environment: str = "aws://111111111111/eu-west-1", images: int = 0) -> Path:
    """An assembly of one stack, as the CDK writes it."""
    folder.mkdir(parents=True)
    (folder / "Stack.template.json").write_text(json.dumps(template))
    destinations = {"here": {"bucketName": "cdk-hnb659fds-assets-111111111111-eu-west-1", "objectKey": KEY, "region": "eu-west-1"}}
    assets = {
        "version": "55.0.0",
        "files": {"0123abcd": {"source": {"path": "Stack.template.json", "packaging": "file"}, "destinations": destinations}},
        "dockerImages": {f"image{number}": {} for number in range(images)},
    }
    (folder / "Stack.assets.json").write_text(json.dumps(assets))
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {"templateFile": "Stack.template.json", "stackTemplateAssetObjectUrl": f"s3://bucket/{KEY}"},
        "displayName": "Stack",
    }
    manifest = {"version": "55.0.0", "artifacts": {"Stack.assets": {"type": "cdk:asset-manifest"}, "Stack": stack}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "cdk.out").write_text('{"version": "55.0.0"}')
    return folder


TOPIC = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


def test_a_stack_that_is_bound_to_nothing_goes_to_some_account(tmp_path: Path):
    found = read_assembly(assembly(tmp_path / "out", TOPIC, environment="aws://unknown-account/unknown-region"))
    chosen = target(found, None)
    assert chosen.selector == "**"
    assert chosen.places == (("123456789012", "us-east-1"),)


def test_what_is_bound_to_nothing_goes_where_the_first_bound_stack_is(tmp_path: Path):
    found = read_assembly(assembly(tmp_path / "out", TOPIC))
    bound = found.stacks[0]
    others = [replace(bound, account=None, region=None), replace(bound, account="222222222222", region=None), bound]
    chosen = target(replace(found, stacks=tuple(others)), None)
    assert chosen.places == (("222222222222", "eu-west-1"), ("111111111111", "eu-west-1"))


def test_fails_when_the_environment_is_not_one(tmp_path: Path):
    with pytest.raises(DataLakeError, match="allowed is none, the assembly has no stages"):
        target(read_assembly(assembly(tmp_path / "out", TOPIC)), "Dev")


def test_images_are_left_out_of_the_copy_and_told_and_the_original_stays(tmp_path: Path):
    original = assembly(tmp_path / "out", TOPIC, images=2)
    made = copy(original, tmp_path / "copy")
    assert json.loads((made.folder / "Stack.assets.json").read_text())["dockerImages"] == {}
    assert len(json.loads((original / "Stack.assets.json").read_text())["dockerImages"]) == 2
    assert made.rewritten == ["2 container images left out of the assets: building them needs Docker"]
    assert copy(assembly(tmp_path / "plain", TOPIC), tmp_path / "plain-copy").rewritten == []


def test_a_changed_version_changes_nothing_that_a_condition_left_out(tmp_path: Path):
    topics = {name: {"Type": "AWS::SNS::Topic"} for name in ("LeftOut", "There")}
    made = copy(assembly(tmp_path / "out", {"Resources": topics}), tmp_path / "copy")
    done = change(made, target(read_assembly(made.folder), None), {("Stack", "There")})
    assert [one.logical_id for one in done] == ["There"]


def test_what_other_bootstraps_would_have_made_is_made_once(tmp_path: Path, emulator: Emulator):
    made = assembly(tmp_path / "out", TOPIC)
    assets = (made / "Stack.assets.json").read_text().replace("cdk-hnb659fds-assets-111111111111-eu-west-1", "fixed-name")
    (made / "Stack.assets.json").write_text(assets)
    manifest = (
        (made / "manifest.json")
        .read_text()
        .replace('"templateFile"', '"bootstrapStackVersionSsmParameter": "/own/version", "templateFile"')
    )
    (made / "manifest.json").write_text(manifest)
    places = [("555555555503", "eu-west-1"), ("555555555504", "eu-west-1")]
    assert make_missing_buckets(made, places, emulator.clients) == ["fixed-name"]
    for _ in range(2):
        write_missing_versions(made, places, emulator.clients)
    for account, region in places:
        found = emulator.clients("ssm", account=account, region=region).describe_parameters()["Parameters"]
        assert [one["Name"] for one in found] == ["/own/version"]


def test_what_accounts_outside_share_is_there_and_what_those_inside_make_is_not(tmp_path: Path, emulator: Emulator):
    """The stack that shares a parameter is not rehearsed when its account is not; a name without an account is the account's own."""
    arn = "arn:aws:ssm:eu-west-1:{}:parameter/shared/sink"
    defaults = {"Outside": arn.format("555555555506"), "Inside": arn.format("555555555505"), "Own": "/own/one", "Text": "arn:aws:sns:x"}
    parameters = {name: {"Type": "AWS::SSM::Parameter::Value<String>", "Default": value} for name, value in defaults.items()}
    parameters["Plain"] = {"Type": "String", "Default": arn.format("555555555507")}
    made = assembly(tmp_path / "out", {**TOPIC, "Parameters": parameters})
    for _ in range(2):
        assert write_shared_parameters(made, [("555555555505", "eu-west-1")], emulator.clients) == [arn.format("555555555506")]
    there = {
        account: emulator.clients("ssm", account=account, region="eu-west-1").describe_parameters()["Parameters"]
        for account in ("555555555505", "555555555506", "555555555507")
    }
    assert {account: [one["Name"] for one in found] for account, found in there.items()} == {
        "555555555505": [],
        "555555555506": ["/shared/sink"],
        "555555555507": [],
    }


def test_a_changed_version_changes_one_of_each_type_under_another_key(tmp_path: Path):
    roles = {"A": {"Type": "AWS::IAM::Role"}, "B": {"Type": "AWS::IAM::Role"}, "X": {"Type": "AWS::Nothing::Known"}}
    made = copy(assembly(tmp_path / "out", {"Resources": {**TOPIC["Resources"], **roles}}), tmp_path / "copy")
    chosen = target(read_assembly(made.folder), None)
    done = {(one.logical_id, one.property) for one in change(made, chosen)}
    assert done == {("Topic", "DisplayName"), ("A", "Description")}
    resources = json.loads((made.folder / "Stack.template.json").read_text())["Resources"]
    assert resources["A"]["Properties"] == {"Description": "changed by the rehearsal"}
    assert "Properties" not in resources["B"]
    assets = json.loads((made.folder / "Stack.assets.json").read_text())
    assert assets["files"]["0123abcd"]["destinations"]["here"]["objectKey"] == f"changed-{KEY}"
    assert f"s3://bucket/changed-{KEY}" in (made.folder / "manifest.json").read_text()


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, (name, _) in CHANGES.items()])
def test_a_harmless_change_replaces_nothing(kind: str, name: str):
    known = facts(kind)
    assert known is not None
    assert known.replaces((name,), "a", "b") is Replaces.NO


def test_qualifiers_are_those_that_the_assets_name(tmp_path: Path):
    plain = assembly(tmp_path / "out", TOPIC)
    assert qualifiers(plain) == (DEFAULT_QUALIFIER,)
    text = (plain / "Stack.assets.json").read_text().replace("hnb659fds", "mine")
    (plain / "Stack.assets.json").write_text(text)
    assert qualifiers(plain) == ("mine",)


def test_permission_sets_are_found_in_the_account_that_names_them(tmp_path: Path):
    arn = "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Data_Analyst_????????????????"
    exact = "AWSReservedSSO_Admin_00112233445566ff"
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": f"{arn} {exact}"}}}}
    found = permission_sets(read_assembly(assembly(tmp_path / "out", template)).stacks)
    assert found == {
        ("111111111111", "Data_Analyst"): "AWSReservedSSO_Data_Analyst_0123456789abcdef",
        ("111111111111", "Admin"): exact,
    }
