"""No template, however bad, ends in a stack trace: every property of every type that is read, replaced by what has no business there."""

from __future__ import annotations

import random
from typing import Any

import pytest

from lakecheck.estate.compute import KINDS
from lakecheck.estate.protected import TYPES
from tests.lakecheck.estate.support import ARN, LAKE, allow, estate_of

JUNK: list[Any] = [
    None,
    "",
    "x",
    "arn:",
    f"{ARN}:iam",
    7,
    True,
    [],
    {},
    [None],
    [[]],
    [{}],
    ["x", 1],
    {"x": None},
    {"Ref": "Text"},
    {"Ref": "List"},
    {"Ref": "Nowhere"},
    {"Fn::GetAtt": ["Nowhere", "Arn"]},
    [{"Ref": "Text"}],
    {"Fn::If": ["Wanted", {"Ref": "AWS::NoValue"}, ["x"]]},
    "{",
]
READ: dict[str, tuple[str, ...]] = {
    "AWS::IAM::Role": ("RoleName", "Path", "AssumeRolePolicyDocument", "Policies", "ManagedPolicyArns", "PermissionsBoundary", "Tags"),
    "AWS::IAM::User": ("UserName", "Groups", "Policies", "ManagedPolicyArns", "Tags"),
    "AWS::IAM::Group": ("GroupName", "Policies", "ManagedPolicyArns"),
    "AWS::IAM::Policy": ("PolicyDocument", "Roles", "Users", "Groups"),
    "AWS::IAM::RolePolicy": ("PolicyDocument", "RoleName"),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument", "ManagedPolicyName", "Path", "Roles"),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName", "Roles"),
    "AWS::IAM::ServiceLinkedRole": ("AWSServiceName",),
    "AWS::IAM::UserToGroupAddition": ("GroupName", "Users"),
    "AWS::SSO::PermissionSet": (
        "Name",
        "InlinePolicy",
        "ManagedPolicies",
        "CustomerManagedPolicyReferences",
        "PermissionsBoundary",
    ),
    "AWS::SSO::Assignment": ("PermissionSetArn", "TargetId"),
    "AWS::S3::Bucket": (
        "BucketName",
        "BucketEncryption",
        "PublicAccessBlockConfiguration",
        "OwnershipControls",
        "ReplicationConfiguration",
        "VersioningConfiguration",
        "Tags",
    ),
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument"),
    "AWS::S3::AccessPoint": ("Name", "Bucket", "Policy", "VpcConfiguration"),
    "AWS::S3::MultiRegionAccessPoint": ("Regions",),
    "AWS::S3::MultiRegionAccessPointPolicy": ("MrapName", "Policy"),
    "AWS::S3::AccessGrantsLocation": ("LocationScope", "IamRoleArn"),
    "AWS::S3::AccessGrant": ("AccessGrantsLocationId", "AccessGrantsLocationConfiguration", "Grantee", "Permission"),
    "AWS::KMS::Key": ("KeyPolicy",),
    "AWS::KMS::Alias": ("AliasName", "TargetKeyId"),
    "AWS::Glue::Database": ("CatalogId", "DatabaseInput"),
    "AWS::Glue::Table": ("CatalogId", "DatabaseName", "Name", "TableInput", "OpenTableFormatInput"),
    "AWS::Glue::DataCatalogEncryptionSettings": ("CatalogId", "DataCatalogEncryptionSettings"),
    "AWS::LakeFormation::DataLakeSettings": ("Admins", "CreateTableDefaultPermissions", "MutationType", "Parameters"),
    "AWS::LakeFormation::Resource": ("ResourceArn", "RoleArn", "HybridAccessEnabled"),
    "AWS::LakeFormation::Permissions": ("DataLakePrincipal", "Resource", "Permissions"),
    "AWS::LakeFormation::PrincipalPermissions": ("Principal", "Resource", "Permissions", "PermissionsWithGrantOption", "Catalog"),
    "AWS::LakeFormation::Tag": ("TagKey", "TagValues", "CatalogId"),
    "AWS::LakeFormation::TagAssociation": ("Resource", "LFTags"),
    "AWS::LakeFormation::DataCellsFilter": ("ColumnNames", "ColumnWildcard", "RowFilter", "DatabaseName", "TableName", "Name"),
    "Custom::LakeFormationPermissions": ("Grants", "TagAssociations", "OptIns", "RevokeIamAllowedPrincipals"),
    "Custom::LakeFormationSettings": ("Admins", "ReadOnlyAdmins", "ExistingAdmins"),
    "Custom::LakeFormationCatalogPolicy": ("Statements",),
    "Custom::Other": ("ServiceToken", "Create", "InstallLatestAwsSdk"),
    "AWS::Lambda::Permission": ("FunctionName", "Principal", "Action", "SourceArn"),
    "AWS::Athena::WorkGroup": ("Name", "WorkGroupConfiguration"),
    "AWS::Redshift::Cluster": ("IamRoles",),
    "AWS::RedshiftServerless::Namespace": ("NamespaceName", "IamRoles"),
    "AWS::RedshiftServerless::Workgroup": ("NamespaceName",),
    "AWS::Organizations::Organization": ("FeatureSet",),
    "AWS::Organizations::OrganizationalUnit": ("Name", "ParentId"),
    "AWS::Organizations::Account": ("ParentIds",),
    "AWS::Organizations::Policy": ("Type", "Content", "TargetIds"),
    "AWS::EC2::VPCEndpoint": ("PolicyDocument",),
    "AWS::RAM::ResourceShare": ("ResourceArns",),
    "AWS::Transfer::User": ("Role", "Policy"),
    **{type_: tuple({kind.role[0] for kind in kinds} | {"Code", "Command", "DefaultArguments"}) for type_, kinds in KINDS.items()},
    **dict.fromkeys(TYPES, ("Name",)),
}
DEEP: dict[str, Any] = {
    "DatabaseInput": lambda junk: {"Name": junk, "TargetDatabase": junk, "CreateTableDefaultPermissions": [junk]},
    "TableInput": lambda junk: {"Name": junk, "StorageDescriptor": {"Columns": [junk], "Location": junk}, "TargetTable": junk},
    "OpenTableFormatInput": lambda junk: {"IcebergInput": {"IcebergTableInput": {"Schema": {"Fields": [junk]}, "Properties": junk}}},
    "Grants": lambda junk: [{"Principal": junk, "Resource": {"Table": junk}, "Permissions": junk}],
    "OptIns": lambda junk: [{"Principal": {"DataLakePrincipalIdentifier": junk}, "Resource": {"LFTagPolicy": junk}}],
    "TagAssociations": lambda junk: [{"Resource": {"TableWithColumns": {"ColumnNames": junk}}, "LFTags": [junk]}],
    "Resource": lambda junk: {"TableWithColumns": {"ColumnWildcard": junk}, "Unheard": junk},
    "LFTags": lambda junk: [{"TagKey": junk, "TagValues": junk}],
    "BucketEncryption": lambda junk: {"ServerSideEncryptionConfiguration": junk},
    "ReplicationConfiguration": lambda junk: {"Rules": junk},
    "WorkGroupConfiguration": lambda junk: {"ResultConfiguration": junk, "ManagedQueryResultsConfiguration": junk},
    "Policies": lambda junk: [{"PolicyName": junk, "PolicyDocument": junk}],
}
SECTIONS = {
    "Parameters": {"Text": {"Type": "String"}, "List": {"Type": "CommaDelimitedList"}},
    "Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "Text"}, "x"]}},
}


