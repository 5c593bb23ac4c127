"""Who is in an estate, with which policies: nothing attached is lost, nothing unknown is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.estate.model import PrincipalKind
from lakecheck.formula import TRUE, unresolved
from tests.lakecheck.estate.support import ARN, LAKE, OUTSIDE, TEAM, allow, estate, estate_of, reasons, role, stack

if TYPE_CHECKING:
    from lakecheck.estate.model import Estate, Principal


def named(found: Estate, name: str, account: str = LAKE) -> Principal:
    (principal,) = [each for each in found.principals if each.name == name and each.account == account]
    return principal


def actions(principal: Principal) -> set[str]:
    return {action for policy in principal.policies for each in policy.statements for action in each.actions or ()}


def test_a_role_has_every_policy_whatever_attaches_it() -> None:
    """Inline, by a policy resource of either kind, by a managed policy from its own side and from the role's."""
    found = estate_of(
        {
            "Role": role(
                RoleName="Reader",
                Policies=[{"PolicyName": "own", "PolicyDocument": allow("s3:GetObject")}],
                ManagedPolicyArns=[{"Ref": "Managed"}, f"{ARN}:iam::aws:policy/service-role/AWSGlueServiceRole"],
                Tags=[{"Key": "team", "Value": "sales"}],
            ),
            "Managed": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": allow("glue:GetTable")}),
            "Pushed": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": allow("athena:StartQueryExecution"), "Roles": ["Reader"]}),
            "Policy": ("AWS::IAM::Policy", {"PolicyName": "p", "PolicyDocument": allow("kms:Decrypt"), "Roles": [{"Ref": "Role"}]}),
            "RolePolicy": (
                "AWS::IAM::RolePolicy",
                {"PolicyName": "q", "PolicyDocument": allow("lakeformation:GetDataAccess"), "RoleName": {"Ref": "Role"}},
            ),
            "Bystander": role(RoleName="Bystander"),
        }
    )
    reader = named(found, "role/Reader")
    assert reader.arn == f"{ARN}:iam::{LAKE}:role/Reader"
    assert actions(reader) >= {
        "s3:GetObject",
        "glue:GetTable",
        "athena:StartQueryExecution",
        "kms:Decrypt",
        "lakeformation:GetDataAccess",
        "glue:*",
    }
    assert reader.unknown == ()
    assert reader.tags == {"team": "sales"}
    assert reader.trust is not None
    assert reader.trust.statements[0].principals == {"Service": ("glue.amazonaws.com",)}
    assert named(found, "role/Bystander").policies == ()
    assert found.not_known == ()


def test_two_roles_share_one_policy_object() -> None:
    """A policy that hangs on several is the same object, so that verdicts about it are kept."""
    found = estate_of(
        {
            "One": role(RoleName="One", ManagedPolicyArns=[{"Ref": "Managed"}]),
            "Other": role(RoleName="Other", ManagedPolicyArns=[{"Ref": "Managed"}]),
            "Managed": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": allow("glue:GetTable")}),
        }
    )
    assert named(found, "role/One").policies[0] is named(found, "role/Other").policies[0]


def test_a_generated_name_is_told_by_its_construct() -> None:
    """The ARN has a hole; policies find the role through it all the same."""
    found = estate_of(
        {
            "Role": role(),
            "Policy": ("AWS::IAM::Policy", {"PolicyName": "p", "PolicyDocument": allow("kms:Decrypt"), "Roles": [{"Ref": "Role"}]}),
        }
    )
    assert actions(named(found, "role/Prod/Lake/Role")) == {"kms:Decrypt"}
    assert len(found.principals) == 1


def test_a_user_has_what_its_groups_have() -> None:
    """By the user's own list and by an addition; a group of no template is a reason."""
    found = estate_of(
        {
            "Group": (
                "AWS::IAM::Group",
                {"GroupName": "analysts", "Policies": [{"PolicyName": "g", "PolicyDocument": allow("athena:*")}]},
            ),
            "Other": ("AWS::IAM::Group", {"GroupName": "admins", "ManagedPolicyArns": [f"{ARN}:iam::aws:policy/AdministratorAccess"]}),
            "GroupPolicy": (
                "AWS::IAM::GroupPolicy",
                {"GroupName": "analysts", "PolicyName": "x", "PolicyDocument": allow("glue:GetTable")},
            ),
            "User": ("AWS::IAM::User", {"UserName": "ann", "Groups": ["analysts", "elsewhere"]}),
            "Boss": ("AWS::IAM::User", {"UserName": "bob"}),
            "Addition": ("AWS::IAM::UserToGroupAddition", {"GroupName": "admins", "Users": [{"Ref": "Boss"}]}),
        }
    )
    ann, bob = named(found, "user/ann"), named(found, "user/bob")
    assert actions(ann) == {"athena:*", "glue:GetTable"}
    assert ann.unknown == ("its group elsewhere is in no template",)
    assert actions(bob) == {"*"}
    assert bob.kind is PrincipalKind.USER
    assert bob.unknown == ()


