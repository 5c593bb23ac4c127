"""Permission sets of personas: what their people may do where, and who gets them."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Duration

from constructs_lib.organization.identity import PersonaPermissionSet, WorkgroupAccess
from constructs_lib.query import QueryWorkgroup, ResultsBucket
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from lakemodel.limits import Quota, limit
from tests.constructs.organization.resolved import resolved
from tests.support import new_stack, resources, template

INSTANCE, GROUP = "ssoins-1234567890abcdef", "11111111-2222-3333-4444-555555555555"
DEV, PROD, LAKE, ELSEWHERE = "444444444402", "444444444422", "444444444421", "999999999999"
PERSON = f"arn:aws:iam::{PROD}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_DataAnalyst_0123456789abcdef"
RESULTS = "prod-analyticsstorage-resultsbucket0a1b2c3d-abcdefghijkl"
KEY = f"arn:aws:kms:eu-west-1:{PROD}:key/11111111-2222-3333-4444-555555555555"
DELEGATES = {"Statement": {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{PROD}:root"}, "Action": "kms:*", "Resource": "*"}}
CONTEXT = "kms:EncryptionContext:aws:s3:arn"


def access(account: str = PROD, environment: str = "prod", **other: Any) -> WorkgroupAccess:
    """Where an environment's analysts query."""
    given = {"region": "eu-west-1", "workgroup": "lake-data_analyst", "results_bucket": f"{environment}-analyticsstorage-results*"}
    return WorkgroupAccess(**{"account": account, **given, **other})


def permission_set(**props: Any) -> PersonaPermissionSet:
    """One in a stack of its own."""
    given: dict[str, Any] = {"instance": INSTANCE, "name": "DataAnalyst", "access": [access()]}
    return PersonaPermissionSet(new_stack(account="111111111111"), "DataAnalyst", **{**given, **props})


@pytest.fixture(scope="module")
def synthesized() -> dict[str, Any]:
    """Analysts of two environments, in a group."""
    made = permission_set(
        access=[access(DEV, "dev"), access(catalog_accounts=(LAKE,))], session=Duration.hours(2), tags={"persona": "data_analyst"}
    )
    made.assign("Analysts", group=GROUP, accounts={"dev_analytics": DEV, "prod_analytics": PROD})
    result: dict[str, Any] = resolved(template(made.node.scope))  # type: ignore[arg-type] # a stack
    return result


@pytest.fixture(scope="module")
def properties(synthesized: dict[str, Any]) -> dict[str, Any]:
    """Those of the permission set."""
    (resource,) = resources(synthesized, "AWS::SSO::PermissionSet").values()
    found: dict[str, Any] = resource["Properties"]
    return found


def test_what_a_set_is(properties: dict[str, Any]) -> None:
    """Its instance by a partition safe ARN, its session in ISO 8601, its rights inline and nothing attached."""
    assert properties["InstanceArn"] == f"arn:aws:sso:::instance/{INSTANCE}"
    assert (properties["Name"], properties["SessionDuration"]) == ("DataAnalyst", "PT2H")
    assert properties["Description"] == "Queries in the Athena workgroup lake-data_analyst"
    assert properties["Tags"] == [{"Key": "persona", "Value": "data_analyst"}]
    assert not properties.keys() & {"ManagedPolicies", "CustomerManagedPolicyReferences", "PermissionsBoundary"}


def test_who_gets_it_where(synthesized: dict[str, Any]) -> None:
    """One assignment for each account, whose id is not in its logical id."""
    assignments = resources(synthesized, "AWS::SSO::Assignment")
    (permission_set_id,) = resources(synthesized, "AWS::SSO::PermissionSet")
    assert {each["Properties"]["TargetId"] for each in assignments.values()} == {DEV, PROD}
    for name, assignment in assignments.items():
        expected = {"PrincipalId": GROUP, "PrincipalType": "GROUP", "TargetType": "AWS_ACCOUNT"}
        assert assignment["Properties"].items() >= expected.items()
        assert assignment["Properties"]["PermissionSetArn"] == {"Fn::GetAtt": [permission_set_id, "PermissionSetArn"]}
        assert not {DEV, PROD} & set(name.split("Analytics"))


def _owned_by(account: str) -> dict[str, str]:
    return {"aws:ResourceAccount": account}


def _decrypting(context: str, service: str = "s3.eu-west-1.amazonaws.com") -> dict[str, str]:
    return {"kms:ViaService": service, CONTEXT: context}


