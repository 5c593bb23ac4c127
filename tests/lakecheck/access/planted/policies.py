"""Leaks in policies: of roles, users and groups, of the key, of the bucket; conditions that hold nobody back."""

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
    STRANGER,
    TO_IAM,
    Leak,
    Template,
    allow,
    att,
    bucket_policy,
    deny,
    document,
    key,
    policy,
    resource,
    role,
    sub,
    trusting,
)

_NARROW = allow("s3:GetObject", f"{DATA}/sales/customers/*")


def direct(name: str, *statements: Template, without: tuple[str, ...] = (), **more: Any) -> Leak:
    """The developer reads the objects."""
    said: dict[str, Any] = {"who": "Developer", "door": "s3", "lake": {"Extra": policy(*statements)}, "without": without}
    return Leak(name=name, **{**said, **more})


def reads(name: str, statement: Template, **more: Any) -> Leak:
    """The developer reads the objects by this statement and one for the key."""
    opens = {"Opens": resource("IAM::Policy", PolicyName="Opens", PolicyDocument=document(OPENS), Roles=[{"Ref": "Developer"}])}
    lake = {"Extra": policy(statement), **opens, **more.pop("lake", {})}
    return Leak(name=name, who="Developer", door="s3", lake=lake, without=more.pop("without", ()), **more)


def if_(**conditions: Any) -> Template:
    """The grant under conditions."""
    return allow("s3:GetObject", f"{DATA}/*", Condition=conditions)


