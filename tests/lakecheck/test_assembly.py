"""Reading assemblies: what is found in good ones, what is said about broken ones."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from lakecheck.assembly import NO_ENVIRONMENT, Assembly, read_assembly
from lakecheck.assembly.documents import without_metadata
from lakecheck.assembly.metadata import source_of
from lakemodel.errors import InvalidInput
from tests.lakecheck.assemblies import ACCOUNTS, BUCKET, write_assembly

if TYPE_CHECKING:
    from pathlib import Path


def codes(error: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [finding.code for finding in error.value.findings]


def test_stages_are_environments_with_their_account_and_region(lake: Assembly) -> None:
    """A stack knows its Stage, account, region, names and protection; one in no Stage has none and need not be bound."""
    found = {stack.path: stack for stack in lake.stacks}
    assert list(found) == ["Dev/Storage", "Dev/Storage/Nested", "Prod/Storage", "Prod/Storage/Nested", "Anywhere"]
    for name, account in ACCOUNTS.items():
        stack = found[f"{name}/Storage"]
        assert (stack.environment, stack.account, stack.region) == (name, account, "eu-west-1")
        assert (stack.stack_name, stack.termination_protection, stack.parent) == (f"{name}-Storage", True, None)
    anywhere = found["Anywhere"]
    assert (anywhere.environment, anywhere.account, anywhere.region) == (NO_ENVIRONMENT, None, None)
    assert not anywhere.termination_protection
    assert lake.accounts == tuple(ACCOUNTS.values())


def test_nested_stacks_are_templates_of_their_own(lake: Assembly) -> None:
    """A nested stack's template is read, and its constructs are not mistaken for those of the stack around it."""
    outer, nested = (stack for stack in lake.stacks if stack.environment == "Dev")
    assert (nested.parent, nested.account) == ("Dev/Storage", ACCOUNTS["Dev"])
    assert {resource["Type"] for resource in nested.resources.values()} == {"AWS::SQS::Queue", "AWS::SQS::QueuePolicy"}
    assert "Dev/Storage/Nested/Queue/Resource" in nested.construct_paths.values()
    assert not any("Queue" in path for path in outer.construct_paths.values())
    assert lake.stack_of("Dev/Storage/Nested/Queue") is nested
    assert lake.stack_of("Dev/Storage/Bucket") is outer
    assert lake.stack_of("Dev") is None
    assert lake.stack_of("Dev/StorageOther") is None


def test_nested_stacks_are_found_by_asset_hash_alone(lake_dir: Path, tmp_path: Path) -> None:
    """Without the metadata that names the file, the asset manifest still leads from the resource to the template."""
    copy = shutil.copytree(lake_dir, tmp_path / "copy")
    for file in copy.glob("*/*.metadata.json"):
        entries = json.loads(file.read_text())
        kept = {path: [item for item in items if item["type"] != "aws:cdk:templateFile"] for path, items in entries.items()}
        file.write_text(json.dumps(kept))
    assert [stack.path for stack in read_assembly(copy).stacks] == [stack.path for stack in read_assembly(lake_dir).stacks]


def test_every_resource_knows_its_construct(lake: Assembly) -> None:
    """Findings can name the construct for whatever resource they are about."""
    for stack in lake.stacks:
        assert set(stack.resources) <= set(stack.construct_paths)
        assert all(path.startswith(f"{stack.path}") for path in stack.construct_paths.values())


def test_acknowledgements_come_with_owner_and_expiry(lake: Assembly) -> None:
    """Owner and expiry stand where the code gave them, and are not made up where it did not."""
    found = {(each.path, each.rule): (each.reason, each.owner, each.expires) for each in lake.acknowledgements}
    assert found["Prod/Storage/Bucket", "AwsSolutions::AwsSolutions-S1"] == ("logs stand elsewhere", "storage team", "2026-06-30")
    assert found["Prod/Storage/Bucket", "AwsSolutions::AwsSolutions-S10"] == ("fixed long ago", "storage team", None)
    assert found["Prod/Storage/Nested/Queue", "AwsSolutions::AwsSolutions-SQS3"] == ("a queue of last resort", None, None)


def test_reads_the_inline_metadata_of_older_versions(tmp_path: Path) -> None:
    """An old schema with its metadata in the manifest is read as well, the place in the code included."""
    metadata = {
        "/Only/Bucket/Resource": [
            {"type": "aws:cdk:logicalId", "data": "Bucket"},
            {"type": "aws:cdk:creationStack", "data": ["...aws-cdk-lib...", "build (/app/lake.py:7)", "<module> (/app/app.py:3)"]},
        ]
    }
    [stack] = read_assembly(write_assembly(tmp_path / "old", metadata=metadata, version="1.10.0")).stacks
    assert stack.construct_paths == {"Bucket": "Only/Bucket/Resource"}
    assert stack.sources == {"Bucket": "/app/lake.py:7"}