ALLOWED = [
    ("athena:StartQueryExecution", f"arn:aws:athena:eu-west-1:{PROD}:workgroup/lake-data_analyst", {}),
    ("athena:GetQueryResults", f"arn:aws:athena:eu-west-1:{DEV}:workgroup/lake-data_analyst", {}),
    ("athena:ListDatabases", f"arn:aws:athena:eu-west-1:{PROD}:datacatalog/AwsDataCatalog", {}),
    ("athena:ListWorkGroups", "*", {}),
    ("glue:GetTable", f"arn:aws:glue:eu-west-1:{PROD}:table/sales/orders", {}),
    ("glue:GetTable", f"arn:aws:glue:eu-west-1:{LAKE}:table/sales/orders", {}),
    ("lakeformation:GetDataAccess", "*", {}),
    ("s3:GetObject", f"arn:aws:s3:::{RESULTS}/lake-data_analyst/1.csv", _owned_by(PROD)),
    ("s3:PutObject", f"arn:aws:s3:::{RESULTS}/lake-data_analyst/1.csv", _owned_by(PROD)),
    ("s3:GetBucketLocation", f"arn:aws:s3:::{RESULTS}", _owned_by(PROD)),
    ("s3:ListBucket", f"arn:aws:s3:::{RESULTS}", {"s3:prefix": "lake-data_analyst/", **_owned_by(PROD)}),
    ("kms:Decrypt", KEY, _decrypting(f"arn:aws:s3:::{RESULTS}")),
    ("kms:GenerateDataKey", KEY, _decrypting(f"arn:aws:s3:::{RESULTS}/lake-data_analyst/1.csv")),
]
DENIED = [
    ("athena:StartQueryExecution", f"arn:aws:athena:eu-west-1:{PROD}:workgroup/primary", {}),
    ("athena:StartQueryExecution", f"arn:aws:athena:eu-west-1:{PROD}:workgroup/lake-data_steward", {}),
    ("athena:StartQueryExecution", f"arn:aws:athena:eu-west-1:{ELSEWHERE}:workgroup/lake-data_analyst", {}),
    ("athena:StartQueryExecution", f"arn:aws:athena:us-east-1:{PROD}:workgroup/lake-data_analyst", {}),
    ("athena:UpdateWorkGroup", f"arn:aws:athena:eu-west-1:{PROD}:workgroup/lake-data_analyst", {}),
    ("glue:GetTable", f"arn:aws:glue:eu-west-1:{ELSEWHERE}:table/sales/orders", {}),
    ("glue:UpdateTable", f"arn:aws:glue:eu-west-1:{PROD}:table/sales/orders", {}),
    ("s3:GetObject", f"arn:aws:s3:::{RESULTS}/lake-data_analyst/1.csv", _owned_by(ELSEWHERE)),
    ("s3:GetObject", f"arn:aws:s3:::{RESULTS}/lake-data_steward/1.csv", _owned_by(PROD)),
    ("s3:GetObject", "arn:aws:s3:::prod-mainstorage-curatedbucket0a1b2c3d-abc/sales/orders/1.parquet", _owned_by(PROD)),
    ("s3:ListBucket", f"arn:aws:s3:::{RESULTS}", {"s3:prefix": "lake-data_steward/", **_owned_by(PROD)}),
    ("s3:ListBucket", f"arn:aws:s3:::{RESULTS}", _owned_by(PROD)),
    ("s3:DeleteObject", f"arn:aws:s3:::{RESULTS}/lake-data_analyst/1.csv", _owned_by(PROD)),
    ("kms:Decrypt", KEY, _decrypting("arn:aws:s3:::prod-mainstorage-curatedbucket0a1b2c3d-abc")),
    ("kms:Decrypt", KEY, _decrypting(f"arn:aws:s3:::{RESULTS}", "glue.eu-west-1.amazonaws.com")),
    ("kms:Decrypt", KEY, {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}),
    ("kms:Decrypt", KEY.replace(PROD, ELSEWHERE), _decrypting(f"arn:aws:s3:::{RESULTS}")),
    ("kms:CreateGrant", KEY, _decrypting(f"arn:aws:s3:::{RESULTS}")),
    ("sts:AssumeRole", f"arn:aws:iam::{PROD}:role/PiiReader", {}),
]


@pytest.mark.parametrize(
    ("action", "resource", "context", "word"),
    [*((*case, "allowed") for case in ALLOWED), *((*case, "implicit_deny") for case in DENIED)],
)
def test_what_its_people_may_do(properties: dict[str, Any], action: str, resource: str, context: dict[str, str], word: str) -> None:
    """Query in their workgroup in these accounts, see metadata, reach their results; no data, and nobody else's results."""
    key_policy = DELEGATES if action.startswith("kms:") else None
    # What is asked is what the set itself gives; whether the other account agrees, as its catalog does, is another matter.
    owner = None if "aws:ResourceAccount" in context else PROD
    decision = decide(
        PERSON, action, resource, identity=properties["InlinePolicy"], context=context, key_policy=key_policy, resource_account=owner
    )
    assert decision.word == word