BY_STATEMENT: Final = (
    reads("s3-get-object", READS, without=("Opens",)),
    reads("s3-one-table", _NARROW),
    reads("s3-get-star", allow("s3:Get*", f"{DATA}/*")),
    reads("s3-get-object-star", allow("s3:GetObject*", f"{DATA}/*")),
    reads("s3-mixed-case", allow("S3:gEtObJeCt", f"{DATA}/*")),
    reads("s3-question-mark", allow("s3:Get?bject", f"{DATA}/*")),
    reads("s3-star", allow("s3:*", "*")),
    reads("s3-lists", allow(["s3:ListBucket", "s3:GetObject"], [DATA, f"{DATA}/*"])),
    direct("everything", allow("*"), without=("Extra",)),
    reads("wildcard-in-bucket", allow("s3:GetObject", "arn:aws:s3:::acme-*-data/*")),
    reads("wildcard-in-bucket-start", allow("s3:GetObject", "arn:aws:s3:::*lake-data/*")),
    reads("wildcard-across-bucket", allow("s3:GetObject", "arn:aws:s3:::acme*customers*")),
    reads("wildcard-across-arn", allow("s3:GetObject", "arn:*data/sales/cust*")),
    reads("question-marks-in-key", allow("s3:GetObject", f"{DATA}/sales/c????????/*")),
    reads("not-action", {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": f"{DATA}/*"}),
    reads("not-resource", {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::acme-lake-results/*"}),
    reads("not-both", {"Effect": "Allow", "NotAction": ["iam:*", "kms:*"], "NotResource": "arn:aws:s3:::other/*"}),
    reads("null-false", if_(Null={"aws:PrincipalArn": "false"})),
    reads("null-true-on-missing", if_(Null={"aws:MultiFactorAuthPresent": "true"})),
    reads("string-like-star", if_(StringLike={"aws:PrincipalArn": "*"})),
    reads("if-exists-on-missing", if_(StringEqualsIfExists={"aws:CalledVia": "athena.amazonaws.com"})),
    reads("if-exists-bogus-key", if_(StringEqualsIfExists={"acme:NoSuchKey": "x"})),
    reads("for-all-on-empty", if_(**{"ForAllValues:StringEquals": {"aws:TagKeys": ["nothing"]}})),
    reads("negated-on-missing", if_(StringNotEquals={"aws:SourceVpce": "vpce-1"})),
    reads("bool-if-exists", if_(BoolIfExists={"aws:MultiFactorAuthPresent": "true"})),
    reads("not-ip", if_(NotIpAddress={"aws:SourceIp": "10.0.0.0/8"})),
    reads("date-long-ago", if_(DateGreaterThan={"aws:CurrentTime": "2020-01-01T00:00:00Z"})),
    reads("secure-transport", if_(Bool={"aws:SecureTransport": "true"})),
    reads("own-account", if_(StringEquals={"aws:PrincipalAccount": LAKE})),
    reads("resource-account", if_(StringEquals={"aws:ResourceAccount": LAKE, "s3:ResourceAccount": LAKE})),
    reads("vpc-endpoint", if_(StringEquals={"aws:SourceVpce": "vpce-1"})),
    reads(
        "own-tag",
        if_(StringEquals={"aws:PrincipalTag/team": "x"}),
        lake={"Developer": role("Developer", trusting(PEOPLE), Tags=[{"Key": "team", "Value": "x"}])},
    ),
    reads(
        "variable-in-resource",
        allow("s3:GetObject", f"{DATA}/${{aws:PrincipalTag/area}}/*"),
        lake={"Developer": role("Developer", trusting(PEOPLE), Tags=[{"Key": "area", "Value": "sales"}])},
    ),
)

KEYED: Final = (
    direct("kms-decrypt-star", READS, allow("kms:Decrypt", "*")),
    direct("kms-star", READS, allow("kms:*", f"arn:aws:kms:{REGION}:{LAKE}:key/*")),
    direct(
        "kms-by-resource-aliases",
        lake={
            "Extra": policy(
                READS, allow("kms:Decrypt", "*", Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/lake"}})
            ),
            "Alias": resource("KMS::Alias", AliasName="alias/lake", TargetKeyId={"Ref": "Key"}),
        },
    ),
    direct(
        "kms-via-service",
        READS,
        allow("kms:Decrypt", att("Key"), Condition={"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}),
    ),
    direct(
        "kms-encryption-context",
        READS,
        allow("kms:Decrypt", att("Key"), Condition={"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::acme-lake*"}}),
    ),
    Leak(
        name="key-policy-names",
        who="Developer",
        door="s3",
        without=("Key",),
        lake={"Extra": policy(READS), "Key": key(TO_IAM, allow("kms:Decrypt", Principal={"AWS": att("Developer")}))},
    ),
    Leak(
        name="key-policy-anyone-of-account",
        who="Developer",
        door="s3",
        without=("Key",),
        lake={
            "Extra": policy(READS),
            "Key": key(TO_IAM, allow("kms:Decrypt", Principal="*", Condition={"StringEquals": {"kms:CallerAccount": LAKE}})),
        },
    ),
    Leak(
        name="key-policy-anyone-via-s3",
        who="Developer",
        door="s3",
        without=("Key",),
        lake={
            "Extra": policy(READS),
            "Key": key(
                TO_IAM,
                allow(
                    "kms:*",
                    Principal={"AWS": "*"},
                    Condition={"StringEquals": {"kms:CallerAccount": LAKE, "kms:ViaService": f"s3.{REGION}.amazonaws.com"}},
                ),
            ),
        },
    ),
    Leak(
        name="kms-grant",
        who="Developer",
        door="s3",
        without=("Extra",),
        lake={
            "Extra": policy(READS),
            "Data": resource(
                "S3::Bucket",
                BucketName="acme-lake-data",
                BucketEncryption={
                    "ServerSideEncryptionConfiguration": [
                        {
                            "ServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": f"arn:aws:kms:{REGION}:{LAKE}:key/old",
                            }
                        }
                    ]
                },
            ),
        },
        supplement={
            "keys": [
                {
                    "arn": f"arn:aws:kms:{REGION}:{LAKE}:key/old",
                    "policy": {"document": document({**TO_IAM, "Principal": {"AWS": f"arn:aws:iam::{LAKE}:root"}})},
                }
            ],
            "kms_grants": [
                {"key": f"arn:aws:kms:{REGION}:{LAKE}:key/old", "grantee": f"arn:aws:iam::{LAKE}:role/Developer", "operations": ["Decrypt"]}
            ],
        },
    ),
)

_ORG: Final = {
    "organization": {
        "id": "o-acmeacmeacme",
        "management": "111111111111",
        "accounts": {LAKE: {"path": ["r-root"]}, CONSUMER: {"path": ["r-root"]}},
    }
}


def at_bucket(name: str, statement: Template, **more: Any) -> Leak:
    """The developer has the key, and the bucket's policy lets it in."""
    said: dict[str, Any] = {
        "who": "Developer",
        "door": "s3",
        "lake": {"Extra": policy(OPENS), "Policy": bucket_policy(statement)},
        "without": ("Policy",),
    }
    return Leak(name=name, **{**said, **more})


def to_all(**conditions: Any) -> Template:
    """The bucket's policy for anybody under conditions."""
    return allow("s3:GetObject", f"{DATA}/*", Principal="*", Condition=conditions)


BUCKETS: Final = (
    at_bucket("bucket-names-role", allow("s3:GetObject", f"{DATA}/*", Principal={"AWS": att("Developer")})),
    at_bucket("bucket-anyone-of-organisation", to_all(StringEquals={"aws:PrincipalOrgID": "o-acmeacmeacme"}), supplement=_ORG),
    at_bucket(
        "bucket-anyone-of-path", to_all(**{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-acmeacmeacme/*"}}), supplement=_ORG
    ),
    at_bucket("bucket-anyone-at-endpoint", to_all(StringEquals={"aws:SourceVpce": "vpce-1"})),
    at_bucket("bucket-anyone-like", to_all(ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{LAKE}:role/Dev*"})),
    at_bucket("bucket-anyone-string-like", to_all(StringLike={"aws:PrincipalArn": f"arn:aws:iam::{LAKE}:*"})),
    at_bucket("bucket-anyone-of-account", to_all(StringEquals={"aws:PrincipalAccount": LAKE})),
    at_bucket(
        "bucket-anyone-tagged",
        to_all(StringEquals={"aws:PrincipalTag/team": "x"}),
        lake={
            "Extra": policy(OPENS),
            "Policy": bucket_policy(to_all(StringEquals={"aws:PrincipalTag/team": "x"})),
            "Developer": role("Developer", trusting(PEOPLE), allow("logs:*"), Tags=[{"Key": "team", "Value": "x"}]),
        },
    ),
    at_bucket(
        "bucket-not-principal",
        {"Effect": "Allow", "NotPrincipal": {"AWS": f"arn:aws:iam::{LAKE}:role/Nobody"}, "Action": "s3:GetObject", "Resource": f"{DATA}/*"},
    ),
    at_bucket("bucket-star-action", allow("s3:*", [DATA, f"{DATA}/*"], Principal={"AWS": att("Developer")})),
    at_bucket(
        "bucket-user-in-account-statement",
        allow("s3:GetObject", f"{DATA}/*", Principal={"AWS": LAKE}),
        lake={
            "Extra": policy(OPENS, allow("s3:GetObject", "arn:aws:s3:::acme-lake-d*")),
            "Policy": bucket_policy(allow("s3:GetObject", f"{DATA}/*", Principal={"AWS": LAKE})),
        },
        without=("Extra",),
    ),
    Leak(
        name="bucket-and-key-another-account",
        who="Partner",
        door="s3",
        without=("Key",),
        lake={
            "Policy": bucket_policy(allow("s3:GetObject", f"{DATA}/*", Principal={"AWS": f"arn:aws:iam::{CONSUMER}:root"})),
            "Key": key(TO_IAM, allow("kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{CONSUMER}:root"})),
        },
        consumer={"Extra": policy(READS, allow("kms:Decrypt", f"arn:aws:kms:{REGION}:{LAKE}:key/*"), to="Partner")},
    ),
    Leak(
        name="bucket-and-key-another-account-2",
        who="Partner",
        door="s3",
        without=("Extra",),
        lake={
            "Policy": bucket_policy(allow("s3:GetObject", f"{DATA}/*", Principal={"AWS": f"arn:aws:iam::{CONSUMER}:role/Partner"})),
            "Key": key(TO_IAM, allow("kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{CONSUMER}:role/Partner"})),
        },
        consumer={"Extra": policy(allow("s3:*"), allow("kms:*"), to="Partner")},
    ),
    Leak(
        name="bucket-and-key-stranger",
        who=STRANGER,
        door="s3",
        without=("Key",),
        lake={
            "Policy": bucket_policy(allow("s3:GetObject", f"{DATA}/*", Principal={"AWS": f"arn:aws:iam::{STRANGER}:root"})),
            "Key": key(TO_IAM, allow("kms:Decrypt", Principal={"AWS": STRANGER})),
        },
    ),
    Leak(
        name="organisation-both",
        who="Partner",
        door="s3",
        without=("Policy",),
        supplement=_ORG,
        lake={
            "Policy": bucket_policy(to_all(StringEquals={"aws:PrincipalOrgID": "o-acmeacmeacme"})),
            "Key": key(TO_IAM, allow("kms:Decrypt", Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-acmeacmeacme"}})),
        },
        consumer={"Extra": policy(allow("s3:Get*"), allow("kms:Decrypt"), to="Partner")},
    ),
)

_BOTH: Final = (READS, OPENS)
_BOUNDARY = resource("IAM::ManagedPolicy", PolicyDocument=document(allow("*"), deny("iam:*")))

ATTACHED: Final = (
    Leak(
        name="user",
        who="Bob",
        door="s3",
        without=("Own",),
        lake={
            "Own": resource("IAM::UserPolicy", PolicyName="P", UserName={"Ref": "Bob"}, PolicyDocument=document(*_BOTH)),
            "Access": resource("IAM::AccessKey", UserName={"Ref": "Bob"}),
        },
    ),
    Leak(
        name="user-inline",
        who="Carol",
        door="s3",
        without=("Carol",),
        lake={"Carol": resource("IAM::User", UserName="Carol", Policies=[{"PolicyName": "P", "PolicyDocument": document(*_BOTH)}])},
    ),
    Leak(
        name="group-inline",
        who="Bob",
        door="s3",
        without=("Team",),
        lake={"Team": resource("IAM::Group", GroupName="Team", Policies=[{"PolicyName": "P", "PolicyDocument": document(*_BOTH)}])},
    ),
    Leak(
        name="group-managed",
        who="Bob",
        door="s3",
        without=("Wide",),
        lake={"Wide": resource("IAM::ManagedPolicy", PolicyDocument=document(*_BOTH), Groups=[{"Ref": "Team"}])},
    ),
    Leak(
        name="group-policy-resource",
        who="Bob",
        door="s3",
        without=("Wide",),
        lake={"Wide": resource("IAM::GroupPolicy", PolicyName="P", PolicyDocument=document(*_BOTH), GroupName={"Ref": "Team"})},
    ),
    Leak(
        name="user-to-group",
        who="Carol",
        door="s3",
        without=("Add",),
        lake={
            "Carol": resource("IAM::User", UserName="Carol"),
            "Wide": resource("IAM::ManagedPolicy", PolicyDocument=document(*_BOTH), Groups=["Readers"]),
            "Readers": resource("IAM::Group", GroupName="Readers"),
            "Add": resource("IAM::UserToGroupAddition", GroupName={"Ref": "Readers"}, Users=["Carol"]),
        },
    ),
    Leak(
        name="managed-by-arn",
        who="Eve",
        door="s3",
        without=("Eve",),
        lake={
            "Wide": resource("IAM::ManagedPolicy", PolicyDocument=document(*_BOTH)),
            "Eve": role("Eve", trusting(PEOPLE), ManagedPolicyArns=[{"Ref": "Wide"}]),
        },
    ),
    Leak(
        name="managed-roles-other-stack",
        who="Developer",
        door="s3",
        without=("Wide",),
        other={"Wide": resource("IAM::ManagedPolicy", Roles=["Developer"], PolicyDocument=document(READS, allow("kms:Decrypt")))},
    ),
    Leak(
        name="managed-by-arn-text",
        who="Eve",
        door="s3",
        without=("Eve",),
        lake={"Wide": resource("IAM::ManagedPolicy", ManagedPolicyName="Wide", PolicyDocument=document(*_BOTH))},
        other={"Eve": role("Eve", trusting(PEOPLE), ManagedPolicyArns=[sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/Wide")])},
    ),
    Leak(
        name="aws-managed",
        who="Eve",
        door="s3",
        without=("Eve",),
        lake={"Eve": role("Eve", trusting(PEOPLE), OPENS, ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"])},
    ),
    Leak(
        name="administrator",
        who="Eve",
        door="s3",
        without=("Eve",),
        lake={"Eve": role("Eve", trusting(PEOPLE), ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"])},
    ),
    Leak(
        name="power-user",
        who="Eve",
        door="s3",
        without=("Eve",),
        lake={"Eve": role("Eve", trusting(PEOPLE), ManagedPolicyArns=["arn:aws:iam::aws:policy/PowerUserAccess"])},
    ),
    Leak(
        name="boundary-that-does-not-bind",
        who="Eve",
        door="s3",
        without=("Eve",),
        lake={"Bound": _BOUNDARY, "Eve": role("Eve", trusting(PEOPLE), *_BOTH, PermissionsBoundary={"Ref": "Bound"})},
    ),
    Leak(
        name="role-policy-resource",
        who="Developer",
        door="s3",
        without=("Own",),
        lake={"Own": resource("IAM::RolePolicy", PolicyName="P", RoleName="Developer", PolicyDocument=document(*_BOTH))},
    ),
    Leak(
        name="generated-name",
        who="Hidden",
        door="s3",
        without=("Hidden",),
        lake={
            "Hidden": resource(
                "IAM::Role", AssumeRolePolicyDocument=trusting(PEOPLE), Policies=[{"PolicyName": "P", "PolicyDocument": document(*_BOTH)}]
            )
        },
    ),
)

LEAKS: Final = (*BY_STATEMENT, *KEYED, *BUCKETS, *ATTACHED)
