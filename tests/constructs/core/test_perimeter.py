"""Nobody outside the organisation uses a bucket or a key below a data perimeter, whatever else the policies allow."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Stack

from constructs_lib.core import data_perimeter, perimeter_of
from constructs_lib.storage import AccessLogBucket, InventoryBucket, LakeBucket, LakeKey
from lakecheck.iam import decide
from lakemodel.errors import DataLakeError
from tests.support import ACCOUNT, REGION, new_app, new_stack, resources, template

ORGANIZATION, OTHERS = "o-exampleorgid", "o-somebodyelse"
PARTNER, STRANGER, MEMBER = "777777777777", "999999999999", "444444444499"
BUCKET = "arn:aws:s3:::b"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"


def build(*, perimeter: bool, trusted: tuple[str, ...] = ()) -> dict[str, Any]:
    """A template with one of each kind of bucket, and their keys."""
    app = new_app()
    if perimeter:
        data_perimeter(app, organization_id=ORGANIZATION, trusted_accounts=trusted)
    stack = new_stack(app)
    logs = AccessLogBucket(stack, "Logs")
    key = LakeKey(stack, "Key", description="tests").key
    LakeBucket(stack, "Data", key=key, access_logs=logs, inventory=InventoryBucket(stack, "Inventory", access_logs=logs))
    return template(stack)


@pytest.fixture(scope="module")
def inside() -> dict[str, Any]:
    """Below a perimeter."""
    return build(perimeter=True, trusted=(PARTNER,))


def policies(synthesized: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every bucket and key policy, references resolved to one bucket and one key so that documents can be judged."""
    found = {
        **{name: each["Properties"]["PolicyDocument"] for name, each in resources(synthesized, "AWS::S3::BucketPolicy").items()},
        **{name: each["Properties"]["KeyPolicy"] for name, each in resources(synthesized, "AWS::KMS::Key").items()},
    }
    return {name: resolved(document) for name, document in found.items()}


def resolved(value: Any) -> Any:
    match value:
        case {"Fn::Join": [str() as delimiter, list() as parts]}:
            value = delimiter.join(map(resolved, parts))
        case {"Ref": str() as name}:
            value = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}[name]
        case {"Fn::GetAtt": [str() as name, "Arn"]}:
            value = KEY if "Key" in name else BUCKET
        case dict():
            value = {key: resolved(each) for key, each in value.items()}
        case list():
            value = [resolved(each) for each in value]
    return value


def opened(document: dict[str, Any]) -> dict[str, Any]:
    """The policy as if somebody had opened it to everybody, so that only its denials decide."""
    everything = {"Sid": "Opened", "Effect": "Allow", "Principal": {"AWS": "*", "Service": SERVICES}, "Action": "*", "Resource": "*"}
    return {**document, "Statement": [*document["Statement"], everything]}


SERVICES = ["logging.s3.amazonaws.com", "s3.amazonaws.com", "cloudtrail.amazonaws.com", f"logs.{REGION}.amazonaws.com"]
ROLE = "arn:aws:iam::{}:role/Somebody"
TLS = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}
CALLERS = [
    ("a role of this account", ROLE.format(ACCOUNT), ORGANIZATION, {}, True),
    ("a role of the organisation", ROLE.format(MEMBER), ORGANIZATION, {}, True),
    ("a trusted account", ROLE.format(PARTNER), OTHERS, {}, True),
    ("a role of another organisation", ROLE.format(STRANGER), OTHERS, {}, False),
    ("a role of no organisation", ROLE.format(STRANGER), None, {}, False),
    ("somebody anonymous", "*", None, {}, False),
    ("a service that says nothing", SERVICES[0], None, {}, True),
    ("a service for us", SERVICES[2], None, {"aws:SourceAccount": ACCOUNT, "aws:SourceOrgID": ORGANIZATION}, True),
    ("a service for the partner", SERVICES[2], None, {"aws:SourceAccount": PARTNER, "aws:SourceOrgID": OTHERS}, True),
    ("a service for another organisation", SERVICES[2], None, {"aws:SourceAccount": STRANGER, "aws:SourceOrgID": OTHERS}, False),
    ("a service for no organisation", SERVICES[2], None, {"aws:SourceAccount": STRANGER}, False),
]


