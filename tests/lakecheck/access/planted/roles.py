"""Leaks by roles that are assumed, and by policies that are edited."""

from __future__ import annotations

from typing import Any, Final

from tests.lakecheck.access.planted.lake import (
    CONSUMER,
    DATA,
    LAKE,
    OPENS,
    PEOPLE,
    READS,
    REGION,
    Leak,
    Template,
    allow,
    att,
    bucket_policy,
    deny,
    document,
    policy,
    resource,
    role,
    service,
    trusting,
)

_LOADER: Final = f"arn:aws:iam::{LAKE}:role/Loader"
_POINT: Final = f"arn:aws:s3:{REGION}:{LAKE}:accesspoint/side"
_TO_POINTS = allow("s3:*", [DATA, f"{DATA}/*"], Principal={"AWS": "*"}, Condition={"StringEquals": {"s3:DataAccessPointAccount": LAKE}})


_READER = role("Hop", trusting(PEOPLE), READS, OPENS)


def assume(name: str) -> Template:
    """The right to assume a role of the lake's account."""
    return allow("sts:AssumeRole", f"arn:aws:iam::{LAKE}:role/{name}")


ROLES: Final = (
    Leak(
        name="chain-1",
        who="Developer",
        door="s3",
        way=("assumed_role",),
        without=("Extra",),
        lake={"Hop": _READER, "Extra": policy(assume("Hop"))},
    ),
    Leak(
        name="chain-trust-names",
        who="Developer",
        door="s3",
        way=("assumed_role",),
        without=("Hop",),
        lake={"Hop": role("Hop", trusting({"AWS": att("Developer")}), READS, OPENS)},
    ),
    Leak(
        name="chain-3",
        who="Developer",
        door="s3",
        way=("assumed_role", "assumed_role", "assumed_role"),
        without=("Two",),
        lake={
            "Extra": policy(assume("One")),
            "One": role("One", trusting(PEOPLE), assume("Two")),
            "Two": role("Two", trusting(PEOPLE), assume("Hop")),
            "Hop": _READER,
        },
    ),
    Leak(
        name="chain-through-other-account",
        who="Developer",
        door="s3",
        way=("assumed_role", "assumed_role"),
        without=("Way",),
        lake={
            "Extra": policy(allow("sts:AssumeRole", f"arn:aws:iam::{CONSUMER}:role/Way")),
            "Hop": role("Hop", trusting({"AWS": f"arn:aws:iam::{CONSUMER}:role/Way"}), READS, OPENS),
        },
        consumer={
            "Way": role("Way", trusting({"AWS": f"arn:aws:iam::{LAKE}:root"}), allow("sts:AssumeRole", f"arn:aws:iam::{LAKE}:role/Hop"))
        },
    ),
    Leak(
        name="cross-account-role",
        who="Partner",
        door="s3",
        way=("assumed_role",),
        without=("Extra",),
        lake={"Hop": role("Hop", trusting({"AWS": f"arn:aws:iam::{CONSUMER}:root"}), READS, OPENS)},
        consumer={"Extra": policy(assume("Hop"), to="Partner")},
    ),
    Leak(
        name="cross-account-role-stranger",
        who="999999999999",
        door="s3",
        way=("assumed_role",),
        without=("Hop",),
        lake={"Hop": role("Hop", trusting({"AWS": "999999999999"}, Condition={"StringEquals": {"sts:ExternalId": "x"}}), READS, OPENS)},
    ),
    Leak(
        name="oidc",
        who="token.actions.githubusercontent.com",
        door="s3",
        way=("assumed_role",),
        without=("Hop",),
        lake={
            "Hop": resource(
                "IAM::Role",
                RoleName="Hop",
                AssumeRolePolicyDocument=document(
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Principal": {"Federated": f"arn:aws:iam::{LAKE}:oidc-provider/token.actions.githubusercontent.com"},
                        "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/*"}},
                    }
                ),
                Policies=[{"PolicyName": "P", "PolicyDocument": document(READS, OPENS)}],
            )
        },
    ),
    Leak(
        name="oidc-then-chain",
        who="token.actions.githubusercontent.com",
        door="s3",
        way=("assumed_role", "assumed_role"),
        without=("Gate",),
        lake={
            "Hop": _READER,
            "Gate": resource(
                "IAM::Role",
                RoleName="Gate",
                AssumeRolePolicyDocument=document(
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Principal": {"Federated": f"arn:aws:iam::{LAKE}:oidc-provider/token.actions.githubusercontent.com"},
                    }
                ),
                Policies=[{"PolicyName": "P", "PolicyDocument": document(assume("Hop"))}],
            ),
        },
    ),
    Leak(
        name="cognito",
        who="cognito-identity.amazonaws.com",
        door="s3",
        way=("assumed_role",),
        without=("Hop",),
        lake={
            "Hop": resource(
                "IAM::Role",
                RoleName="Hop",
                AssumeRolePolicyDocument=document(
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                        "Condition": {"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "unauthenticated"}},
                    }
                ),
                Policies=[{"PolicyName": "P", "PolicyDocument": document(READS, OPENS)}],
            )
        },
    ),
    Leak(
        name="trust-anyone-of-organisation",
        who="Partner",
        door="s3",
        way=("assumed_role",),
        without=("Hop",),
        supplement={
            "organization": {
                "id": "o-acmeacmeacme",
                "management": "111111111111",
                "accounts": {LAKE: {"path": ["r-root"]}, CONSUMER: {"path": ["r-root"]}},
            }
        },
        lake={
            "Hop": role("Hop", trusting({"AWS": "*"}, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-acmeacmeacme"}}), READS, OPENS)
        },
        consumer={"Extra": policy(assume("Hop"), to="Partner")},
    ),
    Leak(
        name="trust-with-tags",
        who="Developer",
        door="s3",
        way=("assumed_role",),
        without=("Extra",),
        lake={"Hop": _READER, "Extra": policy(allow(["sts:AssumeRole", "sts:TagSession"], "*"))},
    ),
)


def over(
    name: str, step: str, *statements: Template, without: tuple[str, ...] = ("Extra",), lake: Template | None = None, **more: Any
) -> Leak:
    """The developer becomes somebody who reads."""
    said: dict[str, Any] = {"who": "Developer", "door": "s3", "way": (step,), "without": without}
    return Leak(name=name, lake={"Extra": policy(*statements), **(lake or {})}, **{**said, **more})


EDITS: Final = (
    *(
        over(f"edit-{action}", "policy_edit", allow(f"iam:{action}"), door="policy_edit")
        for action in ("PutRolePolicy", "AttachRolePolicy")
    ),
    over(
        "edit-policy-version",
        "policy_edit",
        allow("iam:CreatePolicyVersion"),
        door="policy_edit",
        lake={
            "Mine": resource("IAM::ManagedPolicy", ManagedPolicyName="Mine", Roles=["Developer"], PolicyDocument=document(allow("logs:*")))
        },
    ),
    over("edit-trust", "policy_edit", allow("iam:Update*", _LOADER)),
    over(
        "access-key-of-user",
        "policy_edit",
        allow("iam:CreateAccessKey"),
        lake={"Rich": resource("IAM::User", UserName="Rich", Policies=[{"PolicyName": "P", "PolicyDocument": document(READS, OPENS)}])},
    ),
    over(
        "edit-user-policy",
        "policy_edit",
        who="Bob",
        door="policy_edit",
        lake={
            "Extra": None,
            "Own": resource(
                "IAM::UserPolicy",
                UserName="Bob",
                PolicyName="P",
                PolicyDocument=document(allow("iam:PutUserPolicy", "arn:aws:iam::*:user/${aws:username}")),
            ),
        },
        without=("Own",),
    ),
    over(
        "add-user-to-group",
        "policy_edit",
        who="Bob",
        door="policy_edit",
        verdict="UNKNOWN",
        lake={
            "Extra": None,
            "Rich": resource("IAM::Group", GroupName="Rich", Policies=[{"PolicyName": "P", "PolicyDocument": document(READS, OPENS)}]),
            "Own": resource("IAM::UserPolicy", UserName="Bob", PolicyName="P", PolicyDocument=document(allow("iam:AddUserToGroup"))),
        },
        without=("Own",),
    ),
    over(
        "edit-group-policy",
        "policy_edit",
        who="Bob",
        door="policy_edit",
        verdict="UNKNOWN",
        lake={
            "Extra": None,
            "Own": resource("IAM::UserPolicy", UserName="Bob", PolicyName="P", PolicyDocument=document(allow("iam:PutGroupPolicy"))),
        },
        without=("Own",),
    ),
    over(
        "boundary-removed",
        "policy_edit",
        who="Eve",
        lake={
            "Extra": None,
            "Bound": resource("IAM::ManagedPolicy", PolicyDocument=document(allow(["logs:*", "iam:*"]))),
            "Eve": role(
                "Eve", trusting(PEOPLE), allow("iam:DeleteRolePermissionsBoundary"), READS, OPENS, PermissionsBoundary={"Ref": "Bound"}
            ),
        },
        without=("Eve",),
    ),
    over("edit-bucket-policy", "policy_edit", allow("s3:PutBucketPolicy", DATA), OPENS),
    over("edit-key-policy", "policy_edit", allow("kms:PutKeyPolicy"), READS),
    over("make-key-grant", "policy_edit", allow("kms:CreateGrant"), READS),
    over("edit-both", "policy_edit", allow("s3:PutBucketPolicy"), allow("kms:PutKeyPolicy")),
    over(
        "delete-bucket-policy",
        "policy_edit",
        allow("s3:DeleteBucketPolicy"),
        OPENS,
        READS,
        lake={
            "Policy": bucket_policy(
                deny(
                    "s3:GetObject",
                    f"{DATA}/*",
                    Principal="*",
                    Condition={"ArnNotLike": {"aws:PrincipalArn": [_LOADER, f"arn:aws:iam::{LAKE}:role/LakeReader"]}},
                )
            )
        },
    ),
    over(
        "delete-own-deny",
        "policy_edit",
        allow("iam:DeleteRolePolicy"),
        READS,
        OPENS,
        lake={"Denies": resource("IAM::RolePolicy", PolicyName="D", RoleName="Developer", PolicyDocument=document(deny("s3:GetObject")))},
    ),
    over(
        "detach-own-deny",
        "policy_edit",
        allow("iam:DetachRolePolicy"),
        READS,
        OPENS,
        lake={"Denies": resource("IAM::ManagedPolicy", Roles=["Developer"], PolicyDocument=document(deny("s3:GetObject")))},
    ),
    Leak(
        name="edit-point-policy",
        who="Developer",
        door="access_point",
        way=("policy_edit",),
        without=("Extra",),
        lake={
            "Extra": policy(allow("s3:PutAccessPointPolicy"), OPENS),
            "Policy": bucket_policy(_TO_POINTS),
            "Point": resource("S3::AccessPoint", Name="side", Bucket={"Ref": "Data"}),
        },
    ),
    Leak(
        name="make-point",
        who="Developer",
        door="access_point",
        way=("policy_edit",),
        without=("Extra",),
        lake={"Extra": policy(allow(["s3:CreateAccessPoint", "s3:PutAccessPointPolicy"]), OPENS), "Policy": bucket_policy(_TO_POINTS)},
    ),
    Leak(
        name="make-access-grant",
        who="Developer",
        door="access_grant",
        way=("policy_edit",),
        without=("Extra",),
        lake={
            "Instance": resource("S3::AccessGrantsInstance"),
            "Where": resource("S3::AccessGrantsLocation", LocationScope="s3://", IamRoleArn=att("Granter")),
            "Granter": role("Granter", trusting(service("access-grants.s3")), READS, OPENS),
            "Extra": policy(allow(["s3:GetDataAccess", "s3:CreateAccessGrant"])),
        },
    ),
    Leak(
        name="replication-set-up",
        who="Developer",
        door="s3",
        way=("pass_role",),
        without=("Extra",),
        lake={
            "Copier": role("Copier", trusting(service("s3")), allow("s3:*"), OPENS),
            "Extra": policy(allow("s3:PutReplicationConfiguration"), allow("iam:PassRole")),
        },
    ),
)

LEAKS: Final = (*ROLES, *EDITS)
