"""The policies of an organisation as CloudFormation gets them."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_organizations as organizations

from constructs_lib.organization.guardrails import (
    AccountDefaults,
    Exempt,
    Exemptions,
    Guardrail,
    ResourceGuardrail,
    ResourcePolicies,
    ServicePolicies,
    TagPolicy,
    TagRule,
    allowed_regions,
    data_perimeter,
    keep_exempt_roles,
    keep_trails,
    no_root_user,
)
from lakemodel.errors import DataLakeError
from lakemodel.limits import Quota, limit
from tests.constructs.organization.guardrails.sets import EXEMPTIONS, ORGANIZATION, every_guardrail
from tests.constructs.organization.resolved import resolved
from tests.support import new_stack, resources, template

MANAGEMENT = "111111111111"
UNIT = "ou-exam-12345678"
SOURCE = "https://docs.aws.amazon.com/"
TYPE = "AWS::Organizations::Policy"


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """One stack with a policy of every kind."""
    stack = new_stack(account=MANAGEMENT)
    ServicePolicies(stack, "Service", guardrails=every_guardrail(), targets=[UNIT, UNIT], exemptions=EXEMPTIONS)
    ResourcePolicies(stack, "Resource", guardrails=data_perimeter(ORGANIZATION), targets=[UNIT], name="perimeter")
    rules = [TagRule(key="Domain", values=("sales", "travel")), TagRule(key="CostCenter", enforced_for=("s3:bucket", "glue:*"))]
    TagPolicy(stack, "Tags", rules=rules, targets=[UNIT])
    AccountDefaults(stack, "Defaults", targets=[UNIT])
    return template(stack)


def of_kind(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in resources(made, TYPE).values() if each["Properties"]["Type"] == kind]


def test_every_guardrail_stands_in_one_policy(made: dict[str, Any]) -> None:
    """In as few as there can be, each within its size, all attached once."""
    policies = of_kind(made, "SERVICE_CONTROL_POLICY")
    bound = limit(Quota.SERVICE_CONTROL_POLICY_CHARACTERS).value
    contents = [resolved(each["Content"], partition="aws-us-gov") for each in policies]
    sizes = [len(json.dumps(content, separators=(",", ":"))) for content in contents]
    assert "arn:*" not in json.dumps(contents), "a star in an ARN's place would match across its parts"
    assert len(policies) == 2
    assert max(sizes) <= bound < sum(sizes)
    assert all(each["TargetIds"] == [UNIT] for each in policies)
    denied = {action for each in policies for one in each["Content"]["Statement"] for action in one.get("Action", [])}
    assert {action for each in every_guardrail() for action in each.deny} <= denied | {"*"}


def test_no_policy_names_a_partition_or_allows(made: dict[str, Any]) -> None:
    """They hold in aws, aws-us-gov and aws-cn; FullAWSAccess, which AWS attaches, is what allows."""
    text = json.dumps([each["Properties"]["Content"] for each in resources(made, TYPE).values()])
    assert "arn:aws" not in text
    assert '"Allow"' not in text


def test_policies_are_changed_one_after_another_the_last_first(made: dict[str, Any]) -> None:
    """What moves on into a later policy is there before it leaves an earlier one."""
    found = {key: each for key, each in resources(made, TYPE).items() if each["Properties"]["Type"] == "SERVICE_CONTROL_POLICY"}
    names = {each["Properties"]["Name"]: key for key, each in found.items()}
    assert found[names["Test-Service"]]["DependsOn"] == [names["Test-Service-2"]]
    assert "DependsOn" not in found[names["Test-Service-2"]]


def test_a_perimeter_is_about_everybody(made: dict[str, Any]) -> None:
    """Resource control policies have a principal, and only deny."""
    (policy,) = of_kind(made, "RESOURCE_CONTROL_POLICY")
    assert policy["Name"] == "perimeter"
    assert all(each["Principal"] == "*" and each["Effect"] == "Deny" for each in policy["Content"]["Statement"])
    assert len(json.dumps(policy["Content"], separators=(",", ":"))) <= limit(Quota.RESOURCE_CONTROL_POLICY_CHARACTERS).value


def test_tags(made: dict[str, Any]) -> None:
    """Keys in lower case on the left, as they are spelled on the right."""
    (policy,) = of_kind(made, "TAG_POLICY")
    assert policy["Content"] == {
        "tags": {
            "costcenter": {"tag_key": {"@@assign": "CostCenter"}, "enforced_for": {"@@assign": ["s3:bucket", "glue:*"]}},
            "domain": {"tag_key": {"@@assign": "Domain"}, "tag_value": {"@@assign": ["sales", "travel"]}},
        }
    }


def test_defaults_of_accounts(made: dict[str, Any]) -> None:
    """S3 and EC2 hold them by themselves."""
    (buckets,), (instances,) = of_kind(made, "S3_POLICY"), of_kind(made, "DECLARATIVE_POLICY_EC2")
    assert buckets["Content"]["s3_attributes"]["public_access_block_configuration"] == {"@@assign": "all"}
    assert instances["Content"]["ec2_attributes"]["snapshot_block_public_access"] == {"state": {"@@assign": "block_all_sharing"}}


def test_exempt_roles_are_kept_whenever_somebody_is_exempt() -> None:
    """And not when nobody is: then there is nothing to gain by their names."""
    stack = new_stack(account=MANAGEMENT)
    with_exempt = ServicePolicies(stack, "With", guardrails=keep_trails(), targets=[UNIT])
    without = ServicePolicies(stack, "Without", guardrails=no_root_user(), targets=[UNIT])
    sids = [[one["Sid"] for one in made.documents[0]["Statement"]] for made in (with_exempt, without)]
    assert sids == [["KeepExemptRoles", "PassExemptRoles", "KeepTrails"], ["NoRootUser"]]


def test_exempt_roles_of_one_guardrail_are_kept_too() -> None:
    """Nobody becomes exempt by making a role of a name that one guardrail alone spares."""
    stack = new_stack(account=MANAGEMENT)
    one = keep_trails()[0].but(exempt_roles=("trail-admin",))
    made = ServicePolicies(stack, "Service", guardrails=[one], targets=[UNIT])
    kept = made.documents[0]["Statement"][0]
    assert "arn:*:iam::*:role/trail-admin" in kept["Resource"]


def test_exempt_roles_that_are_named_as_kept_already_are_kept_with_the_others() -> None:
    """Whoever adds the ready set as well, for more roles, gets both."""
    stack = new_stack(account=MANAGEMENT)
    more = keep_exempt_roles(Exemptions(handler_roles=("another-app-*",)))
    made = ServicePolicies(stack, "Service", guardrails=[*keep_trails(), *more], targets=[UNIT])
    assert [one["Sid"] for one in made.documents[0]["Statement"]] == ["KeepExemptRoles", "PassExemptRoles", "KeepTrails"]
    assert {"arn:*:iam::*:role/another-app-*", "arn:*:iam::*:role/BreakGlass"} <= set(made.documents[0]["Statement"][0]["Resource"])


def test_units_that_are_made_beside_them_can_be_targets() -> None:
    """A reference to a unit is a target as good as an id."""
    stack = new_stack(account=MANAGEMENT)
    unit = organizations.CfnOrganizationalUnit(stack, "Unit", name="lake", parent_id="r-exam")
    made = ServicePolicies(stack, "Service", guardrails=keep_trails(), targets=[unit.attr_id])
    assert made.node.default_child is made.policies[0]
    (policy,) = resources(template(stack), TYPE).values()
    assert policy["Properties"]["TargetIds"] == [{"Fn::GetAtt": [stack.get_logical_id(unit), "Id"]}]


def test_logical_ids_stay_when_guardrails_are_added() -> None:
    """A second policy comes; the first one's id and name stay."""
    ids = []
    for guardrails in (keep_trails(), every_guardrail()):
        stack = new_stack(account=MANAGEMENT)
        ServicePolicies(stack, "Service", guardrails=guardrails, targets=[UNIT], exemptions=EXEMPTIONS)
        ids.append({key: each["Properties"]["Name"] for key, each in resources(template(stack), TYPE).items()})
    assert len(ids[0]) < len(ids[1])
    assert ids[0].items() <= ids[1].items()