def test_managed_policies_that_are_not_known_are_reasons() -> None:
    """Of AWS without a document, of the customer without a template, by a value that is not known; never guessed."""
    found = estate_of(
        {
            "Role": role(
                RoleName="Reader",
                ManagedPolicyArns=[
                    f"{ARN}:iam::aws:policy/NoSuchPolicyOfAws",
                    f"{ARN}:iam::{LAKE}:policy/elsewhere",
                    {"Ref": "PolicyArn"},
                ],
                PermissionsBoundary=f"{ARN}:iam::{LAKE}:policy/boundary",
            )
        },
        Parameters={"PolicyArn": {"Type": "String"}},
    )
    reader = named(found, "role/Reader")
    assert len(reader.unknown) == 3
    assert "NoSuchPolicyOfAws is not in the table" in reader.unknown[0]
    assert "policy/elsewhere is in no template" in reader.unknown[1]
    assert "PolicyArn" in reader.unknown[2]
    assert reader.boundary is not None
    assert reader.boundary.statements == ()
    assert "policy/boundary is in no template" in reader.boundary.unknown[0]


def test_a_policy_for_who_knows_whom_may_be_anybodys() -> None:
    """A target that only deployment tells: every role of that account has a reason, no user and no other account's role has."""
    policy = {"PolicyName": "p", "PolicyDocument": allow("s3:*"), "Roles": [{"Ref": "RoleName"}]}
    lake = stack(
        {"Role": role(RoleName="Reader"), "User": ("AWS::IAM::User", {"UserName": "ann"}), "Policy": ("AWS::IAM::Policy", policy)},
        Parameters={"RoleName": {"Type": "String"}},
    )
    found = estate(lake, stack({"Role": role(RoleName="Reader")}, account=TEAM, name="Team"))
    assert "Prod/Lake/Policy may be attached to it" in named(found, "role/Reader").unknown[0]
    assert named(found, "user/ann").unknown == ()
    assert named(found, "role/Reader", TEAM).unknown == ()


def test_a_policy_under_a_condition_is_unknown_in_each_statement() -> None:
    """Whether it is there depends on a parameter, so its statements may count or not."""
    policy = {
        "Type": "AWS::IAM::Policy",
        "Condition": "Wanted",
        "Properties": {"PolicyName": "p", "PolicyDocument": allow("s3:*"), "Roles": ["Reader"]},
    }
    found = estate_of(
        {"Role": role(RoleName="Reader"), "Policy": policy},
        Parameters={"Mode": {"Type": "String"}},
        Conditions={"Wanted": {"Fn::Equals": [{"Ref": "Mode"}, "open"]}},
    )
    (attached,) = named(found, "role/Reader").policies
    assert "whether Prod/Lake/Policy exists" in attached.statements[0].unknown[0]


def test_a_role_that_is_defined_twice_may_do_what_either_may() -> None:
    """Under conditions that exclude each other, or in two templates: nothing of the second is lost."""

    def conditional(condition: str, action: str) -> dict[str, Any]:
        type_, properties = role(RoleName="Reader", Policies=[{"PolicyName": "p", "PolicyDocument": allow(action)}])
        return {"Type": type_, "Condition": condition, "Properties": properties}

    found = estate_of(
        {"One": conditional("Wanted", "s3:GetObject"), "Other": conditional("Unwanted", "kms:Decrypt")},
        Parameters={"Mode": {"Type": "String"}},
        Conditions={
            "Wanted": {"Fn::Equals": [{"Ref": "Mode"}, "open"]},
            "Unwanted": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Mode"}, "open"]}]},
        },
    )
    reader = named(found, "role/Reader")
    assert actions(reader) == {"s3:GetObject", "kms:Decrypt"}
    assert all(statement.unknown for policy in reader.policies for statement in policy.statements)
    assert reader.trust is not None
    assert len(reader.trust.statements) == 2


