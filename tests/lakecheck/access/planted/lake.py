"""A lake of plain CloudFormation over two accounts in which everything is as it should be, and the words to plant a leak in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Template = dict[str, Any]

LAKE, CONSUMER, MANAGEMENT, STRANGER = "444455556666", "777788889999", "111111111111", "999999999999"
REGION = "eu-west-1"
DATA = "arn:aws:s3:::acme-lake-data"
RESULTS = "arn:aws:s3:::acme-lake-results"
CODE = "arn:aws:s3:::acme-lake-code"
CUSTOMERS = "sales.customers"


@dataclass(frozen=True, kw_only=True)
class Leak:
    """One change to the lake, and what has to be told of it.

    Attributes:
        name: Its name among the tests.
        lake: Resources of the lake's stack that are added or replaced; None takes one away.
        other: Those of a second stack in the same account.
        consumer: Those of the consumer's stack.
        management: Those of the management account's stack.
        without: What of `lake`, `other`, `consumer` and `management` is left as it was for the half of the leak that leaks nothing, by id.
        who: Name of the principal that gains.
        door: The door through which the data leaves.
        way: The doors of the steps before.
        action: What it gains.
        dataset: Of what.
        columns: Which columns; None for whole datasets.
        supplement: What estate.yaml says beside.
        verdict: Of the invariant that nobody does it.
    """

    name: str
    who: str
    door: str
    lake: Template = field(default_factory=dict)
    other: Template = field(default_factory=dict)
    consumer: Template = field(default_factory=dict)
    management: Template = field(default_factory=dict)
    without: tuple[str, ...] = ()
    way: tuple[str, ...] = ()
    action: str = "read"
    dataset: str = CUSTOMERS
    columns: tuple[str, ...] | None = None
    supplement: Template = field(default_factory=dict)
    verdict: str = "REFUTED"


def att(logical_id: str, name: str = "Arn") -> Template:
    """`Fn::GetAtt`."""
    return {"Fn::GetAtt": [logical_id, name]}


def sub(text: str) -> Template:
    """`Fn::Sub`."""
    return {"Fn::Sub": text}


def allow(action: Any, resource: Any = "*", **more: Any) -> Template:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> Template:
    """A statement that denies."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def document(*statements: Template) -> Template:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def resource(kind: str, **properties: Any) -> Template:
    """A resource."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def trusting(principal: Template | str, **more: Any) -> Template:
    """A trust policy."""
    return document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **more})


def service(name: str) -> Template:
    """A service principal."""
    return {"Service": f"{name}.amazonaws.com"}


def role(name: str, trust: Template, *statements: Template, **more: Any) -> Template:
    """A role with an inline policy."""
    policies = [{"PolicyName": "Own", "PolicyDocument": document(*statements)}] if statements else []
    return resource("IAM::Role", RoleName=name, AssumeRolePolicyDocument=trust, Policies=policies, **more)


def policy(*statements: Template, to: str = "Developer", **more: Any) -> Template:
    """A policy of a role, `Developer` unless said otherwise."""
    return resource("IAM::Policy", PolicyName="Extra", PolicyDocument=document(*statements), Roles=[{"Ref": to}], **more)


def bucket(name: str, **more: Any) -> Template:
    """A private bucket under the lake's key."""
    blocked = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    rule = {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": att("Key")}}
    properties = {
        "BucketName": name,
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]},
        "PublicAccessBlockConfiguration": blocked,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    }
    return resource("S3::Bucket", **{**properties, **more})


def bucket_policy(*statements: Template, of: str = "Data") -> Template:
    """A bucket policy."""
    return resource("S3::BucketPolicy", Bucket={"Ref": of}, PolicyDocument=document(*statements))


def key(*statements: Template) -> Template:
    """The lake's key."""
    return resource("KMS::Key", KeyPolicy=document(*statements))