def allowed(document: dict[str, Any], caller: str, organization: str | None, context: dict[str, str]) -> bool:
    """Whether the policy alone lets a caller of another account in, or, for one of this account, does not keep it out."""
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    is_key = any("kms:" in str(statement.get("Action")) for statement in document["Statement"])
    action, resource = ("kms:Decrypt", KEY) if is_key else ("s3:GetObject", f"{BUCKET}/a")
    kind = {"key_policy": opened(document)} if is_key else {"resource_policy": opened(document)}
    # What `aws:PrincipalIsAWSService` is follows from the principal.
    is_service = {"aws:PrincipalIsAWSService": str(caller in SERVICES).lower()}
    decision = decide(
        caller,
        action,
        resource,
        context={**TLS, **is_service, **context},
        identity=everything if caller.startswith("arn") else (),
        organization=organization,
        resource_account=ACCOUNT,
        resource_organization=ORGANIZATION,
        **kind,  # type: ignore[arg-type]
    )
    assert decision.word in {"allowed", "explicit_deny"}, decision
    return decision.word == "allowed"


@pytest.mark.parametrize(("caller", "organization", "context", "passes"), [case[1:] for case in CALLERS], ids=[case[0] for case in CALLERS])
def test_who_gets_through(inside: dict[str, Any], caller: str, organization: str | None, context: dict[str, str], *, passes: bool) -> None:
    """The same of every bucket and key: who is outside is denied even by a policy that was opened to everybody."""
    found = policies(inside)
    assert len(found) == 5
    assert {name: allowed(document, caller, organization, context) for name, document in found.items()} == dict.fromkeys(found, passes)


def test_without_a_perimeter_nothing_is_denied_for_it() -> None:
    """No organisation is named, and nobody is denied by one."""
    without = build(perimeter=False)
    assert ORGANIZATION not in str(without)
    assert not [sid for sid in ("DenyOutsideOrganization", "DenyServicesForOthers") if sid in str(without)]


def test_without_trusted_accounts_there_are_none() -> None:
    """Not even an empty list of them, which IAM refuses."""
    denied = str(policies(build(perimeter=True)))
    assert denied.count("DenyOutsideOrganization") == 5
    assert "aws:PrincipalAccount" not in denied


def test_a_key_stays_manageable_with_a_wrong_organization(inside: dict[str, Any]) -> None:
    """What is denied of a key is its use: its own account can always put a better policy."""
    for document in (each["Properties"]["KeyPolicy"] for each in resources(inside, "AWS::KMS::Key").values()):
        denied = [action for each in document["Statement"] if each["Effect"] == "Deny" for action in each["Action"]]
        assert "kms:Decrypt" in denied
        assert not {"kms:*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DescribeKey"} & set(denied)


def test_a_perimeter_holds_for_what_is_below_and_nothing_else() -> None:
    """A stack beside it is not in it."""
    app = new_app()
    one, other = Stack(app, "One"), Stack(app, "Other")
    data_perimeter(one, organization_id=ORGANIZATION)
    noted = perimeter_of(one)
    assert noted is not None
    assert (noted.organization_id, noted.trusted_accounts) == (ORGANIZATION, ())
    assert perimeter_of(other) is None


@pytest.mark.parametrize(
    ("organization", "trusted", "code"),
    [
        ("exampleorgid", (), "perimeter_organization"),
        ("r-abcd", (), "perimeter_organization"),
        (ORGANIZATION, ("77",), "perimeter_account"),
    ],
)
def test_fails_for_something_that_is_no_organization_or_account(organization: str, trusted: tuple[str, ...], code: str) -> None:
    """It would lock out everybody."""
    with pytest.raises(DataLakeError, match=r"^Test: got .* allowed (is|are) ") as caught:
        data_perimeter(new_stack(), organization_id=organization, trusted_accounts=trusted)
    assert caught.value.code == code
