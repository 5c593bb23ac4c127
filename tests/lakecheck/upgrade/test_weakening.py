"""What is more open or less watched is named, and what is stricter is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from lakecheck.upgrade.comparison.comparison import compare
from lakecheck.upgrade.model import Category, Fate, Risk
from lakecheck.upgrade.security import policies, weakening
from lakecheck.upgrade.security.encryption_table import KEYS
from lakecheck.upgrade.security.weakening_table import GUARDS, WEAKENING
from tests.lakecheck.upgrade.support import change_of, compared, stack, state
from tests.lakecheck.upgrade.tables import cases, judged, properties

CASES = cases(WEAKENING)
GROUP, INGRESS = "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"


def risks(base: dict[str, Any], head: dict[str, Any]) -> list[Risk]:
    return list(weakening.risks(compared(base, head)))


def one(kind: str, **values: Any) -> dict[str, Any]:
    return {"It": {"Type": kind, "Properties": values}}


@pytest.fixture(scope="module")
def forwards() -> dict[str, list[Risk]]:
    return judged(weakening.risks, CASES)


@pytest.fixture(scope="module")
def backwards() -> dict[str, list[Risk]]:
    return judged(weakening.risks, CASES, backwards=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_row_names_its_weakening_once(case, forwards):
    (found,) = [risk for risk in forwards[case.logical_id] if risk.category is not Category.IDENTITY]
    assert (found.rule, found.category, found.is_certain) == (case.row.danger.rule, Category.SECURITY_WEAKENED, True)
    assert case.row.what in found.message
    assert found.consequence.endswith(".")
    assert found.remedy.endswith(".")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_row_names_the_way_back(case, backwards):
    assert [risk for risk in backwards[case.logical_id] if risk.category is not Category.IDENTITY] == []


def test_every_rule_is_listed():
    assert {case.row.danger.rule for case in CASES} | {guard.danger.rule for guard in GUARDS.values()} <= set(weakening.RULES)


@pytest.mark.parametrize("kind", GUARDS)
def test_a_guard_that_goes_is_a_risk_and_a_new_one_is_none(kind):
    guard = {"It": {"Type": kind, "Properties": {}}}
    (found,) = risks(guard, {})
    assert found.rule == GUARDS[kind].danger.rule
    assert risks({}, guard) == []


def test_a_guard_that_goes_with_what_it_protects_is_harmless():
    queue = {"Queue": {"Type": "AWS::SQS::Queue"}}
    dimensions = [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}]
    alarm = {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Dimensions": dimensions}}}
    assert risks(queue | alarm, {}) == []
    assert [risk.rule for risk in risks(queue | alarm, queue)] == ["security_weakened.detection"]


def test_one_block_of_public_access_that_goes_is_told_once():
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    whole = one("AWS::S3::Bucket", PublicAccessBlockConfiguration=dict.fromkeys(names, True))
    (found,) = risks(whole, one("AWS::S3::Bucket"))
    assert (found.rule, found.property) == ("security_weakened.public_access", "PublicAccessBlockConfiguration")
    assert all(name in found.message for name in names)


def test_a_value_that_is_not_known_is_not_taken_for_harmless():
    (found,) = risks(one("AWS::KMS::Key", EnableKeyRotation=True), one("AWS::KMS::Key", EnableKeyRotation={"Ref": "Rotate"}))
    assert not found.is_certain


def test_a_new_resource_is_no_change_for_the_worse():
    assert risks({}, one("AWS::RDS::DBInstance", PubliclyAccessible=True, StorageEncrypted=False)) == []


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in KEYS.items() for path in paths])
def test_another_key_of_ones_own_is_told_as_identity_alone(kind, path):
    was, now = ({"It": {"Type": kind, "Properties": properties(path, value)}} for value in ("arn:key/one", "arn:key/two"))
    is_in_place = change_of(compared(was, now), "It").fate is Fate.UPDATED
    assert [risk.rule for risk in risks(was, now)] == (["identity.encryption_key"] if is_in_place else [])
    assert is_in_place or kind not in ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Logs::LogGroup")


# --- networks ---------------------------------------------------------------------------------------------------------------------------


def ingress(source: str, start: int = 443, end: int = 443, protocol: str = "tcp") -> dict[str, Any]:
    return {("CidrIpv6" if ":" in source else "CidrIp"): source, "IpProtocol": protocol, "FromPort": start, "ToPort": end}


@pytest.mark.parametrize("source", ["0.0.0.0/0", "::/0"])
def test_a_port_that_opens_to_the_world_is_a_risk(source):
    (found,) = risks(one(GROUP, SecurityGroupIngress=[ingress("10.0.0.0/8")]), one(GROUP, SecurityGroupIngress=[ingress(source)]))
    assert found.rule == "security_weakened.network"
    assert "443" in found.message


def test_what_was_open_before_or_opens_to_few_is_harmless():
    wide = one(GROUP, SecurityGroupIngress=[ingress("0.0.0.0/0", 0, 65535)])
    assert risks(wide, one(GROUP, SecurityGroupIngress=[ingress("0.0.0.0/0")])) == []
    assert risks(one(GROUP), one(GROUP, SecurityGroupIngress=[ingress("10.0.0.0/8")])) == []
    everything = one(GROUP, SecurityGroupIngress=[{"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}])
    assert risks(everything, wide) == []
    assert len(risks(wide, everything)) == 1


def test_a_rule_of_its_own_counts_where_the_group_was_there():
    group = {"Group": {"Type": GROUP, "Properties": {"GroupDescription": "it"}}}
    opened = {"Open": {"Type": INGRESS, "Properties": ingress("0.0.0.0/0") | {"GroupId": {"Fn::GetAtt": ["Group", "GroupId"]}}}}
    assert [risk.rule for risk in risks(group, group | opened)] == ["security_weakened.network"]
    assert risks({}, group | opened) == []
    assert risks(group | opened, group) == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["Rules", "Region", "Status", "a"]), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(VALUES, VALUES)
def test_properties_of_any_type_are_judged(one_value, other):
    """Nothing raises, whatever stands where an object is expected."""
    tops = sorted({(kind, row.path.partition(".")[0]) for kind, rows in WEAKENING.items() for row in rows})
    more = [(GROUP, "SecurityGroupIngress"), (INGRESS, "FromPort"), ("AWS::CloudWatch::Alarm", "Dimensions")]
    base, head = (
        {f"R{number}": {"Type": kind, "Properties": {name: value}} for number, (kind, name) in enumerate([*tops, *more])}
        for value in (one_value, other)
    )
    risks(base, head)
    risks(base, {})


def test_a_group_that_iam_decided_for_before_is_no_change():
    def settings(*permissions: str) -> dict[str, Any]:
        default = {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": list(permissions)}
        return one("AWS::LakeFormation::DataLakeSettings", CreateTableDefaultPermissions=[default])

    assert risks(settings("ALL"), settings("SELECT")) == []


def test_what_only_stands_in_a_template_of_another_name_does_not_differ():
    """The holes of both states are called after their stacks."""
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": {"Fn::Sub": "${Lake.Arn}/*"}}]}
    resources = {
        "Lake": {"Type": "AWS::S3::Bucket"},
        "Other": {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}},
        "Key": {"Type": "AWS::KMS::Key"},
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Lake"}, "PolicyDocument": policy}},
    }
    changed = {**resources, "Other": {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}, "DelaySeconds": 1}}}
    again = {"Bucket": {"Ref": "Lake"}, "PolicyDocument": {**policy, "Id": "it"}}
    changed["Policy"] = {"Type": "AWS::S3::BucketPolicy", "Properties": again}
    was, now = (state(stack(each, name), is_template=True) for each, name in ((resources, "One"), (changed, "Two")))
    comparison = compare(was, now)
    assert {change.node.resource.origin.logical_id for change in comparison.changes} == {"Other", "Policy"}
    assert list(weakening.risks(comparison)) == []
    assert list(policies.risks(comparison)) == []
