"""A real app of two accounts and three Regions: every reference that CDK writes gives the resource itself."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam, aws_kms as kms, aws_s3 as s3

from lakecheck.assembly import Assembly, read_assembly, resolve
from lakecheck.values import unknowns
from tests.lakecheck.resolving import ACCOUNT, ANY, OTHER, REGION
from tests.support import new_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Two accounts and three Regions, a nested stack, references of every strength."""
    outdir = tmp_path_factory.mktemp("resolution") / "cdk.out"
    tree = new_app(outdir)

    def new(name: str, account: str = ACCOUNT, region: str = REGION, *, far: bool = False) -> cdk.Stack:
        return cdk.Stack(tree, name, env=cdk.Environment(account=account, region=region), cross_region_references=far)

    storage = new("Storage", far=True)
    key = kms.Key(storage, "Key")
    raw = s3.Bucket(storage, "Raw", encryption_key=key)
    shared = s3.Bucket(storage, "Shared", bucket_name="shared-lake-bucket")
    nested = cdk.NestedStack(storage, "Nested")
    reader = iam.Role(nested, "Reader", assumed_by=iam.AccountRootPrincipal())
    raw.grant_read(reader)
    cdk.CfnResource(storage, "Up", type=ANY, properties={"Value": reader.role_arn})
    for name, where in (
        ("Near", new("Query")),
        ("Far", new("Elsewhere", region="eu-central-1", far=True)),
        ("Foreign", new("Other", OTHER)),
    ):
        cdk.CfnResource(where, name, type=ANY, properties={"Value": shared.bucket_arn if name == "Foreign" else key.key_arn})
    other = new("Weak")
    cdk.CfnResource(other, "ByOutput", type=ANY, properties={"Value": cdk.Fn.get_stack_output("Storage", "Key")})
    cdk.CfnOutput(storage, "KeyOutput", value=key.key_arn).override_logical_id("Key")
    tree.synth()
    return read_assembly(outdir)


def test_a_real_app_resolves_without_a_rest(app: Assembly) -> None:
    """Across stacks, Regions, accounts and nesting each reference gives the resource itself, and nothing is left unknown."""
    resolution = resolve([app])
    found = {each.origin.logical_id: each for each in resolution.resources}
    key = next(each for each in resolution.resources if each.type == "AWS::KMS::Key")
    reader = next(each for each in resolution.resources if each.origin.stack == "Storage/Nested" and each.type == "AWS::IAM::Role")
    assert found["Near"].properties["Value"] == key.arn
    assert found["Far"].properties["Value"] == key.arn
    assert found["ByOutput"].properties["Value"] == key.arn
    assert found["Foreign"].properties["Value"] == "arn:aws:s3:::shared-lake-bucket"
    assert found["Up"].properties["Value"] == reader.arn
    policy = next(each for each in resolution.resources if each.origin.stack == "Storage/Nested" and each.type == "AWS::IAM::Policy")
    raw = next(each for each in resolution.resources if each.type == "AWS::S3::Bucket" and not each.properties.get("BucketName"))
    statements = policy.properties["PolicyDocument"]["Statement"]
    assert sorted(statements[0]["Resource"]) == sorted([raw.arn, f"{raw.arn}/*"])
    assert statements[1]["Resource"] == key.arn
    assert policy.properties["Roles"] == [reader.ref]
    assert resolution.not_known == ()
    assert not [each for each in resolution.resources if unknowns(dict(each.properties))]


def test_origins_name_stage_stack_and_construct(app: Assembly) -> None:
    """Each resource says where it stands and where it is deployed."""
    found = {each.origin.logical_id: each for each in resolve([app]).resources}
    far = found["Far"]
    assert (far.account, far.region, far.origin.stack, str(far.origin)) == (ACCOUNT, "eu-central-1", "Elsewhere", "Elsewhere/Far")
    assert next(each for each in found.values() if each.type == "AWS::KMS::Key").retained
    assert not far.retained