@pytest.mark.parametrize(
    ("trace", "place"),
    [
        (["f (/app/a.py:1)", "g (/app/b.py:2)"], "/app/a.py:1"),
        ("no user code\nf (/app/a.ts:10:5)", "/app/a.ts:10"),
        (["x (/venv/lib/python3.12/site-packages/aws_cdk/x.py:5)", "f (/app/a.py:1)"], "/app/a.py:1"),
        (["acknowledge (/lib/core/acknowledgements.py:40)", "f (/app/a.py:1)"], "/app/a.py:1"),
        (["Kernel.run (/tmp/x/lib/program.js:1:232607)"], ""),
        (None, ""),
        ([3], ""),
    ],
)
def test_the_place_is_the_innermost_of_the_users_own_lines(trace: Any, place: str) -> None:
    """Frames of libraries and of the helper that acknowledges are passed over."""
    assert source_of(trace) == place


def test_a_link_to_an_assembly_is_fine(tmp_path: Path) -> None:
    """CDK_OUT may itself be a link."""
    (tmp_path / "link").symlink_to(write_assembly(tmp_path / "real"))
    assert len(read_assembly(tmp_path / "link").stacks) == 1


def _missing(folder: Path) -> Path:
    return folder / "nowhere"


def _empty(folder: Path) -> Path:
    return folder


def _corrupt(folder: Path) -> Path:
    write_assembly(folder)
    (folder / "manifest.json").write_text('{"version": "55.0.0", ')
    return folder


def _binary(folder: Path) -> Path:
    write_assembly(folder)
    (folder / "Only.template.json").write_bytes(b"\xff\xfe\x00")
    return folder


def _without_template(folder: Path) -> Path:
    write_assembly(folder)
    (folder / "Only.template.json").unlink()
    return folder


def _list_template(folder: Path) -> Path:
    return write_assembly(folder, {"Only": []})


def _twice(folder: Path) -> Path:
    write_assembly(folder)
    (folder / "Only.template.json").write_text('{"Resources": {"A": {"Type": "X"}, "A": {"Type": "Y"}}}')
    return folder


def _deep(folder: Path) -> Path:
    write_assembly(folder)
    (folder / "Only.template.json").write_text("[" * 200_000)
    return folder


def _rather_deep(folder: Path) -> Path:
    """What Python still parses, and nothing that follows it down still bears."""
    write_assembly(folder)
    (folder / "Only.template.json").write_text('{"a":' * 800 + "1" + "}" * 800)
    return folder


def _ancient(folder: Path) -> Path:
    return write_assembly(folder, version="0.36.0")


def _versionless(folder: Path) -> Path:
    return write_assembly(folder, version=None)


def _no_stack(folder: Path) -> Path:
    return write_assembly(folder, {})


def _escaping(folder: Path) -> Path:
    (folder / "secret.json").write_text("{}")
    inner = write_assembly(folder / "inner", {"Only": {}})
    (inner / "Only.template.json").unlink()
    (inner / "Only.template.json").symlink_to(folder / "secret.json")
    return inner


def _dots(folder: Path) -> Path:
    inner = write_assembly(folder / "inner")
    (folder / "Only.template.json").write_text("{}")
    manifest = (inner / "manifest.json").read_text().replace('"Only.template.json"', '"../Only.template.json"')
    (inner / "manifest.json").write_text(manifest)
    return inner


def _itself(folder: Path) -> Path:
    nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}
    (folder / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"assembly-X": nested}}))
    return folder


def _dangling(folder: Path) -> Path:
    write_assembly(folder)
    (folder / "Only.template.json").unlink()
    (folder / "Only.template.json").symlink_to("Only.template.json")
    return folder


def _directory(folder: Path) -> Path:
    write_assembly(folder)
    (folder / "Only.template.json").unlink()
    (folder / "Only.template.json").mkdir()
    return folder


def _odd_report(folder: Path) -> Path:
    return write_assembly(folder, report={"pluginReports": "none"})


def _odd_artifacts(folder: Path) -> Path:
    (folder / "manifest.json").write_text('{"version": "55.0.0", "artifacts": {"A": 1}}')
    return folder


def _no_file_name(folder: Path) -> Path:
    artifact = {"type": "aws:cloudformation:stack", "properties": {}}
    (folder / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"A": artifact}}))
    return folder


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (_missing, "assembly.missing"),
        (_empty, "assembly.no_manifest"),
        (_corrupt, "assembly.corrupt"),
        (_binary, "assembly.not_utf8"),
        (_without_template, "assembly.file_missing"),
        (_list_template, "assembly.not_an_object"),
        (_twice, "assembly.corrupt"),
        (_deep, "assembly.too_deep"),
        (_rather_deep, "assembly.too_deep"),
        (_ancient, "assembly.version"),
        (_versionless, "assembly.version"),
        (_no_stack, "assembly.empty"),
        (_escaping, "assembly.outside"),
        (_dots, "assembly.outside"),
        (_itself, "assembly.circular"),
        (_dangling, "assembly.file_unreadable"),
        (_directory, "assembly.file_unreadable"),
        (_odd_report, "assembly.report_invalid"),
        (_odd_artifacts, "assembly.manifest_invalid"),
        (_no_file_name, "assembly.manifest_invalid"),
    ],
)
def test_fails_when_the_assembly_is_broken(broken: Any, code: str, tmp_path: Path) -> None:
    """Each way to be broken has its code, names a file, and says what to do."""
    with pytest.raises(InvalidInput) as error:
        read_assembly(broken(tmp_path))
    assert codes(error) == [code]
    [finding] = error.value.findings
    assert finding.remedy
    assert str(tmp_path) in finding.place.file


