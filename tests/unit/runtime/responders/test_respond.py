"""What becomes of findings that come again, that are not to be answered, that fail half way, or that are none."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from constructs_lib.runtime.responders import respond, undo
from constructs_lib.runtime.responders.access import Access
from constructs_lib.runtime.responders.findings import MalformedError
from constructs_lib.runtime.responders.ledger import Ledger
from tests.unit.runtime.responders import payloads
from tests.unit.runtime.responders.conftest import OWN_POLICY
from tests.unit.runtime.responders.payloads import ACCOUNT, BUCKET, REGION, ROLE, SECURITY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.runtime.responders.conftest import World


def untouched(world: World) -> bool:
    return world.policy() == OWN_POLICY and world.role_policies() == [] and world.tags() == {"zone": "curated"}


def test_a_dry_run_says_what_it_would_do_and_does_nothing(world: World) -> None:
    """Names the statement, whom it spares and the role; told once however often it comes."""
    world.change(mode="dry_run")
    assert world.answer(payloads.exfiltration()) == ["planned", "planned"]
    assert untouched(world)
    sessions, bucket = sorted((told["what"] for told in world.told()), key=lambda what: "bucket" in what.partition("would")[2])
    assert "would add inline policy GovernedLake" in sessions
    assert f"policy of bucket {BUCKET}, beside the 1 there, which denies everybody but" in bucket
    assert f"arn:aws:iam::{ACCOUNT}:role/BreakGlass" in bucket
    world.answer(payloads.exfiltration())
    assert world.told() == []


def test_a_finding_that_comes_again_changes_nothing_and_tells_nobody(world: World) -> None:
    """Directly, and imported by Security Hub, it is the same finding."""
    world.answer(payloads.exfiltration())
    world.told()
    before, policies = world.policy(), world.role_policies()
    world.answer(payloads.exfiltration())
    assert world.answer(payloads.guardduty_through_security_hub()) == ["contained", "contained"]
    assert (world.policy(), world.role_policies()) == (before, policies)
    assert world.told() == []


def test_a_finding_that_goes_on_is_told_and_what_was_undone_is_not_done_again(world: World) -> None:
    """A person decided; an old message that arrives late changes nothing either."""
    event = payloads.stolen_instance_credentials()
    world.answer(event)
    later = payloads.stolen_instance_credentials()
    later["detail"]["updatedAt"] = "2099-01-01T00:00:00.000Z"
    assert world.answer(later) == ["goes_on"]
    action = world.actions()["revoke-sessions"]
    world.undo(action)
    assert world.answer(event) == ["undone"]
    assert world.answer(later) == ["goes_on"]
    assert world.role_policies() == []
    assert world.undo(action)["outcome"] == "undone"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"protected_accounts": (ACCOUNT,)}, "is protected"),
        ({"accounts": ()}, "none of those"),
        ({"allowed_types": ("Exfiltration:*",)}, "on the allow list"),
        ({"allowed_resources": (BUCKET, ROLE.lower())}, "on the allow list"),
    ],
)
def test_what_is_protected_or_allowed_is_told_and_spared(world: World, settings: dict[str, Any], why: str) -> None:
    world.change(**settings)
    assert world.answer(payloads.exfiltration()) == ["spared", "spared"]
    assert untouched(world)
    assert all(why in told["what"] for told in world.told())


@pytest.mark.parametrize(
    "name",
    [
        "BreakGlass",
        "breakglass",
        f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}",
        "governed-lake-containment",
        "AWSServiceRoleForLakeFormationDataAccess",
        "AWSReservedSSO_BreakGlass_0123456789abcdef",
        "OrganizationAccountAccessRole",
    ],
)
def test_no_finding_locks_out_who_is_needed(world: World, name: str) -> None:
    """Whatever a finding says about them; no role is even assumed."""
    resource = {"resourceType": "AccessKey", "accessKeyDetails": payloads.role_credentials(name)}
    assert world.answer(payloads.guardduty("Impact:IAMUser/AnomalousBehavior", resource)) == ["spared"]
    assert world.access.roles == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("bucket", ["evidence-bucket", f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"])
def test_evidence_and_staging_are_not_put_into_quarantine(world: World, bucket: str) -> None:
    event = payloads.guardduty("Exfiltration:S3/AnomalousBehavior", {"s3BucketDetails": [{"name": bucket}]})
    assert world.answer(event) == ["spared"]
    assert world.access.roles == []  # type: ignore[attr-defined]


def test_the_root_user_is_told_and_left_alone(world: World) -> None:
    resource = {"accessKeyDetails": {"userType": "Root", "userName": "Root", "accessKeyId": "ASIAX", "principalId": ACCOUNT}}
    assert world.answer(payloads.guardduty("Stealth:IAMUser/CloudTrailLoggingDisabled", resource)) == ["spared"]


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (payloads.logging_disabled(), "recorded"),
        (payloads.guardduty("Exfiltration:S3/AnomalousBehavior", {"s3BucketDetails": [{"name": BUCKET}]}, severity=4), "recorded"),
        (payloads.guardduty("Novel:Thing/Unheard", {"s3BucketDetails": [{"name": BUCKET}]}), "recorded"),
        (payloads.guardduty("Exfiltration:S3/AnomalousBehavior", {}), "recorded"),
        (payloads.macie("SensitiveData:S3Object/Personal", key="a.csv"), "recorded"),
        (payloads.config_change("lambda-inside-vpc", "AWS::Lambda::Function", "f"), "recorded"),
        (payloads.config_change("s3-bucket-public-read-prohibited", "AWS::S3::Bucket", BUCKET, "COMPLIANT"), "closed"),
        (payloads.access_analyzer("AWS::S3::Bucket", f"arn:aws:s3:::{BUCKET}", status="ARCHIVED"), "closed"),
        (payloads.access_analyzer("AWS::IAM::Role", f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"), "recorded"),
        (payloads.security_hub(payloads.asff(payloads.asff_bucket(BUCKET), Workflow={"Status": "SUPPRESSED"})), "closed"),
        (payloads.security_hub(payloads.asff(payloads.asff_bucket(BUCKET), Compliance={"Status": "PASSED"})), "closed"),
        (payloads.envelope("aws.securityhub", "Findings Imported V2", {"findings": [{"metadata": {"uid": "x"}}]}), "recorded"),
        (payloads.envelope("aws.inspector2", "Inspector2 Finding", {"title": "a vulnerability"}), "recorded"),
    ],
)
def test_nothing_is_done_and_it_is_recorded(world: World, event: dict[str, Any], outcome: str) -> None:
    """Unknown, too low, closed, or without a resource; no account is entered."""
    assert world.answer(event) == [outcome]
    assert untouched(world)
    assert world.access.roles == []  # type: ignore[attr-defined]
    assert [told["outcome"] for told in world.told()] == ([outcome] if outcome == "recorded" else [])


@pytest.mark.parametrize("sign", ["field", "value", "title", "macie", "hub"])
def test_samples_are_told_as_samples_and_never_contained(world: World, sign: str) -> None:
    event = payloads.exfiltration()
    service = event["detail"]["service"]
    if sign == "field":
        service["additionalInfo"] = {"sample": True}
    elif sign == "value":
        service["additionalInfo"] = {"value": '{"sample":true}', "type": "default"}
    elif sign == "title":
        event["detail"]["title"] = "[SAMPLE] Something"
    elif sign == "macie":
        event = payloads.macie("Policy:IAMUser/S3BucketPublic", public=True, sample=True)
    else:
        event = payloads.guardduty_through_security_hub()
        event["detail"]["findings"][0]["ProductFields"]["aws/guardduty/service/additionalInfo/sample"] = "true"
    assert world.answer(event) == ["sample"]
    assert untouched(world)


@pytest.mark.parametrize(
    "event",
    [
        payloads.macie("Policy:IAMUser/S3BucketPublic", public=True),
        payloads.config_change("securityhub-s3-bucket-public-read-prohibited-1a2b3c4d", "AWS::S3::Bucket", BUCKET),
        payloads.config_change("s3-bucket-public-write-prohibited-conformance-pack-abc12", "AWS::S3::Bucket", BUCKET),
        payloads.access_analyzer("AWS::S3::Bucket", f"arn:aws:s3:::{BUCKET}", public=True, principal={"AWS": "*"}),
        payloads.security_hub(payloads.asff(payloads.asff_bucket(BUCKET)), kind="Security Hub Findings - Custom Action"),
    ],
)
def test_every_service_is_heard_on_public_buckets(world: World, event: dict[str, Any]) -> None:
    assert world.answer(event) == ["contained"]
    assert list(world.actions()) == ["block-public-access"]


def test_an_exposed_object_with_sensitive_data_is_locked(world: World) -> None:
    assert world.answer(payloads.macie("SensitiveData:S3Object/Personal", public=True, key="a.csv")) == ["contained"]
    assert world.policy()["Statement"][-1]["Resource"] in (f"arn:aws:s3:::{BUCKET}/a.csv", [f"arn:aws:s3:::{BUCKET}/a.csv"])


def test_somebody_anonymous_is_shut_out(world: World) -> None:
    """There are no credentials to revoke; the bucket is closed to the public, and to nobody else."""
    nobody = {"accessKeyId": "", "principalId": "anonymous", "userName": "ANONYMOUS_PRINCIPAL", "userType": "AWSAccount"}
    resource = {"resourceType": "S3Bucket", "accessKeyDetails": nobody, "s3BucketDetails": [payloads.bucket_details()]}
    assert world.answer(payloads.guardduty("UnauthorizedAccess:S3/TorIPCaller", resource)) == ["contained"]
    assert list(world.actions()) == ["block-public-access"]
    assert world.policy() == OWN_POLICY


def test_an_attack_sequence_names_bucket_and_role(world: World) -> None:
    assert world.answer(payloads.attack_sequence()) == ["contained", "contained"]
    assert sorted(world.actions()) == ["quarantine", "revoke-sessions"]


def test_a_batch_answers_each_and_one_that_is_not_there_stops_none(world: World) -> None:
    """Two findings with two buckets in one event, one of them gone."""
    event = payloads.security_hub(
        payloads.asff(payloads.asff_bucket("gone-bucket"), payloads.asff_bucket(BUCKET)),
        payloads.asff(payloads.asff_bucket(BUCKET), Id="arn:aws:securityhub:eu-west-1:444444444401:security-control/S3.2/finding/2"),
    )
    assert world.answer(event) == ["failed", "contained", "nothing_to_do"]


@pytest.mark.parametrize(
    "product",
    [f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default", f"arn:aws:securityhub:{REGION}::product/vendor/scanner"],
)
def test_what_anybody_may_import_does_nothing(world: World, product: str) -> None:
    """Who can import findings could otherwise have any bucket locked."""
    finding = payloads.asff(payloads.asff_bucket(BUCKET), ProductArn=product, Types=["TTPs/Exfiltration:S3-AnomalousBehavior"])
    assert world.answer(payloads.security_hub(finding)) == ["recorded"]
    assert untouched(world)


def test_a_resource_of_another_account_than_the_finding_is_spared(world: World) -> None:
    role = {"Type": "AwsIamRole", "Id": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", "Region": REGION}
    finding = payloads.guardduty_through_security_hub()["detail"]["findings"][0]
    event = payloads.security_hub({**finding, "AwsAccountId": "444444444402", "Resources": [role]})
    assert world.answer(event) == ["spared"]
    assert untouched(world)


def test_no_more_than_so_many_an_hour(world: World) -> None:
    """The rest is held back and told, and may be done when the finding comes again."""
    world.change(most_per_hour=1)
    assert world.answer(payloads.exfiltration()) == ["contained", "held"]
    assert world.policy() == OWN_POLICY
    world.change(most_per_hour=2)
    assert world.answer(payloads.exfiltration()) == ["contained", "contained"]


class Dies(Exception):  # noqa: N818 - what happens to it
    """The function is gone in the middle of it."""


def crashing(world: World, monkeypatch: pytest.MonkeyPatch, at: int, *, after: bool) -> Callable[[], bool]:
    """Makes the AWS call of that number, counted from now, the last one of a run; says whether there were so many."""
    calls = {"count": 0}
    real = world.own("s3")._make_api_call.__func__

    def call(client: Any, operation: str, arguments: Any) -> Any:
        calls["count"] += 1
        if calls["count"] == at:
            if after:
                real(client, operation, arguments)
            raise Dies
        return real(client, operation, arguments)

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", call)
    return lambda: calls["count"] >= at


@pytest.mark.parametrize(
    ("after", "every"),
    [(True, 5), pytest.param(False, 1, marks=pytest.mark.full), pytest.param(True, 1, marks=pytest.mark.full)],
)
def test_a_crash_between_any_two_calls_is_made_good(world: World, monkeypatch: pytest.MonkeyPatch, after, every) -> None:
    """Containing and undoing die at each call in turn; coming again ends as if nothing had happened, and everybody is told."""
    at, crashed = min(every, 3), True
    while crashed:
        event = payloads.guardduty("Exfiltration:S3/X", {"s3BucketDetails": [{"name": BUCKET}]}, identity=f"{at:032x}")
        with monkeypatch.context() as patch:
            reached = crashing(world, patch, at, after=after)
            crashed = _dies(lambda event=event: world.answer(event))
            crashed = crashed or reached()
        assert world.answer(event) == ["contained"]
        action = world.actions()["quarantine"]
        assert world.evidence(action, "before")["policy"] == OWN_POLICY
        assert len(world.policy()["Statement"]) == 2
        assert "contained" in {told["outcome"] for told in world.told()}
        with monkeypatch.context() as patch:
            crashing(world, patch, at, after=after)
            _dies(lambda action=action: world.undo(action))
        assert world.undo(action)["outcome"] == "undone"
        assert untouched(world)
        world.told()
        at += every
    assert at > 12


def _dies(run: Callable[[], Any]) -> bool:
    try:
        run()
    except Dies:
        return True
    return False


def test_a_failure_of_one_does_not_keep_the_other_from_being_answered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Throttling of IAM: the bucket is in quarantine, and the message comes again for the role."""
    real = world.own("s3")._make_api_call.__func__

    def call(client: Any, operation: str, arguments: Any) -> Any:
        if operation == "PutRolePolicy":
            raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, operation)
        return real(client, operation, arguments)

    with monkeypatch.context() as patch:
        patch.setattr("botocore.client.BaseClient._make_api_call", call)
        with pytest.raises(ClientError, match="Throttling"):
            world.answer(payloads.exfiltration())
    assert list(world.actions()) == ["quarantine"]
    assert world.answer(payloads.exfiltration()) == ["contained", "contained"]


