"""Leaks by other entrances to objects, and by copies of data that others leave."""

from __future__ import annotations

from typing import Any, Final

from tests.lakecheck.access.planted.lake import (
    CONSUMER,
    DATA,
    LAKE,
    OPENS,
    READS,
    REGION,
    RESULTS,
    TO_IAM,
    Leak,
    Template,
    allow,
    att,
    bucket,
    bucket_policy,
    document,
    key,
    policy,
    resource,
    role,
    service,
    trusting,
    workgroup,
)

_POINT: Final = f"arn:aws:s3:{REGION}:{LAKE}:accesspoint/side"
_TO_POINTS = allow("s3:*", [DATA, f"{DATA}/*"], Principal={"AWS": "*"}, Condition={"StringEquals": {"s3:DataAccessPointAccount": LAKE}})


def point(*statements: Template, **more: Any) -> Template:
    """An access point to the data."""
    return resource(
        "S3::AccessPoint", Name="side", Bucket={"Ref": "Data"}, **({"Policy": document(*statements)} if statements else {}), **more
    )


_OPEN_POINT = point(allow("s3:GetObject", f"{_POINT}/object/*", Principal={"AWS": f"arn:aws:iam::{LAKE}:role/Developer"}))

STORAGE: Final = (
    Leak(
        name="access-point-delegated",
        who="Developer",
        door="access_point",
        without=("Point",),
        lake={"Extra": policy(OPENS), "Policy": bucket_policy(_TO_POINTS), "Point": _OPEN_POINT},
    ),
    Leak(
        name="access-point-by-identity",
        who="Developer",
        door="access_point",
        without=("Policy",),
        lake={"Extra": policy(OPENS, allow("s3:GetObject", f"{_POINT}/object/*")), "Policy": bucket_policy(_TO_POINTS), "Point": point()},
    ),
    Leak(
        name="access-point-policy-resource",
        who="Developer",
        door="access_point",
        without=("Extra",),
        lake={
            "Extra": policy(
                OPENS,
                allow("s3:GetObject", "arn:aws:s3:*:*:accesspoint/*"),
                allow("s3:GetObject", f"{DATA}/*", Condition={"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:*"}}),
            ),
            "Point": point(),
        },
    ),
    Leak(
        name="access-point-other-account",
        who="Partner",
        door="access_point",
        without=("Key",),
        lake={
            "Policy": bucket_policy(_TO_POINTS),
            "Point": point(allow("s3:GetObject", f"{_POINT}/object/*", Principal={"AWS": f"arn:aws:iam::{CONSUMER}:root"})),
            "Key": key(TO_IAM, allow("kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{CONSUMER}:role/Partner"})),
        },
        consumer={"Extra": policy(allow("s3:GetObject", f"{_POINT}/*"), allow("kms:Decrypt"), to="Partner")},
    ),
    Leak(
        name="access-point-made-by-other-account",
        who="Partner",
        door="access_point",
        without=("Policy",),
        lake={
            "Policy": bucket_policy(
                allow("s3:*", [DATA, f"{DATA}/*"], Principal="*", Condition={"StringEquals": {"s3:DataAccessPointAccount": CONSUMER}})
            ),
            "Key": key(TO_IAM, allow("kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{CONSUMER}:role/Partner"})),
        },
        consumer={
            "Extra": policy(allow("s3:GetObject", "*"), allow("kms:Decrypt"), to="Partner"),
            "Point": resource("S3::AccessPoint", Name="theirs", Bucket="acme-lake-data", BucketAccountId=LAKE),
        },
    ),
    Leak(
        name="access-grant",
        who="Developer",
        door="access_grant",
        without=("Given",),
        lake={
            "Instance": resource("S3::AccessGrantsInstance"),
            "Where": resource("S3::AccessGrantsLocation", LocationScope="s3://", IamRoleArn=att("Granter")),
            "Granter": role("Granter", trusting(service("access-grants.s3")), READS, OPENS),
            "Given": resource(
                "S3::AccessGrant",
                AccessGrantsLocationId={"Ref": "Where"},
                Permission="READ",
                AccessGrantsLocationConfiguration={"S3SubPrefix": "acme-lake-data/sales/*"},
                Grantee={"GranteeType": "IAM", "GranteeIdentifier": att("Developer")},
            ),
            "Extra": policy(allow("s3:GetDataAccess")),
        },
    ),
    Leak(
        name="replica-other-stack",
        who="Developer",
        door="replica",
        without=("Extra",),
        lake={
            "Data": bucket(
                "acme-lake-data",
                VersioningConfiguration={"Status": "Enabled"},
                ReplicationConfiguration={
                    "Role": f"arn:aws:iam::{LAKE}:role/Copier",
                    "Rules": [{"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::acme-copy"}, "Prefix": ""}],
                },
            ),
            "Copier": role("Copier", trusting(service("s3")), allow("s3:*"), OPENS),
        },
        other={
            "Copy": resource("S3::Bucket", BucketName="acme-copy"),
            "Extra": resource(
                "IAM::Policy",
                PolicyName="E",
                Roles=["Developer"],
                PolicyDocument=document(allow("s3:GetObject", "arn:aws:s3:::acme-copy/*")),
            ),
        },
    ),
    Leak(
        name="replica-other-account",
        who="Partner",
        door="replica",
        without=("Extra",),
        lake={
            "Data": bucket(
                "acme-lake-data",
                VersioningConfiguration={"Status": "Enabled"},
                ReplicationConfiguration={
                    "Role": f"arn:aws:iam::{LAKE}:role/Copier",
                    "Rules": [
                        {
                            "Status": "Enabled",
                            "Destination": {"Bucket": "arn:aws:s3:::acme-copy", "Account": CONSUMER},
                            "Filter": {"Prefix": "sales/"},
                        }
                    ],
                },
            ),
            "Copier": role("Copier", trusting(service("s3")), allow("s3:*"), OPENS),
        },
        consumer={
            "Copy": resource("S3::Bucket", BucketName="acme-copy"),
            "Extra": policy(allow("s3:GetObject", "arn:aws:s3:::acme-copy/*"), to="Partner"),
        },
    ),
    Leak(
        name="job-temporary-folder",
        who="Developer",
        door="temporary_files",
        without=("Extra",),
        lake={
            "Temp": resource("S3::Bucket", BucketName="acme-temp"),
            "Job": resource(
                "Glue::Job",
                Name="load",
                Role={"Ref": "Loader"},
                DefaultArguments={"--TempDir": "s3://acme-temp/load/"},
                Command={"Name": "glueetl", "ScriptLocation": "s3://acme-lake-code/load.py"},
            ),
            "LoaderTemp": policy(allow("s3:*Object", "arn:aws:s3:::acme-temp/*"), to="Loader"),
            "Extra": policy(allow("s3:GetObject", "arn:aws:s3:::acme-temp/*")),
        },
    ),
    Leak(
        name="results-of-another-workgroup",
        who="Developer",
        door="athena_results",
        columns=("name",),
        without=("Extra",),
        lake={"Extra": policy(allow("s3:GetObject", f"{RESULTS}/*"), OPENS)},
    ),
    Leak(
        name="get-query-results",
        who="Developer",
        door="athena_results",
        columns=("name",),
        without=("Extra",),
        lake={"Extra": policy(allow("athena:GetQueryResults", "*"), allow("s3:GetObject", f"{RESULTS}/people/*"), OPENS)},
    ),
    Leak(
        name="managed-results",
        who="Developer",
        door="athena_results",
        columns=("name",),
        without=("Extra",),
        lake={
            "People": resource(
                "Athena::WorkGroup",
                Name="people",
                WorkGroupConfiguration={"EnforceWorkGroupConfiguration": True, "ManagedQueryResultsConfiguration": {"Enabled": True}},
            ),
            "Extra": policy(
                allow(["athena:GetQueryResults", "athena:GetQueryResultsStream"], f"arn:aws:athena:{REGION}:{LAKE}:workgroup/people")
            ),
        },
    ),
    Leak(
        name="workgroup-not-enforced",
        who="Developer",
        door="athena_results",
        columns=("name",),
        without=("Extra",),
        lake={
            "People": workgroup("people", "s3://acme-lake-results/people/", enforced=False),
            "Extra": policy(allow("s3:Get*", f"{RESULTS}/people/*"), allow("kms:Decrypt")),
        },
    ),
    Leak(
        name="public-bucket",
        who="anyone",
        door="s3",
        without=("Policy",),
        lake={
            "Data": resource(
                "S3::Bucket",
                BucketName="acme-lake-data",
                PublicAccessBlockConfiguration=dict.fromkeys(
                    ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), False
                ),
            ),
            "Policy": bucket_policy(allow("s3:GetObject", f"{DATA}/*", Principal="*")),
        },
    ),
)

LEAKS: Final = STORAGE
