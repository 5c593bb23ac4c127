"""What no template of the reference may hold."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.stacks.assembly import ORGANIZATION
from tests.stacks.policies import as_list, statements
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stacks.assembly import Lake
    from tests.stacks.policies import Statement

pytestmark = pytest.mark.xdist_group("reference")

ANY_ACTION_OF_A_KEY = {"kms:GenerateDataKey*", "kms:ReEncrypt*"}
"""The only wildcard actions: in key policies, each stands for two actions that AWS documents together."""


@pytest.fixture(scope="module")
def found(reference: Lake) -> list[Statement]:
    """Every policy statement, references resolved."""
    every = list(statements(reference))
    assert len(every) > 500
    return every


def everything(reference: Lake) -> Iterator[tuple[str, str]]:
    """Every template as text, with the stack's path."""
    for stack in reference.stacks.values():
        yield stack.path, json.dumps(stack.template)


@pytest.mark.parametrize(
    "word",
    [
        "Fn::GetStackOutput",
        "PublishGetStackOutputRole",
        "IAM_ALLOWED_PRINCIPALS",
        "Custom::S3AutoDeleteObjects",
        "Custom::AWS",
        "aws:cdk:path",
    ],
)
def test_a_word_is_nowhere(reference: Lake, word: str) -> None:
    """Weak references, grants that leave the decision to IAM, helper resources that CDK slips in."""
    assert [path for path, text in everything(reference) if word.lower() in text.lower()] == []


def test_iam_is_taken_out_of_every_decision(reference: Lake) -> None:
    """What Lake Formation would grant to everybody by default is revoked on every database and table that is granted or tagged."""
    revoked: set[tuple[str, str]] = set()
    named: set[tuple[str, str]] = set()
    for stack, _, resource in reference.resources("Custom::LakeFormationPermissions"):
        properties = resource["Properties"]
        for entry in [*properties.get("Grants", []), *properties.get("TagAssociations", [])]:
            for kind in {"Database", "Table"} & set(entry["Resource"]):
                named.add((stack.account, json.dumps(entry["Resource"][kind], sort_keys=True)))
                if properties["RevokeIamAllowedPrincipals"] == "true":
                    revoked.add((stack.account, json.dumps(entry["Resource"][kind], sort_keys=True)))
    assert len(named) > 40
    assert named == revoked
    for _, logical_id, settings in reference.resources("Custom::LakeFormationSettings"):
        assert not {"CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions"} & set(settings["Properties"]), logical_id


def test_references_stay_within_an_account(reference: Lake) -> None:
    """A stack imports only what a stack of its own account and Region exports and that is deployed before it."""
    exports = {
        output["Export"]["Name"]: stack
        for stack in reference.stacks.values()
        for output in stack.template.get("Outputs", {}).values()
        if "Export" in output
    }
    seen = 0
    for stack in reference.stacks.values():
        for name in set(re.findall(r'"Fn::ImportValue": "([^"]+)"', json.dumps(stack.template))):
            producer = exports[name]
            assert (producer.account, producer.region) == (stack.account, stack.region), f"{stack.path} imports {name}"
            assert producer.path in stack.after, f"{stack.path} imports {name} and does not wait for it"
            seen += 1
    assert seen > 50


def test_nothing_names_an_account_of_another_environment(reference: Lake) -> None:
    """Not even as a literal: the accounts of dev, staging and prod know nothing of each other. The organisation knows all of them."""
    accounts = {name: {stack.account for stack in reference.of(name).values()} for name in reference.environments}
    for path, text in everything(reference):
        if path.startswith(f"{ORGANIZATION}/"):
            continue
        strange = set().union(*(each for name, each in accounts.items() if name != path.partition("/")[0]))
        assert not [account for account in strange if account in text], path


def test_nobody_is_everybody(found: list[Statement]) -> None:
    """A wildcard principal stands in a Deny only; but for the sink of telemetry, to which accounts of the organisation alone may link."""
    for statement in found:
        if statement.type == "AWS::Oam::Sink":
            assert statement.body["Condition"]["StringEquals"] == {"aws:PrincipalOrgID": "o-exampleorgid"}
        elif statement.allows:
            wild = [each for each in statement.principals if each == "*" or each.endswith(":*")]
            assert not wild, (statement.where, statement.body)
    assert any("AWS:*" in statement.principals for statement in found if not statement.allows)


def test_no_statement_allows_what_it_does_not_name(found: list[Statement]) -> None:
    """No `*`, no `s3:*`: wildcard actions are denied, or two well-known pairs in key policies."""
    for statement in found:
        if not statement.allows:
            continue
        assert not {"NotAction", "NotResource", "NotPrincipal"} & set(statement.body), statement.where
        wild = {action for action in statement.actions if "*" in action}
        assert wild <= (ANY_ACTION_OF_A_KEY if statement.document == "KeyPolicy" else set()), (statement.where, wild)


