"""Workgroups: what is enforced, who is let in, what a member may do, and what nobody may."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import Duration, Size, Stack, aws_iam as iam, aws_kms as kms, aws_s3 as s3

from constructs_lib.query import NamedQuery, QueryWorkgroup, ResultsBucket, WorkgroupGrants, permission_set_pattern
from constructs_lib.query.workgroup import DEFAULT_SCAN_LIMIT_GIB
from lakemodel.errors import DataLakeError
from tests.support import ACCOUNT, new_app, new_stack, resources, template

ROLE = f"arn:aws:iam::{ACCOUNT}:role"


@pytest.fixture(scope="module")
def synthesized() -> dict[str, Any]:
    """Results and two workgroups: one of roles, one of a permission set."""
    stack = new_stack()
    results = ResultsBucket(stack, "Results", access_logs=None, break_glass=[iam.Role.from_role_name(stack, "Emergency", "BreakGlass")])
    reader = iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal(), role_name="PiiReader")
    unnamed = iam.Role(stack, "Unnamed", assumed_by=iam.AccountRootPrincipal())
    readers = QueryWorkgroup(stack, "Readers", name="readers", results=results, members=[reader], result_expiry=Duration.days(7))
    WorkgroupGrants.from_workgroup(readers).query(unnamed)
    analysts = QueryWorkgroup(
        stack,
        "Analysts",
        name="analysts",
        results=results,
        member_patterns=[permission_set_pattern(stack, "DataAnalyst")],
        member_policy_name="AnalystQueries",
        scan_limit=Size.gibibytes(1),
        catalog_accounts=["444444444402"],
    )
    analysts.add_named_query("Newest", database="sales", query="SELECT max(day) FROM orders", description="Newest day")
    return template(stack)


def workgroup(synthesized: dict[str, Any], name: str) -> dict[str, Any]:
    found = [r["Properties"] for r in resources(synthesized, "AWS::Athena::WorkGroup").values() if r["Properties"]["Name"] == name]
    return dict(found[0])


def denials(synthesized: dict[str, Any]) -> dict[str, Any]:
    """The statements that close a prefix, by prefix."""
    (policy,) = resources(synthesized, "AWS::S3::BucketPolicy").values()
    found = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if "ArnNotLike" in s.get("Condition", {})]
    return {statement["Resource"]["Fn::Join"][1][-1]: statement for statement in found}


def member_policy(synthesized: dict[str, Any], workgroup_name: str) -> dict[str, Any]:
    policies = resources(synthesized, "AWS::IAM::ManagedPolicy").values()
    return next(dict(p["Properties"]) for p in policies if p["Properties"]["Description"].endswith(workgroup_name))


def statement(policy: dict[str, Any], sid: str) -> dict[str, Any]:
    return next(s for s in policy["PolicyDocument"]["Statement"] if s["Sid"] == sid)


def test_settings_are_enforced_and_results_encrypted_with_the_results_key(synthesized: dict[str, Any]) -> None:
    """No client can choose another place or another key, and results go to the owner's own bucket only."""
    configuration = workgroup(synthesized, "analysts")["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["PublishCloudWatchMetricsEnabled"] is True
    assert configuration["RequesterPaysEnabled"] is False
    assert configuration["EngineVersion"] == {"SelectedEngineVersion": "Athena engine version 3"}
    result = configuration["ResultConfiguration"]
    (key,) = resources(synthesized, "AWS::KMS::Key")
    assert result["EncryptionConfiguration"] == {"EncryptionOption": "SSE_KMS", "KmsKey": {"Fn::GetAtt": [key, "Arn"]}}
    assert result["ExpectedBucketOwner"] == ACCOUNT
    assert result["OutputLocation"]["Fn::Join"][1][-1] == "/analysts/"
    assert "AclConfiguration" not in result


def test_the_scan_limit_is_in_bytes_and_has_a_default(synthesized: dict[str, Any]) -> None:
    """A stated limit is taken; otherwise 100 GiB, as documented."""
    assert DEFAULT_SCAN_LIMIT_GIB == 100
    assert workgroup(synthesized, "analysts")["WorkGroupConfiguration"]["BytesScannedCutoffPerQuery"] == 1024**3
    assert workgroup(synthesized, "readers")["WorkGroupConfiguration"]["BytesScannedCutoffPerQuery"] == 100 * 1024**3


def test_a_workgroup_with_queries_is_not_deleted(synthesized: dict[str, Any]) -> None:
    """Deleting the stack does not delete a workgroup that holds queries and history."""
    assert {r["Properties"]["RecursiveDeleteOption"] for r in resources(synthesized, "AWS::Athena::WorkGroup").values()} == {False}


def test_each_prefix_is_closed_to_everybody_but_its_members(synthesized: dict[str, Any]) -> None:
    """Each prefix denies everything to everybody, except for its own members and the break-glass role."""
    closed = denials(synthesized)
    assert set(closed) == {"/readers/*", "/analysts/*"}
    for denial in closed.values():
        assert (denial["Effect"], denial["Principal"], denial["Action"]) == ("Deny", "*", "s3:*")
        assert set(denial["Condition"]) == {"ArnNotLike"}
    readers = closed["/readers/*"]["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    assert [arn for arn in readers if isinstance(arn, str)] == [f"{ROLE}/BreakGlass", f"{ROLE}/PiiReader"]
    assert [arn["Fn::GetAtt"][0][:7] for arn in readers if not isinstance(arn, str)] == ["Unnamed"]
    analysts = closed["/analysts/*"]["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    assert analysts == [f"{ROLE}/BreakGlass", f"{ROLE}/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_DataAnalyst_{'?' * 16}"]


def test_a_member_queries_in_this_workgroup_only(synthesized: dict[str, Any]) -> None:
    """Queries run in the one workgroup; what stands on all resources only lists names or asks Lake Formation."""
    policy = member_policy(synthesized, "analysts")
    assert statement(policy, "Workgroup")["Resource"] == f"arn:aws:athena:eu-west-1:{ACCOUNT}:workgroup/analysts"
    everywhere = [s for s in policy["PolicyDocument"]["Statement"] if s["Resource"] == "*"]
    actions = [action for s in everywhere for action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])]
    assert actions == ["athena:ListDataCatalogs", "athena:ListEngineVersions", "athena:ListWorkGroups", "lakeformation:GetDataAccess"]


def test_a_member_changes_nothing_and_reaches_no_data_directly(synthesized: dict[str, Any]) -> None:
    """No wildcard action, no write to the catalog, no change of workgroups or queries, S3 only below the prefix."""
    policy = member_policy(synthesized, "analysts")
    statements = policy["PolicyDocument"]["Statement"]
    actions = {a for s in statements for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}
    assert not [a for a in actions if "*" in a]
    assert not [a for a in actions if a.split(":")[1].startswith(("Create", "Update", "Delete", "Tag", "Untag"))]
    objects = [s for s in statements if "s3:GetObject" in s["Action"]]
    assert [s["Resource"]["Fn::Join"][1][-1] for s in objects] == ["/analysts/*"]
    assert statement(policy, "ResultsListing")["Condition"] == {"StringLike": {"s3:prefix": ["analysts/", "analysts/*"]}}


def test_the_key_is_usable_through_s3_only(synthesized: dict[str, Any]) -> None:
    """A member decrypts with the results key what comes from S3, and nothing else."""
    key = statement(member_policy(synthesized, "analysts"), "ResultsKey")
    assert json.dumps(key["Condition"]["StringEquals"]).startswith('{"kms:ViaService": {"Fn::Join": ["", ["s3.eu-west-1.')
    assert set(key["Condition"]) == {"StringEquals"}


def test_metadata_of_named_accounts_only(synthesized: dict[str, Any]) -> None:
    """Catalogs of other accounts are seen only when they are named."""
    assert {arn.split(":")[4] for arn in statement(member_policy(synthesized, "analysts"), "Metadata")["Resource"]} == {
        ACCOUNT,
        "444444444402",
    }
    assert {arn.split(":")[4] for arn in statement(member_policy(synthesized, "readers"), "Metadata")["Resource"]} == {ACCOUNT}


def test_the_policy_is_attached_to_roles_and_named_for_permission_sets(synthesized: dict[str, Any]) -> None:
    """Roles get the policy; a permission set finds it by name."""
    assert len(member_policy(synthesized, "readers")["Roles"]) == 2
    analysts = member_policy(synthesized, "analysts")
    assert "Roles" not in analysts
    assert analysts["ManagedPolicyName"] == "AnalystQueries"


def test_results_expire(synthesized: dict[str, Any]) -> None:
    """Everything after the documented 30 days, a workgroup's own sooner, old versions after one."""
    rules = {
        rule.get("Prefix"): rule
        for bucket in resources(synthesized, "AWS::S3::Bucket").values()
        for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule
    }
    assert {prefix: rule["ExpirationInDays"] for prefix, rule in rules.items()} == {None: 30, "readers/": 7}
    assert rules[None]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_a_saved_query_belongs_to_its_workgroup(synthesized: dict[str, Any]) -> None:
    """The saved query names workgroup and database, and waits for the workgroup."""
    (query,) = resources(synthesized, "AWS::Athena::NamedQuery").values()
    assert query["Properties"]["WorkGroup"] == "analysts"
    assert query["Properties"]["Database"] == "sales"
    assert query["Properties"]["Name"] == "Newest"
    assert query["DependsOn"] == [key for key in resources(synthesized, "AWS::Athena::WorkGroup") if key.startswith("Analysts")]


def test_no_inline_policies(synthesized: dict[str, Any]) -> None:
    """What members get stands in managed policies."""
    assert resources(synthesized, "AWS::IAM::Policy") == {}


def test_metrics_are_of_the_workgroup() -> None:
    """Each metric carries the workgroup, and options override the defaults."""
    stack = new_stack()
    group = QueryWorkgroup(stack, "W", name="analysts", results=ResultsBucket(stack, "Results", access_logs=None))
    scanned = group.metric_processed_bytes(period=Duration.hours(1))
    assert (scanned.namespace, scanned.metric_name, scanned.statistic) == ("AWS/Athena", "ProcessedBytes", "Sum")
    assert scanned.dimensions == {"WorkGroup": "analysts"}
    assert scanned.period.to_minutes() == 60
    assert group.metric_failed_queries().dimensions == {"WorkGroup": "analysts", "QueryState": "FAILED", "QueryType": "DML"}
    assert group.metric_execution_time().statistic == "p95"


def imported(stack: Stack) -> Any:
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "somebodys-results")
    key = kms.Key.from_key_arn(stack, "Key", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/2b7b3c51-0c10-4c3f-8c7c-3f2c6d0c0c0c")
    return ResultsBucket.from_bucket(stack, "Results", bucket=bucket, key=key)


def test_imported_results_are_used_and_warned_about() -> None:
    """A bucket of somebody else gets no policy from here, and synth says so."""
    stack = new_stack()
    QueryWorkgroup(stack, "W", name="analysts", results=imported(stack))
    synthesized = template(stack)
    assert resources(synthesized, "AWS::S3::BucketPolicy") == {}
    warnings = [entry.data for entry in stack.node.find_child("Results").node.metadata if "warning" in entry.type]
    assert len(warnings) == 1
    assert "analysts/ are not closed to others" in str(warnings[0])


def test_an_imported_workgroup_has_grants_and_no_resource_of_its_own() -> None:
    """Importing makes no workgroup; a granted role gets the same policy."""
    stack = new_stack()
    group = QueryWorkgroup.from_workgroup_name(stack, "W", name="theirs", results=imported(stack), results_prefix="out/")
    group.grants.query(iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal()))
    synthesized = template(stack)
    assert resources(synthesized, "AWS::Athena::WorkGroup") == {}
    policy = member_policy(synthesized, "theirs")
    assert len(policy["Roles"]) == 1
    assert statement(policy, "Results")["Resource"].endswith("somebodys-results/out/*")