@pytest.mark.parametrize("seed", range(60))
def test_no_template_ends_in_a_stack_trace(seed: int) -> None:
    """Each seed puts junk into all properties of all types together, at the top or deeper."""
    chance = random.Random(seed)  # noqa: S311
    resources: dict[str, Any] = {}
    for number, (type_, keys) in enumerate(READ.items()):
        properties: dict[str, Any] = {}
        for key in keys:
            junk = chance.choice(JUNK)
            properties[key] = DEEP[key](junk) if key in DEEP and chance.random() < 0.5 else junk
        resources[f"R{number}"] = (type_, properties)
    found = estate_of(resources, **SECTIONS)
    assert LAKE in found.accounts


@pytest.mark.parametrize("junk", [None, "x", 7, [], [{}]])
def test_properties_that_are_none(junk: Any) -> None:
    """Properties that are no object at all, of every type."""
    found = estate_of({f"R{number}": {"Type": type_, "Properties": junk} for number, type_ in enumerate(READ)}, **SECTIONS)
    assert LAKE in found.accounts


def test_a_policy_document_that_is_text() -> None:
    """JSON in a text is a document, as AWS takes it."""
    text = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}'
    (policy,) = [
        each
        for principal in estate_of({"P": ("AWS::IAM::Policy", {"PolicyName": "p", "PolicyDocument": text, "Roles": ["R"]})}).principals
        for each in principal.policies
    ]
    assert policy.statements[0].actions == tuple(allow("s3:GetObject")["Statement"][0]["Action"])