def test_services_act_for_this_account_only(found: list[Statement]) -> None:
    """In resource policies a service is allowed something under a condition, so that nobody else's resource can use it.

    Keys of topics and queues are the exception: KMS is told of no source there, and the policies of topic and queue bind the account.
    """
    bare = {
        f"{statement.stack.name}/{statement.where.rpartition('/')[2]} {statement.body.get('Sid')}"
        for statement in found
        if statement.allows
        and statement.document != "AssumeRolePolicyDocument"
        and any(each.startswith("Service:") for each in statement.principals)
        and not statement.body.get("Condition")
    }
    assert bare == {
        "MainPipelines/FoundationKey959A028D AllowEventsAndAlarms",
        "Security/RespondersKey772D156B AllowEventsAndAlarms",
        "Trail/TrailKey7031660D AllowAlarms",
    }


def test_identities_reach_everything_only_where_there_are_no_resources(found: list[Statement]) -> None:
    """`Resource: *` stands with actions that take no resource, or under a condition; never with data, keys or roles."""
    services = set()
    for statement in found:
        is_boundary = "FloorBoundary" in statement.where.replace("/", "")  # it grants nothing
        if statement.type == "AWS::IAM::ManagedPolicy" and "*" in statement.resources and statement.allows and not is_boundary:
            services |= {action.partition(":")[0] for action in statement.actions}
            data = ("s3:", "kms:", "dynamodb:", "glue:", "sts:", "iam:Pass")
            assert not [each for each in statement.actions if each.startswith(data) and "AccountPublicAccessBlock" not in each]
    of_the_lake = {"athena", "cloudwatch", "iam", "lakeformation", "logs", "organizations", "ram", "xray"}
    assert services == {*of_the_lake, "guardduty", "macie2", "s3", "securityhub"}


def test_there_are_no_inline_policies(reference: Lake) -> None:
    """Neither as a resource nor in a role, a user or a group; and no managed policy of AWS is attached, but to the role for emergencies."""
    assert list(reference.resources("AWS::IAM::Policy", "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::UserPolicy")) == []
    for stack, logical_id, role in reference.resources("AWS::IAM::Role"):
        if role["Properties"].get("RoleName") == "BreakGlass":
            continue
        assert not {"Policies", "ManagedPolicyArns"} & set(role["Properties"]), f"{stack.path}/{logical_id}"


def test_stacks_make_no_raw_resources() -> None:
    """Modules in stacks/ compose constructs: no `Cfn*` and no escape hatch in them."""
    for file in sorted((ROOT / "stacks").rglob("*.py")):
        tree = ast.parse(file.read_text())
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        raw = {name for name in names if name.startswith("Cfn") or name in {"add_property_override", "override_logical_id", "add_override"}}
        assert not raw, f"{file.name}: {raw}"


def test_sources_name_no_partition() -> None:
    """ARNs are put together by CDK: no string in the library, the stacks or the app begins with `arn:aws:`."""
    files = [
        *ROOT.glob("*.py"),
        *(ROOT / "stacks").rglob("*.py"),
        *(ROOT / "constructs_lib").rglob("*.py"),
        *(ROOT / "lakemodel").rglob("*.py"),
    ]
    assert len(files) > 80
    named = []
    for file in files:
        tree = ast.parse(file.read_text())
        documentation = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body and isinstance(node.body[0], ast.Expr)
        }
        named += [
            f"{file.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "arn:aws:" in node.value and id(node) not in documentation
        ]
    assert named == []


def test_roles_trust_services_and_named_accounts_only(found: list[Statement]) -> None:
    """A role is assumed by one service, or by the account that lake.yaml names for a persona; from elsewhere only under conditions."""
    people = set()
    for statement in found:
        if statement.document != "AssumeRolePolicyDocument":
            continue
        assert len(statement.principals) == 1, statement.where
        if not statement.principals[0].startswith("Service:"):
            people.add(f"{statement.stack.name}/{statement.where.rpartition('/')[2].rstrip('0123456789ABCDEF')}")
            own = f":{statement.stack.account}:root"
            assert as_list(statement.body["Principal"]["AWS"])[0].endswith(own) or statement.body["Condition"]
    floors = {f"{stack}/{role}" for stack in ("AnalyticsFloor", "MainFloor") for role in ("BreakGlass", "Containment")}
    shared = {"Identity/Containment", "LogArchive/BreakGlass", "Security/BreakGlass"}
    assert people == {"AnalyticsAccess/PersonasPiiReader", "AnalyticsAccess/PersonasPartnerAnalyst", *floors, *shared}