def table(name: str, *columns: str, location: str = "", **more: Any) -> Template:
    """A Hive table."""
    where = location or f"s3://${{Data}}/sales/{name}/"
    descriptor = {"Columns": [{"Name": column, "Type": "string"} for column in columns], "Location": sub(where)}
    given = {"Name": name, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": descriptor, **more}
    return resource("Glue::Table", CatalogId={"Ref": "AWS::AccountId"}, DatabaseName={"Ref": "Database"}, TableInput=given)


def grant(whom: Any, on: Template, *permissions: str, grantable: tuple[str, ...] = ()) -> Template:
    """A Lake Formation grant in its newer form."""
    return resource(
        "LakeFormation::PrincipalPermissions",
        Principal={"DataLakePrincipalIdentifier": whom},
        Resource=on,
        Permissions=list(permissions),
        PermissionsWithGrantOption=list(grantable),
    )


def on_table(name: str = "customers", **more: Any) -> Template:
    """A table, for a grant."""
    return {"Table": {"CatalogId": LAKE, "DatabaseName": "sales", "Name": name, **more}}


def on_columns(name: str = "customers", **more: Any) -> Template:
    """Columns of a table, for a grant."""
    return {"TableWithColumns": {"CatalogId": LAKE, "DatabaseName": "sales", "Name": name, **more}}


def on_database(**more: Any) -> Template:
    """The database, for a grant."""
    return {"Database": {"CatalogId": LAKE, "Name": "sales", **more}}


PEOPLE = {"AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")}
TO_IAM = allow("kms:*", Principal=PEOPLE)
QUERIES = allow(
    [
        "athena:StartQueryExecution",
        "athena:GetQueryExecution",
        "athena:GetQueryResults",
        "athena:GetWorkGroup",
        "glue:GetDatabase",
        "glue:GetTable",
        "glue:GetTables",
        "glue:GetPartitions",
        "lakeformation:GetDataAccess",
    ]
)
WRITES_RESULTS = allow(["s3:PutObject", "s3:GetObject", "s3:GetBucketLocation"], [RESULTS, f"{RESULTS}/people/*"])
OPENS = allow("kms:Decrypt", att("Key"))
READS = allow("s3:GetObject", f"{DATA}/*")


def workgroup(name: str, output: str, *, enforced: bool = True) -> Template:
    """An Athena workgroup."""
    configuration = {"EnforceWorkGroupConfiguration": enforced, "ResultConfiguration": {"OutputLocation": output}}
    return resource("Athena::WorkGroup", Name=name, WorkGroupConfiguration=configuration)


BASE: Template = {
    "Key": key(TO_IAM),
    "Data": bucket("acme-lake-data"),
    "Results": bucket("acme-lake-results"),
    "Code": bucket("acme-lake-code"),
    "Database": resource("Glue::Database", CatalogId={"Ref": "AWS::AccountId"}, DatabaseInput={"Name": "sales"}),
    "Customers": table("customers", "id", "name", "email"),
    "Orders": table("orders", "id", "total"),
    "Settings": resource("LakeFormation::DataLakeSettings", Admins=[{"DataLakePrincipalIdentifier": att("Admin")}]),
    "Location": resource("LakeFormation::Resource", ResourceArn=att("Data"), RoleArn=att("Reader"), UseServiceLinkedRole=False),
    "Reader": role(
        "LakeReader",
        trusting(service("lakeformation")),
        allow(["s3:GetObject", "s3:PutObject"], f"{DATA}/*"),
        allow("s3:ListBucket", DATA),
        allow(["kms:Decrypt", "kms:GenerateDataKey"], att("Key")),
    ),
    "Admin": role("LakeAdmin", trusting({"AWS": f"arn:aws:iam::{LAKE}:saml-provider/none"}), allow("lakeformation:*"), allow("glue:Get*")),
    "Loader": role("Loader", trusting(service("glue")), allow(["s3:GetObject", "s3:PutObject"], f"{DATA}/*"), OPENS),
    "Job": resource(
        "Glue::Job",
        Name="load",
        Role={"Ref": "Loader"},
        Command={"Name": "glueetl", "ScriptLocation": f"{CODE.replace('arn:aws:s3:::', 's3://')}/load.py"},
    ),
    "People": workgroup("people", "s3://acme-lake-results/people/"),
    "Analyst": role("Analyst", trusting(PEOPLE), QUERIES, WRITES_RESULTS, allow(["kms:Decrypt", "kms:GenerateDataKey"], att("Key"))),
    "AnalystReads": grant(att("Analyst"), on_columns(ColumnNames=["id", "name"]), "SELECT"),
    "Developer": role("Developer", trusting(PEOPLE), allow("logs:*")),
    "Engineer": role("Engineer", trusting(PEOPLE), QUERIES),
    "Team": resource("IAM::Group", GroupName="Team"),
    "Bob": resource("IAM::User", UserName="Bob", Groups=[{"Ref": "Team"}]),
}

CONSUMER_BASE: Template = {
    "Partner": role("Partner", trusting(PEOPLE), allow("logs:*")),
    "Querier": role("Querier", trusting(PEOPLE), QUERIES),
}

CLOSED: Template = {"databases": {"sales": False}, "tables": {"sales.*": False}}
NOBODY_ELSE = {"account": LAKE, "region": REGION, "no_other_admins": True, "iam_allowed_principals": CLOSED}
ALLOWED = ("LakeReader", "LakeAdmin", "Loader")
"""Who may read everything: the machinery, and whoever administers it."""