@pytest.mark.parametrize(
    "event", [{}, {"detail": None}, {"detail": []}, [], None, "x", payloads.envelope("aws.guardduty", "GuardDuty Finding", {})]
)
def test_what_is_no_finding_is_refused(world: World, event: Any) -> None:
    with pytest.raises(MalformedError):
        world.answer(event)


@pytest.mark.parametrize("name", ["", "../x", "a" * 70, "x y", "Role\n"])
def test_names_that_are_none_are_never_sent_to_aws(world: World, name: str) -> None:
    resource = {"accessKeyDetails": payloads.role_credentials(name)}
    assert world.answer(payloads.guardduty("Impact:IAMUser/AnomalousBehavior", resource))[0] in {"spared", "recorded", "failed"}
    assert world.role_policies() == []


def test_the_entries_of_lambda(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch says which messages failed; the last attempt is told; undo takes the id of the notice. With the real clients and roles."""
    credentials = world.accounts._sessions[SECURITY].get_credentials().get_frozen_credentials()
    for name, value in zip(("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"), credentials[:3], strict=True):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("RESPONDER", json.dumps(asdict(world.settings)))
    seen: list[dict[str, Any]] = []
    real = Access.client

    def client(self: Access, service: str, role: str, region: str, need: Any, *, session: str) -> Any:
        seen.append({"service": service, "role": role, "need": need})
        return real(self, service, role, region, need, session=session)

    monkeypatch.setattr(Access, "client", client)
    records = [
        {"messageId": "bad", "body": "{", "attributes": {"ApproximateReceiveCount": "3"}},
        {"messageId": "good", "body": json.dumps(payloads.stolen_instance_credentials()), "attributes": {"ApproximateReceiveCount": "1"}},
        {"messageId": "none", "body": "[]", "attributes": {"ApproximateReceiveCount": "1"}},
    ]
    answer = respond.handler({"Records": records}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}, {"itemIdentifier": "none"}]}
    assert len(world.role_policies()) == 1
    notices = world.told()
    assert sorted(told["outcome"] for told in notices) == ["contained", "failed"]
    action = next(told["action"] for told in notices if told["outcome"] == "contained")
    assert undo.handler({"action": action, "reason": "a drill"}, None)["undone"][0]["outcome"] == "undone"
    assert world.role_policies() == []
    assert {each["role"] for each in seen} == {f"arn:aws:iam::{ACCOUNT}:role/governed-lake-containment"}
    assert all(resource.endswith(f"/{ROLE}") for each in seen for resource in each["need"].resources)
    with pytest.raises(ValueError, match="got no action"):
        undo.handler({}, None)


def test_a_crash_after_the_change_does_not_take_our_change_for_what_was_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The block is put and the function dies: coming again finishes, and undo still knows that there was none."""
    real = world.own("s3")._make_api_call.__func__

    def call(client: Any, operation: str, arguments: Any) -> Any:
        answer = real(client, operation, arguments)
        if operation == "PutPublicAccessBlock":
            raise Dies
        return answer

    event = payloads.anonymous_access_granted()
    with monkeypatch.context() as patch:
        patch.setattr("botocore.client.BaseClient._make_api_call", call)
        assert _dies(lambda: world.answer(event))
    assert world.answer(event) == ["contained"]
    world.undo(world.actions()["block-public-access"])
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        world.s3.get_public_access_block(Bucket=BUCKET)


def test_of_two_at_once_the_first_says_what_was_there(world: World) -> None:
    """The second may already see the other's change."""
    ledger = Ledger(world.own("dynamodb"), "actions")
    assert ledger.begin("a", 5) == ledger.begin("a", 5) == "begun"
    assert ledger.remember_before("a", {"block": None}) == {"block": None}
    assert ledger.remember_before("a", {"block": "ours"}) == {"block": None}
