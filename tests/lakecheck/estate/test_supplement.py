"""What templates cannot say: read with places, refused in words, put into the estate with its own origin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, PrincipalKind, ResourceType
from lakecheck.estate.supplement import Supplement, estate_schema_text, load_supplement
from lakemodel.errors import InvalidInput
from lakemodel.yaml_source import load
from tests.lakecheck.estate.support import ARN, LAKE, OUTSIDE, REGION, TEAM, allow, estate, reasons, role, stack
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from lakecheck.estate.model import Estate, Principal
    from lakemodel.findings import Finding

EXAMPLE = ROOT / "examples" / "estate" / "estate.yaml"
ANALYST: dict[str, Any] = {"permission_set": "DataAnalyst", "accounts": [TEAM]}


def read(tmp_path: Path, **content: Any) -> Supplement:
    path = tmp_path / "estate.yaml"
    path.write_text(json.dumps({"version": 1, **content}, indent=1))
    return load_supplement(path, display="estate.yaml")


def faults(tmp_path: Path, **content: Any) -> list[Finding]:
    with pytest.raises(InvalidInput) as refusal:
        read(tmp_path, **content)
    return list(refusal.value.findings)


def team(**more: Any) -> Any:
    policy = ("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "lake-analyst", "PolicyDocument": allow("glue:GetTable")})
    return stack({"Policy": policy, **more}, account=TEAM, name="Team")


def named(found: Estate, name: str) -> Principal:
    (principal,) = [each for each in found.principals if each.name == name]
    return principal


def test_the_committed_schema_is_the_models() -> None:
    """After a change of the model run `lakecheck config schema estate > config/estate.schema.json`."""
    assert (ROOT / "config/estate.schema.json").read_text() == estate_schema_text()
    schema = json.loads(estate_schema_text())
    jsonschema.Draft7Validator.check_schema(schema)
    assert list(jsonschema.Draft7Validator(schema).iter_errors(load(EXAMPLE).data)) == []


def test_the_example_is_good() -> None:
    """And its policies are read, the one in a file too."""
    supplement = load_supplement(EXAMPLE)
    assert supplement.file.organization is not None
    assert supplement.file.organization.scps[0].file == "keep-trails.json"
    policy = supplement.policies["organization", "scps", 0]
    assert policy.name == "KeepTrails"
    assert policy.statements[0].actions == ("cloudtrail:DeleteTrail", "cloudtrail:StopLogging")


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ({"principal": []}, "unknown_key", "Did you mean principals?"),
        ({"principals": [{**ANALYST, "inline_polices": []}]}, "unknown_key", "Did you mean inline_policies?"),
        ({"principals": [{}]}, "principal", "State exactly one"),
        ({"principals": [{"permission_set": "X"}]}, "accounts", "Add the accounts"),
        ({"principals": [{"arn": f"{ARN}:s3:::bucket"}]}, "principal", "a role or a user"),
        ({"principals": [{**ANALYST, "accounts": ["1"]}]}, "pattern", "twelve digits"),
        ({"principals": [ANALYST, ANALYST]}, "duplicate", "already"),
        ({"principals": [{**ANALYST, "inline_policies": [{}]}]}, "document", "neither document nor file"),
        ({"principals": [{**ANALYST, "inline_policies": [{"file": "no.json"}]}]}, "file", "cannot be read"),
        ({"organization": {"id": "o-exampleorgid"}}, "missing_key", "Add management."),
        ({"organization": {"id": "x", "management": LAKE}}, "pattern", "o-exampleorgid"),
        ({"kms_grants": [{"key": "k", "grantee": f"{ARN}:iam::{LAKE}:role/R", "operations": []}]}, "pattern", "ARN"),
        ({"lake_formation": [{"account": LAKE, "no_other_admins": "yes"}]}, "type", "true or false"),
        ({"lake_formation": {}}, "type", "a list is expected"),
        ({"version": 2}, "choice", "allowed: 1"),
    ],
)
def test_refuses_what_is_wrong(tmp_path: Path, content: dict[str, Any], code: str, said: str) -> None:
    """One finding, at its line, with what is allowed and a remedy."""
    (finding,) = faults(tmp_path, **content)
    assert finding.code == f"estate.{code}"
    assert said in str(finding)
    assert finding.remedy.endswith((".", "?"))
    assert finding.place.line


def test_refuses_a_policy_that_aws_would_refuse(tmp_path: Path) -> None:
    """At the line of the entry, inline or in a file."""
    broken = {"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps", "Action": "*", "Resource": "*"}]}
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    (tmp_path / "none.json").write_text("{")
    for entry in ({"document": broken}, {"file": "broken.json"}):
        (finding,) = faults(tmp_path, principals=[{**ANALYST, "inline_policies": [entry]}])
        assert "Effect" in str(finding)
        assert finding.place.file == "estate.yaml"
        assert finding.place.line
    assert "no JSON" in str(faults(tmp_path, keys=[{"arn": f"{ARN}:kms:{REGION}:{LAKE}:key/1", "policy": {"file": "none.json"}}])[0])


def test_a_permission_set_is_known_as_far_as_it_is_said(tmp_path: Path) -> None:
    """Managed by name in each account, managed by ARN, inline; complete unless said otherwise."""
    entry = {
        **ANALYST,
        "accounts": [TEAM, LAKE],
        "managed_policies": ["lake-analyst", f"{ARN}:iam::aws:policy/service-role/AWSGlueServiceRole"],
        "inline_policies": [{"document": allow("athena:*")}],
        "tags": {"team": "sales"},
    }
    found = estate(team(), supplement=read(tmp_path, principals=[entry]))
    here, there = [each for each in found.principals if each.name == "permission-set/DataAnalyst"]
    assert here.kind is PrincipalKind.PERMISSION_SET
    assert here.arn.endswith("*AWSReservedSSO_DataAnalyst_????????????????")
    assert here.policies[0].statements[0].actions == ("glue:GetTable",)
    assert here.unknown == ()
    assert here.tags == {"team": "sales"}
    assert here.origin is not None
    assert str(here.origin) == "estate.yaml/principals.0"
    assert there.unknown == (f"the customer managed policy lake-analyst of account {LAKE} is in no template",)
    assert LAKE in found.accounts
    incomplete = estate(team(), supplement=read(tmp_path, principals=[{**entry, "accounts": [TEAM], "complete": False}]))
    assert named(incomplete, "permission-set/DataAnalyst").unknown == ("no template defines it",)


def test_a_role_that_templates_only_name_gets_its_policies(tmp_path: Path) -> None:
    """What templates attach stays; its trust policy is not known unless said; where it is named stays too."""
    attached = ("AWS::IAM::Policy", {"PolicyName": "p", "PolicyDocument": allow("s3:GetObject"), "Roles": ["Notebook"]})
    entry = {"arn": f"{ARN}:iam::{TEAM}:role/Notebook", "inline_policies": [{"document": allow("athena:*")}]}
    found = estate(team(Attached=attached), supplement=read(tmp_path, principals=[entry]))
    notebook = named(found, "role/Notebook")
    assert [policy.statements[0].actions for policy in notebook.policies] == [("s3:GetObject",), ("athena:*",)]
    assert notebook.unknown == ()
    assert notebook.named_in == ("Prod/Team/Attached",)
    assert notebook.trust is not None
    assert notebook.trust.unknown
    trusting = {"Statement": {"Effect": "Allow", "Principal": {"AWS": OUTSIDE}, "Action": "sts:AssumeRole"}}
    found = estate(team(Attached=attached), supplement=read(tmp_path, principals=[{**entry, "trust": {"document": trusting}}]))
    trust = named(found, "role/Notebook").trust
    assert trust is not None
    assert trust.unknown == ()


def test_what_a_template_does_not_know_of_a_role_stays_unknown(tmp_path: Path) -> None:
    """A policy that a template attaches and nobody states is not known, however complete the rest; stated, it is."""
    arn = f"{ARN}:iam::{TEAM}:policy/elsewhere"
    reader = role(RoleName="Reader", ManagedPolicyArns=[arn])
    entry = {"arn": f"{ARN}:iam::{TEAM}:role/Reader"}
    found = estate(team(Reader=reader), supplement=read(tmp_path, principals=[entry]))
    assert "policy/elsewhere is in no template" in named(found, "role/Reader").unknown[0]
    stated = read(tmp_path, managed_policies=[{"arn": arn, "document": allow("s3:GetObject")}])
    known = named(estate(team(Reader=reader), supplement=stated), "role/Reader")
    assert known.unknown == ()
    assert known.policies[0].statements[0].actions == ("s3:GetObject",)


def test_the_organisation(tmp_path: Path) -> None:
    """Policies at the root, at units and at accounts; unknown where an account's place is; none on the management account."""
    deny = {"document": {"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}}
    content = {
        "id": "o-exampleorgid",
        "management": "111111111111",
        "accounts": {LAKE: {"path": ["r-ab12", "ou-ab12-lakes001"]}},
        "scps": [
            {"name": "everywhere", **deny},
            {"name": "lakes", "at": "ou-ab12-lakes001", **deny},
            {"name": "teams", "at": "ou-ab12-teams001", **deny},
            {"name": "mine", "accounts": [LAKE], **deny},
        ],
        "rcps": [{"name": "resources", **deny}],
    }
    grant = {
        "Principal": {"DataLakePrincipalIdentifier": OUTSIDE},
        "Resource": {"Database": {"CatalogId": TEAM, "Name": "d"}},
        "Permissions": ["DESCRIBE"],
        "PermissionsWithGrantOption": ["DESCRIBE"],
    }
    lake = stack({"Role": role(RoleName="R")})
    found = estate(team(Grant=("AWS::LakeFormation::PrincipalPermissions", grant)), lake, supplement=read(tmp_path, organization=content))
    here, there, outside = found.accounts[LAKE], found.accounts[TEAM], found.accounts[OUTSIDE]
    assert here.scps is not None
    assert [[each.name for each in level] for level in here.scps] == [
        ["FullAWSAccess", "everywhere"],
        ["FullAWSAccess"],
        ["FullAWSAccess", "lakes"],
        ["FullAWSAccess", "mine"],
    ]
    assert here.organization_paths == ("o-exampleorgid/r-ab12/ou-ab12-lakes001/",)
    assert [each.name for each in here.rcps] == ["resources"]
    assert there.scps is not None
    known, *unknown = [each for level in there.scps for each in level if each.name != "FullAWSAccess"]
    assert (known.name, known.statements[0].unknown) == ("everywhere", ())
    assert [(each.name, bool(each.statements[0].unknown)) for each in unknown] == [("lakes", True), ("teams", True)]
    assert there.organization_paths is None
    management = found.accounts["111111111111"]
    assert (management.is_management, management.scps, management.rcps) == (True, None, ())
    assert (outside.organization, outside.is_management, outside.scps) == (None, False, None)


def test_data_beyond_templates(tmp_path: Path) -> None:
    """Buckets, keys, grants of keys, opt-ins; a bucket of a template stays the template's."""
    key = f"{ARN}:kms:{REGION}:{OUTSIDE}:key/1"
    document = {"Statement": {"Effect": "Allow", "Principal": {"AWS": TEAM}, "Action": "s3:GetObject", "Resource": f"{ARN}:s3:::theirs/*"}}
    supplement = read(
        tmp_path,
        buckets=[
            {"name": "theirs", "account": OUTSIDE, "policy": {"document": document}, "key": key},
            {"name": "ours", "account": OUTSIDE},
        ],
        keys=[{"arn": key, "policy": {"document": {"Statement": {**document["Statement"], "Action": "kms:Decrypt", "Resource": "*"}}}}],
        kms_grants=[{"key": key, "grantee": f"{ARN}:iam::{TEAM}:role/R", "operations": ["Decrypt"]}],
        opt_ins=[{"account": TEAM, "region": REGION, "principal": "DataAnalyst", "database": "Sales", "table": "*"}],
    )
    found = estate(team(Bucket=("AWS::S3::Bucket", {"BucketName": "ours"})), supplement=supplement)
    buckets = {bucket.name: bucket for bucket in found.buckets}
    assert buckets["ours"].account == TEAM
    assert (buckets["theirs"].account, buckets["theirs"].key, buckets["theirs"].unknown_policy) == (OUTSIDE, key, "")
    assert buckets["theirs"].policy is not None
    assert [(each.arn, each.policy is not None) for each in found.keys] == [(key, True)]
    assert found.key_grants[0].operations == {"Decrypt"}
    assert found.opt_ins[0].resource.database == "sales"
    assert found.opt_ins[0].resource.table == "*"
    assert named(found, "permission-set/DataAnalyst").account == TEAM


def test_settings_beyond_templates(tmp_path: Path) -> None:
    """Administrators, nobody else, what IAM_ALLOWED_PRINCIPALS has on what exists and on what is new."""
    settings = (
        "Custom::LakeFormationSettings",
        {"ServiceToken": "x", "Admins": [f"{ARN}:iam::{TEAM}:role/A"], "ReadOnlyAdmins": [], "ExistingAdmins": "keep"},
    )
    content = {
        "account": TEAM,
        "admins": ["LakeAdmin"],
        "no_other_admins": True,
        "iam_allowed_principals": {"databases": {"sales": False}, "tables": {"sales.old": True, "sales.*": False}, "new_tables": True},
    }
    found = estate(team(Settings=settings), supplement=read(tmp_path, lake_formation=[content]))
    (catalog,) = found.catalogs
    assert [each.rpartition("/")[2] for each in catalog.admins] == ["A", "*AWSReservedSSO_LakeAdmin_????????????????"]
    assert not catalog.keeps_other_admins
    assert (catalog.database_defaults, catalog.table_defaults) == (False, True)
    (grant,) = [each for each in found.grants if each.principal == IAM_ALLOWED_PRINCIPALS]
    assert (grant.resource.type, grant.resource.database, grant.resource.table) == (ResourceType.TABLE, "sales", "old")
    assert {(each.resource.database, each.resource.table) for each in found.iam_principals_revoked} == {("sales", ""), ("sales", "*")}
    assert named(found, "permission-set/LakeAdmin").unknown


def test_settings_of_an_account_that_is_not_there_leave_nothing_open(tmp_path: Path) -> None:
    """One supplement serves every environment: what it says of another one is about none of these templates."""
    found = estate(team(), supplement=read(tmp_path, lake_formation=[{"account": OUTSIDE}]))
    assert OUTSIDE not in reasons(found)
    assert all(catalog.account != OUTSIDE for catalog in found.catalogs)