def test_fails_when_a_target_gets_more_policies_than_it_can_have() -> None:
    """Over all constructs of the app, RCPFullAWSAccess counted."""
    stack = new_stack(account=MANAGEMENT)
    for number in range(4):
        ResourcePolicies(stack, f"Perimeter{number}", guardrails=data_perimeter(ORGANIZATION), targets=[UNIT])
    with pytest.raises(DataLakeError, match="would have 6 policies") as failure:
        ResourcePolicies(stack, "More", guardrails=data_perimeter(ORGANIZATION), targets=["ou-exam-87654321", UNIT])
    assert failure.value.code == "too_many_policies"
    ResourcePolicies(stack, "Elsewhere", guardrails=data_perimeter(ORGANIZATION), targets=["ou-exam-99999999"])


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda stack: ServicePolicies(stack, "A", guardrails=[], targets=[UNIT]), "guardrails_missing"),
        (lambda stack: ServicePolicies(stack, "A", guardrails=keep_trails(), targets=[]), "policy_target_missing"),
        (lambda stack: TagPolicy(stack, "A", rules=[], targets=[UNIT]), "guardrails_missing"),
        (lambda stack: TagPolicy(stack, "A", rules=[TagRule(key="a"), TagRule(key="A")], targets=[UNIT]), "tag_rule_twice"),
        (lambda stack: TagPolicy(stack, "A", rules=[TagRule(key="a", values=("x" * 10_000,))], targets=[UNIT]), "policy_too_large"),
        (
            lambda stack: AccountDefaults(stack, "A", targets=[UNIT], block_public_buckets=False, close_instances=False),
            "guardrails_missing",
        ),
        (lambda stack: ResourcePolicies(stack, "A", guardrails=data_perimeter(cdk.Aws.ACCOUNT_ID), targets=[UNIT]), "guardrail_not_plain"),
        (lambda _: TagRule(key="a", enforced_for=("buckets",)), "tag_rule_malformed"),
        (lambda _: Exemptions(deploying_roles=("*",)), "exemption_too_wide"),
        (lambda _: Exemptions(deploying_roles=("cdk*",)), "exemption_too_wide"),
        (lambda _: Exemptions(handler_roles=("Prod-*-Account*",)), "exemption_too_wide"),
        (lambda _: Exemptions(break_glass_role="/BreakGlass"), "exemption_too_wide"),
        (lambda _: keep_trails()[0].but(exempt_roles=("*",)), "exemption_too_wide"),
        (lambda _: allowed_regions(()), "region_malformed"),
        (lambda _: allowed_regions(("eu-west-*",)), "region_malformed"),
        (lambda _: Guardrail(sid="No-Dash", why="", deny=("s3:*",), source=SOURCE), "guardrail_malformed"),
        (lambda _: Guardrail(sid="A", why="", source=SOURCE), "guardrail_malformed"),
        (lambda _: Guardrail(sid="A", why="", deny=("s3:*",), deny_all_but=("s3:*",), source=SOURCE), "guardrail_malformed"),
        (lambda _: Guardrail(sid="A", why="", deny=("PutObject",), source=SOURCE), "guardrail_malformed"),
        (lambda _: Guardrail(sid="A", why="", deny=("s3:*",), resources=("bucket",), source=SOURCE), "guardrail_malformed"),
        (lambda _: keep_trails()[0].but(conditions={"ArnNotLike": {"aws:PrincipalARN": "arn:*:iam::*:role/x"}}), "guardrail_malformed"),
        (lambda _: ResourceGuardrail(sid="A", why="", deny=("glue:*",), source=SOURCE), "guardrail_malformed"),
    ],
)
def test_fails_when_it_would_be_refused_or_exempt_too_much(make: Any, code: str) -> None:
    """With a code that stays."""
    with pytest.raises(DataLakeError) as failure:
        make(new_stack(account=MANAGEMENT))
    assert failure.value.code == code


def test_documented_defaults() -> None:
    """What docstrings say is exempt when nothing is said."""
    assert Exemptions().of(~Exempt.NOBODY) == ("BreakGlass", "cdk-hnb659fds-cfn-exec-role-*")
    assert Guardrail(sid="A", why="", deny=("s3:*",), source=SOURCE).exempt is Exempt.BREAK_GLASS
    assert {each.sid for each in keep_exempt_roles(Exemptions())} == {"KeepExemptRoles", "PassExemptRoles"}