def test_it_says_what_a_members_policy_says() -> None:
    """Statement by statement the same actions as the policy of the workgroup's members."""
    stack = new_stack()
    QueryWorkgroup(stack, "Workgroup", name="lake-data_analyst", results=ResultsBucket(stack, "Results", access_logs=None))
    (member,) = resources(template(stack), "AWS::IAM::ManagedPolicy").values()
    ours = permission_set().policy.to_json()["Statement"]
    theirs = member["Properties"]["PolicyDocument"]["Statement"]
    assert {each["Sid"]: each["Action"] for each in ours} == {each["Sid"]: each["Action"] for each in theirs}


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        ("lake-boundary", {"CustomerManagedPolicyReference": {"Name": "lake-boundary", "Path": "/"}}),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", {"ManagedPolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
    ],
)
def test_a_boundary_by_name_or_by_arn(boundary: str, expected: dict[str, Any]) -> None:
    """A customer managed one is found by its name in each account."""
    made = permission_set(permissions_boundary=boundary)
    (resource,) = resources(template(made.node.scope), "AWS::SSO::PermissionSet").values()  # type: ignore[arg-type] # a stack
    assert resource["Properties"]["PermissionsBoundary"] == expected


def test_the_default_session_is_four_hours() -> None:
    """As its documentation says."""
    made = permission_set()
    (resource,) = resources(template(made.node.scope), "AWS::SSO::PermissionSet").values()  # type: ignore[arg-type] # a stack
    assert resource["Properties"]["SessionDuration"] == "PT4H"


@pytest.mark.parametrize(
    ("props", "code"),
    [
        ({"name": "x" * 33}, "permission_set_name"),
        ({"instance": "arn:aws:sso:::instance/ssoins-1234567890abcdef"}, "identity_center_instance"),
        ({"session": Duration.minutes(59)}, "session_length"),
        ({"session": Duration.hours(13)}, "session_length"),
        ({"access": []}, "workgroup_access"),
        ({"access": [access(), access(DEV, workgroup="lake-other")]}, "workgroup_access"),
        ({"access": [access(workgroup="lake-*")]}, "workgroup_access"),
        ({"access": [access(results_bucket="*")]}, "workgroup_access"),
        ({"access": [access(results_bucket="prod-*-results")]}, "workgroup_access"),
    ],
)
def test_fails_when_a_set_could_not_be_or_would_be_too_wide(props: dict[str, Any], code: str) -> None:
    """A bucket of any name, or a workgroup of any name, would be somebody else's."""
    with pytest.raises(DataLakeError) as raised:
        permission_set(**props)
    assert raised.value.code == code


def test_fails_when_the_policy_is_too_long() -> None:
    """Counted against the quota, with the remedy; one account fewer and it would do at some number."""
    longest = limit(Quota.PERMISSION_SET_INLINE_POLICY_CHARACTERS).value
    with pytest.raises(DataLakeError, match=f"at most {longest:,} characters.*fewer accounts"):
        permission_set(access=[access(str(444444444400 + number), f"environment{number}") for number in range(30)])
    permission_set(access=[access(str(444444444400 + number), f"environment{number}") for number in range(6)])


def test_fails_when_it_is_assigned_where_it_reaches_nothing() -> None:
    """A role without a workgroup would be of no use, and a sign that an account was forgotten."""
    with pytest.raises(DataLakeError, match=f"got accounts {ELSEWHERE}, in which the set reaches no workgroup"):
        permission_set().assign("Analysts", group=GROUP, accounts={"elsewhere": ELSEWHERE})
    with pytest.raises(DataLakeError, match="got group 'Analysts'"):
        permission_set().assign("Analysts", group="Analysts", accounts={"prod": PROD})


def test_a_key_by_its_alias() -> None:
    """With an alias in every account no other key can be used; with one left out the bucket's name alone decides."""
    aliased = access(key_alias="alias/lake-results")
    asked = {**_decrypting(f"arn:aws:s3:::{RESULTS}"), "kms:ResourceAliases": ["alias/lake-results"]}
    other = {**asked, "kms:ResourceAliases": ["alias/lake-curated"]}
    for sets, context, word in (
        ([aliased], asked, "allowed"),
        ([aliased], other, "implicit_deny"),
        ([aliased, access(DEV, "dev")], other, "allowed"),
    ):
        made = permission_set(access=sets)
        identity = resolved(made.node.scope.resolve(made.policy.to_json()))  # type: ignore[union-attr] # a stack
        assert decide(PERSON, "kms:Decrypt", KEY, identity=identity, context=context, key_policy=DELEGATES).word == word