def test_a_named_role_of_another_stack_adds_no_reference() -> None:
    """The results' stack does not depend on the stack of a role with a physical name: that one may depend on the results."""
    app = new_app()
    storage, access = new_stack(app, "Storage"), new_stack(app, "Access")
    results = ResultsBucket(storage, "Results", access_logs=None)
    role = iam.Role(access, "Reader", assumed_by=iam.AccountRootPrincipal(), role_name="PiiReader", path="/lake/")
    QueryWorkgroup(access, "W", name="readers", results=results, members=[role])
    synthesized = template(storage)
    assert denials(synthesized)["/readers/*"]["Condition"]["ArnNotLike"]["aws:PrincipalArn"] == [f"{ROLE}/lake/PiiReader"]
    assert "Fn::ImportValue" not in json.dumps(synthesized)
    assert "Fn::GetStackOutput" not in json.dumps(synthesized)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"name": "no spaces"}, "workgroup_name"),
        ({"name": "n" * 129}, "workgroup_name"),
        ({"scan_limit": Size.mebibytes(1)}, "workgroup_scan_limit"),
        ({"member_patterns": ["*"]}, "member_pattern"),
        ({"member_patterns": ["arn:aws:iam::*:role/Analyst"]}, "member_pattern"),
        ({"member_patterns": [f"{ROLE}/*"]}, "member_pattern"),
        ({"result_expiry": Duration.days(31)}, "results_expiry"),
        ({"result_expiry": Duration.hours(36)}, "results_expiry"),
    ],
)
def test_fails_when_misused(arguments: dict[str, Any], code: str) -> None:
    """Names, limits and members that Athena or S3 would refuse, or that would let in everybody, are refused with a stable code."""
    stack = new_stack()
    results = ResultsBucket(stack, "Results", access_logs=None)
    with pytest.raises(DataLakeError) as caught:
        QueryWorkgroup(stack, "W", **{"name": "analysts", "results": results, **arguments})
    assert caught.value.code == code
    assert caught.value.where.startswith("Test/")


def test_fails_when_a_member_is_of_another_account() -> None:
    """A role of another account cannot have the policy, so it is refused."""
    stack = new_stack()
    stranger = iam.Role.from_role_arn(stack, "Stranger", "arn:aws:iam::999999999999:role/Analyst")
    results = ResultsBucket(stack, "Results", access_logs=None)
    with pytest.raises(DataLakeError, match="got a member role of account 999999999999"):
        QueryWorkgroup(stack, "W", name="analysts", results=results, members=[stranger])


@pytest.mark.parametrize("name", ["", "with space", "x" * 33, "star*"])
def test_fails_when_no_permission_set_can_have_the_name(name: str) -> None:
    """A name that would widen the pattern is refused."""
    with pytest.raises(DataLakeError, match="got permission set"):
        permission_set_pattern(new_stack(), name)


@pytest.mark.parametrize("query", ["", "  \n", "x" * 262_145])
def test_fails_when_a_saved_query_is_empty_or_too_long(query: str) -> None:
    """Athena takes 1 to 262,144 bytes."""
    with pytest.raises(DataLakeError, match="got a query of"):
        NamedQuery(new_stack(), "Query", workgroup_name="analysts", database="sales", query=query)