def test_a_role_of_elsewhere_with_a_policy_of_ours() -> None:
    """Half of it is known."""
    found = estate_of({"Policy": ("AWS::IAM::Policy", {"PolicyName": "p", "PolicyDocument": allow("s3:*"), "Roles": ["Imported"]})})
    imported = named(found, "role/Imported")
    assert actions(imported) == {"s3:*"}
    assert imported.unknown == ("no template defines it",)
    assert imported.origin is None
    assert imported.named_in == ("Prod/Lake/Policy",)


SET: dict[str, Any] = {
    "InstanceArn": f"{ARN}:sso:::instance/ssoins-1",
    "Name": "DataAnalyst",
    "InlinePolicy": allow("athena:*"),
    "ManagedPolicies": [f"{ARN}:iam::aws:policy/AdministratorAccess"],
    "CustomerManagedPolicyReferences": [{"Name": "lake-analyst"}],
}


def test_a_permission_set_is_a_principal_in_each_of_its_accounts() -> None:
    """Inline, managed and referenced policies, the last as they are in that account."""
    assignment = {
        "InstanceArn": SET["InstanceArn"],
        "PermissionSetArn": {"Fn::GetAtt": ["Set", "PermissionSetArn"]},
        "PrincipalId": "g",
        "PrincipalType": "GROUP",
        "TargetType": "AWS_ACCOUNT",
    }
    management = stack(
        {
            "Set": ("AWS::SSO::PermissionSet", SET),
            "One": ("AWS::SSO::Assignment", {**assignment, "TargetId": LAKE}),
            "Two": ("AWS::SSO::Assignment", {**assignment, "TargetId": TEAM}),
        },
        account="111111111111",
        name="Management",
    )
    policy = ("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "lake-analyst", "PolicyDocument": allow("glue:GetTable")})
    found = estate(management, stack({"Policy": policy}))
    lake, team = named(found, "permission-set/DataAnalyst"), named(found, "permission-set/DataAnalyst", TEAM)
    assert lake.kind is PrincipalKind.PERMISSION_SET
    assert lake.arn == f"{ARN}:iam::{LAKE}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_DataAnalyst_????????????????"
    assert actions(lake) == {"athena:*", "*", "glue:GetTable"}
    assert lake.unknown == ()
    assert actions(team) == {"athena:*", "*"}
    assert team.unknown == (f"the customer managed policy lake-analyst of account {TEAM} is in no template",)


def test_a_permission_set_that_is_only_named_is_told_by_its_definition() -> None:
    """No assignment says so, but a grant does; a literal role of the set is the same principal."""
    grant = {
        "Principal": {
            "DataLakePrincipalIdentifier": (
                f"{ARN}:iam::{LAKE}:role/aws-reserved/sso.amazonaws.com/{{}}AWSReservedSSO_DataAnalyst_0123456789abcdef"
            )
        },
        "Resource": {"Database": {"CatalogId": LAKE, "Name": "sales"}},
        "Permissions": ["DESCRIBE"],
        "PermissionsWithGrantOption": [],
    }
    grants = {}
    for number, folder in enumerate(("", "eu-west-1/")):
        identifier = grant["Principal"]["DataLakePrincipalIdentifier"].format(folder)
        entry = {**grant, "Principal": {"DataLakePrincipalIdentifier": identifier}}
        grants[f"Grant{number}"] = ("AWS::LakeFormation::PrincipalPermissions", entry)
    inline = {key: SET[key] for key in ("Name", "InstanceArn", "InlinePolicy")}
    found = estate_of({"Set": ("AWS::SSO::PermissionSet", inline), **grants})
    analyst = named(found, "permission-set/DataAnalyst")
    assert actions(analyst) == {"athena:*"}
    assert analyst.unknown == ()
    assert {each.principal for each in found.grants} == {analyst.arn}
    assert analyst.origin is not None
    assert analyst.origin.exists == TRUE
    assert not found.not_known


def test_a_permission_set_that_no_template_assigns_may_be_in_each_account() -> None:
    """It may be assigned by hand: a principal in each account, whose being there is not known."""
    inline = {key: SET[key] for key in ("Name", "InstanceArn", "InlinePolicy")}
    found = estate(stack({"Set": ("AWS::SSO::PermissionSet", inline)}), stack({"B": ("AWS::S3::Bucket", {})}, account=TEAM, name="Team"))
    for account in (LAKE, TEAM):
        analyst = named(found, "permission-set/DataAnalyst", account)
        assert actions(analyst) == {"athena:*"}
        assert analyst.origin is not None
        (fact,) = unresolved(analyst.origin.exists)
        assert fact == f"whether the permission set DataAnalyst, which no template assigns, is assigned to account {account}"
    assert not found.not_known


def test_a_permission_set_may_be_assigned_to_an_account_that_a_parameter_names() -> None:
    """Each account of the estate may be meant; a set that no template defines is somebody of whom nothing is known."""
    assignment = {"InstanceArn": SET["InstanceArn"], "TargetId": {"Ref": "Target"}, "TargetType": "AWS_ACCOUNT", "PrincipalId": "g"}
    found = estate_of(
        {
            "Set": ("AWS::SSO::PermissionSet", SET),
            "One": ("AWS::SSO::Assignment", {**assignment, "PermissionSetArn": {"Fn::GetAtt": ["Set", "PermissionSetArn"]}}),
            "Two": ("AWS::SSO::Assignment", {**assignment, "TargetId": LAKE, "PermissionSetArn": "ps-elsewhere"}),
        },
        Parameters={"Target": {"Type": "String"}},
    )
    analyst = named(found, "permission-set/DataAnalyst")
    assert analyst.origin is not None
    assert unresolved(analyst.origin.exists) == {f"whether {{parameter Target of Prod/Lake}} is {LAKE}"}
    assert named(found, "permission-set/ps-elsewhere").unknown == ("no template defines the permission set ps-elsewhere",)
    assert not found.not_known


@pytest.mark.parametrize(
    ("identifier", "kind", "account"),
    [
        (f"{ARN}:iam::{LAKE}:role/Elsewhere", PrincipalKind.ROLE, LAKE),
        (f"{ARN}:sts::{LAKE}:assumed-role/Elsewhere/session", PrincipalKind.ROLE, LAKE),
        (f"{ARN}:iam::{OUTSIDE}:user/x", PrincipalKind.USER, OUTSIDE),
        (f"{ARN}:iam::{OUTSIDE}:root", PrincipalKind.ACCOUNT, OUTSIDE),
        (OUTSIDE, PrincipalKind.ACCOUNT, OUTSIDE),
        (f"{OUTSIDE}:IAMPrincipals", PrincipalKind.ACCOUNT, OUTSIDE),
        (f"{ARN}:organizations::111111111111:organization/o-exampleorgid", PrincipalKind.ORGANIZATION, ""),
        (f"{ARN}:iam::{LAKE}:saml-provider/Okta", PrincipalKind.FEDERATED, ""),
        (f"{ARN}:quicksight:us-east-1:{LAKE}:group/default/all", PrincipalKind.FEDERATED, ""),
        (f"{ARN}:identitystore:::group/1234", PrincipalKind.FEDERATED, ""),
    ],
)
def test_who_is_only_named_is_there_with_a_reason(identifier: str, kind: PrincipalKind, account: str) -> None:
    """Each kind of identifier that a Lake Formation grant may have."""
    entry = {
        "Principal": {"DataLakePrincipalIdentifier": identifier},
        "Resource": {"Database": {"CatalogId": LAKE, "Name": "sales"}},
        "Permissions": ["DESCRIBE"],
        "PermissionsWithGrantOption": [],
    }
    (principal,) = estate_of({"Grant": ("AWS::LakeFormation::PrincipalPermissions", entry)}).principals
    assert principal.kind is kind
    assert principal.account == account
    assert principal.unknown
    assert principal.named_in == ("Prod/Lake/Grant",)
    assert principal.origin is None


@pytest.mark.parametrize("identifier", [LAKE, f"{LAKE}:IAMPrincipals", f"{ARN}:iam::{LAKE}:root", "IAM_ALLOWED_PRINCIPALS"])
def test_an_account_of_the_estate_is_no_principal_of_its_own(identifier: str) -> None:
    """It stands for its principals."""
    entry = {
        "Principal": {"DataLakePrincipalIdentifier": identifier},
        "Resource": {"Database": {"CatalogId": LAKE, "Name": "sales"}},
        "Permissions": ["DESCRIBE"],
        "PermissionsWithGrantOption": [],
    }
    assert estate_of({"Grant": ("AWS::LakeFormation::PrincipalPermissions", entry)}).principals == ()


def test_a_stack_of_no_account_has_principals_too() -> None:
    """The account is a hole, the same everywhere in the template: its root and its id are no principals, its roles are found."""
    own = {"Ref": "AWS::AccountId"}
    statement = {"Effect": "Allow", "Principal": {"AWS": own}, "Action": "s3:GetObject", "Resource": "*"}
    reserved = "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_DataAnalyst_0123456789abcdef"
    grants = {
        f"Grant{number}": (
            "AWS::LakeFormation::PrincipalPermissions",
            {
                "Principal": {"DataLakePrincipalIdentifier": identifier},
                "Resource": {"Database": {"CatalogId": own, "Name": "sales"}},
                "Permissions": ["DESCRIBE"],
                "PermissionsWithGrantOption": [],
            },
        )
        for number, identifier in enumerate(
            [own, {"Fn::Sub": "${AWS::AccountId}:IAMPrincipals"}, {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:" + reserved}]
        )
    }
    resources = {
        "Role": role(RoleName="Reader"),
        "Bucket": ("AWS::S3::Bucket", {}),
        "Policy": ("AWS::S3::BucketPolicy", {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Statement": [statement]}}),
        **grants,
    }
    found = estate(stack(resources, account=None))
    assert {each.name for each in found.principals} == {"role/Reader", "permission-set/DataAnalyst"}
    (account,) = found.accounts
    assert {each.resource.catalog for each in found.grants} == {account}
    assert found.grants[2].principal.endswith("*AWSReservedSSO_DataAnalyst_????????????????")


def test_resource_policies_name_principals() -> None:
    """Whom Allow lets in, also exactly in a condition; not whom Deny names, nor a service of a trust policy."""
    statements = [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": [OUTSIDE], "Service": "logging.s3.amazonaws.com"}, "Action": "s3:*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"ArnEquals": {"aws:PrincipalArn": f"{ARN}:iam::{OUTSIDE}:role/Named"}},
        },
        {"Effect": "Deny", "Principal": {"AWS": f"{ARN}:iam::{OUTSIDE}:role/Denied"}, "Action": "s3:*", "Resource": "*"},
    ]
    found = estate_of(
        {
            "Bucket": ("AWS::S3::Bucket", {"BucketName": "lake-data"}),
            "Policy": ("AWS::S3::BucketPolicy", {"Bucket": "lake-data", "PolicyDocument": {"Statement": statements}}),
            "Role": role(RoleName="Job"),
        }
    )
    assert {each.name for each in found.principals} == {
        "role/Job",
        "anyone",
        f"account/{OUTSIDE}",
        "logging.s3.amazonaws.com",
        "role/Named",
    }
    assert OUTSIDE in found.accounts
    assert found.accounts[OUTSIDE].environments == ()


def test_roles_that_may_be_passed_or_assumed_are_named() -> None:
    """A role of no template that somebody may become is there; a pattern names nobody."""
    document = allow("iam:PassRole", "sts:AssumeRole", on=[f"{ARN}:iam::{LAKE}:role/Target", f"{ARN}:iam::{LAKE}:role/app-*"])
    found = estate_of({"Role": role(RoleName="Job", Policies=[{"PolicyName": "p", "PolicyDocument": document}])})
    assert {each.name for each in found.principals} == {"role/Job", "role/Target"}


def test_a_bad_document_is_told_and_never_a_no() -> None:
    """What AWS would refuse is no policy without statements, but one of which not all is known."""
    broken = {"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps", "Action": "s3:*", "Resource": "*"}]}
    found = estate_of(
        {
            "Role": role(RoleName="Job", Policies=[{"PolicyName": "p", "PolicyDocument": broken}]),
            "Broken": ("AWS::IAM::Role", {"RoleName": "Broken", "AssumeRolePolicyDocument": "no json"}),
        }
    )
    (policy,) = named(found, "role/Job").policies
    assert policy.unknown or policy.statements[0].unknown
    trust = named(found, "role/Broken").trust
    assert trust is not None
    assert trust.unknown
    assert "Effect" in reasons(found)