def test_says_everything_that_is_broken_at_once(tmp_path: Path) -> None:
    """Two missing templates are two findings of one run."""
    folder = write_assembly(tmp_path / "out", {"A": {"Resources": {}}, "B": {"Resources": {}}, "C": {"Resources": {}}})
    (folder / "A.template.json").unlink()
    (folder / "B.template.json").write_text("{")
    with pytest.raises(InvalidInput) as error:
        read_assembly(folder)
    assert codes(error) == ["assembly.file_missing", "assembly.corrupt"]


YAML = """
AWSTemplateFormatVersion: 2010-09-09
Conditions: {Prod: !Equals [!Ref Stage, prod]}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Condition: Prod
    Properties:
      BucketName: !Sub "lake-${AWS::Region}"
      Tags: !If [Prod, [{Key: a, Value: !GetAtt Role.Arn}], !Ref AWS::NoValue]
"""


def test_reads_a_template_in_yaml_with_its_short_forms(tmp_path: Path) -> None:
    """A template file is an assembly of one stack; short forms become what their JSON is, dates stay text."""
    file = tmp_path / "lake.yaml"
    file.write_text(YAML)
    assembly = read_assembly(file)
    [stack] = assembly.stacks
    assert assembly.is_template
    assert stack.template["AWSTemplateFormatVersion"] == "2010-09-09"
    assert stack.template["Conditions"] == {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    properties = stack.resources["Bucket"]["Properties"]
    assert properties["BucketName"] == {"Fn::Sub": "lake-${AWS::Region}"}
    value = {"Key": "a", "Value": {"Fn::GetAtt": ["Role", "Arn"]}}
    assert properties["Tags"] == {"Fn::If": ["Prod", [value], {"Ref": "AWS::NoValue"}]}


@pytest.mark.parametrize(
    "text",
    ["Resources: &a {A: *a}", "Resources: {A: {Type: X}, A: {Type: Y}}", "Resources: !If [a", "Resources: !!python/object:os.system {}"],
    ids=["alias", "key twice", "broken", "python"],
)
def test_fails_when_yaml_is_no_template(text: str, tmp_path: Path) -> None:
    """Aliases, repeated keys and foreign tags do not get in."""
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(InvalidInput) as error:
        read_assembly(tmp_path / "x.yaml")
    assert set(codes(error)) <= {"assembly.corrupt", "assembly.no_template"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Metadata", "Type", "Properties", "A", "B"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(template=st.dictionaries(st.sampled_from(["Metadata", "Resources", "Outputs"]), JSON, max_size=3))
def test_only_metadata_of_template_and_resources_is_taken_away(template: dict[str, Any]) -> None:
    """Whatever the template, the bare one has no Metadata at the two places that count, and all the rest untouched."""
    original = json.dumps(template)
    bare = without_metadata(template)
    assert json.dumps(template) == original
    assert "Metadata" not in bare
    assert {key: value for key, value in template.items() if key not in {"Metadata", "Resources"}} == {
        key: value for key, value in bare.items() if key != "Resources"
    }
    if isinstance(template.get("Resources"), dict):
        for logical_id, resource in template["Resources"].items():
            if isinstance(resource, dict):
                assert bare["Resources"][logical_id] == {key: value for key, value in resource.items() if key != "Metadata"}
            else:
                assert bare["Resources"][logical_id] == resource


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["Only.template.json", "aws:cloudformation:stack", "."]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "templateFile", "metadata", "artifacts", "displayName", "/Only", "data", "directoryName"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(artifact=st.dictionaries(st.sampled_from(["properties", "metadata", "displayName", "environment", "dependencies"]), ANYTHING))
def test_no_manifest_makes_the_reader_crash(artifact: dict[str, Any], tmp_path: Path) -> None:
    """Whatever stands in a manifest, it is read or refused with findings; nothing else is raised."""
    folder = write_assembly(tmp_path / "out", {"Only": {"Resources": {"Bucket": BUCKET}}})
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Only.template.json"}, **artifact}
    nested = {"type": "cdk:cloud-assembly", **artifact}
    (folder / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"A": stack, "B": nested}}))
    with suppress(InvalidInput):
        assert read_assembly(folder).stacks
