"""Where templates have policies: of resources, of roles that may be assumed, of identities, of organisations; a table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.reading import MISSING, at, is_empty, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Carrier:
    """A property with a policy.

    Attributes:
        path: The property; the whole resource when empty.
        of: The property that names what the policy protects; empty when it is the resource itself.
        opens: What it opens, for people.
        read: Makes the document of the properties; what stands at the path when left out.
        default: The document that holds where none is stated; nobody is let in when left out.
    """

    path: str
    of: str = ""
    opens: str = "the resource"
    read: Callable[[Mapping[str, Any]], Any] | None = None
    default: Mapping[str, Any] | None = None

    def stated(self, properties: Mapping[str, Any]) -> Any:
        """The policy's document; None when there is none."""
        return self.read(properties) if self.read is not None else parsed(at(properties, self.path))

    def document(self, properties: Mapping[str, Any]) -> Any:
        """The document that holds; None when nobody is let in."""
        found = self.stated(properties)
        return self.default if found is MISSING else found


def parsed(document: Any) -> Any:
    """A document that may be text."""
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        return document


def _permission(properties: Mapping[str, Any]) -> Any:
    """The statement that a Lambda permission stands for."""
    principal = properties.get("Principal")
    is_service = isinstance(principal, str) and "." in principal and ":" not in principal
    conditions: dict[str, dict[str, Any]] = {}
    for name, operator, key in (
        ("SourceArn", "ArnLike", "aws:SourceArn"),
        ("SourceAccount", "StringEquals", "aws:SourceAccount"),
        ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("OrganizationId", "StringEquals", "aws:PrincipalOrgID"),
        ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ):
        if not is_empty(properties.get(name)):
            conditions.setdefault(operator, {})[key] = properties[name]
    whom = principal if principal in ("*", MISSING) else {"Service" if is_service else "AWS": principal}
    statement = {"Effect": "Allow", "Principal": whom, "Action": properties.get("Action"), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement | ({"Condition": conditions} if conditions else {})]}


def _of(path: str, of: str = "", opens: str = "the resource") -> Carrier:
    return Carrier(path=path, of=of, opens=opens)


_OBJECTS: Final = "what is in the bucket"
_KEY: Final = "the key, and what is encrypted with it"

_ANY_CLIENT: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "elasticfilesystem:Client*",
            "Resource": "*",
            "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
        }
    ],
}
"""Without a policy a file system lets in everybody who reaches a mount target.

https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html#default-filesystempolicy
"""

RESOURCE_POLICIES: Final[Mapping[str, Carrier]] = {
    "AWS::S3::BucketPolicy": _of("PolicyDocument", "Bucket", _OBJECTS),
    "AWS::S3::AccessPoint": _of("Policy", "", _OBJECTS),
    "AWS::S3::MultiRegionAccessPointPolicy": _of("Policy", "MrapName", _OBJECTS),
    "AWS::S3Express::BucketPolicy": _of("PolicyDocument", "Bucket", _OBJECTS),
    "AWS::S3Tables::TableBucketPolicy": _of("ResourcePolicy", "TableBucketARN", "the tables in the bucket"),
    "AWS::S3Tables::TablePolicy": _of("ResourcePolicy", "TableARN", "the table"),
    "AWS::KMS::Key": _of("KeyPolicy", "", _KEY),
    "AWS::KMS::ReplicaKey": _of("KeyPolicy", "", _KEY),
    "AWS::SQS::QueuePolicy": _of("PolicyDocument", "Queues", "the queue's messages"),
    "AWS::SQS::QueueInlinePolicy": _of("PolicyDocument", "Queue", "the queue's messages"),
    "AWS::SNS::TopicPolicy": _of("PolicyDocument", "Topics", "the topic"),
    "AWS::SNS::TopicInlinePolicy": _of("PolicyDocument", "TopicArn", "the topic"),
    "AWS::SecretsManager::ResourcePolicy": _of("ResourcePolicy", "SecretId", "the secret"),
    "AWS::ECR::Repository": _of("RepositoryPolicyText", "", "the images"),
    "AWS::ECR::RegistryPolicy": _of("PolicyText", "", "the registry"),
    "AWS::EFS::FileSystem": Carrier(path="FileSystemPolicy", opens="the files", default=_ANY_CLIENT),
    "AWS::DynamoDB::Table": _of("ResourcePolicy.PolicyDocument", "", "the table"),
    "AWS::Kinesis::ResourcePolicy": _of("ResourcePolicy", "ResourceArn", "the stream"),
    "AWS::MSK::ClusterPolicy": _of("Policy", "ClusterArn", "the cluster"),
    "AWS::OpenSearchService::Domain": _of("AccessPolicies", "", "the indexes"),
    "AWS::Elasticsearch::Domain": _of("AccessPolicies", "", "the indexes"),
    "AWS::Backup::BackupVault": _of("AccessPolicy", "", "the backups"),
    "AWS::Events::EventBus": _of("Policy", "", "the bus"),
    "AWS::Glue::ResourcePolicy": _of("PolicyInJson", "", "the data catalog"),
    "Custom::LakeFormationCatalogPolicy": Carrier(
        path="Statements", opens="the data catalog", read=lambda properties: _statements(at(properties, "Statements"))
    ),
    "AWS::ApiGateway::RestApi": _of("Policy", "", "the API"),
    "AWS::CodeArtifact::Domain": _of("PermissionsPolicyDocument", "", "the packages"),
    "AWS::CodeArtifact::Repository": _of("PermissionsPolicyDocument", "", "the packages"),
    "AWS::Logs::ResourcePolicy": _of("PolicyDocument", "PolicyName", "the logs"),
    "AWS::Logs::Destination": _of("DestinationPolicy", "", "the destination of logs"),
    "AWS::CloudTrail::ResourcePolicy": _of("ResourcePolicy", "ResourceArn", "the trail's events"),
    "AWS::SSM::ResourcePolicy": _of("Policy", "ResourceArn", "the parameter"),
    "AWS::Redshift::Cluster": _of("NamespaceResourcePolicy", "", "the namespace"),
    "AWS::RedshiftServerless::Namespace": _of("NamespaceResourcePolicy", "", "the namespace"),
    "AWS::VpcLattice::AuthPolicy": _of("Policy", "ResourceIdentifier", "the service"),
    "AWS::Organizations::ResourcePolicy": _of("Content", "", "the organisation"),
    "AWS::Lambda::Permission": Carrier(path="", of="FunctionName", opens="the function", read=_permission),
    "AWS::Lambda::LayerVersionPermission": Carrier(path="", of="LayerVersionArn", opens="the layer", read=_permission),
    "AWS::IAM::Role": _of("AssumeRolePolicyDocument", "", "the role, and all that it may do"),
}  # fmt: skip
"""Policies that name principals, by type of resource."""


def _statements(value: Any) -> Any:
    return MISSING if value is MISSING else {"Version": "2012-10-17", "Statement": value}


IDENTITY_POLICIES: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::IAM::Policy": ("PolicyDocument",),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument",),
    "AWS::IAM::RolePolicy": ("PolicyDocument",),
    "AWS::IAM::UserPolicy": ("PolicyDocument",),
    "AWS::IAM::GroupPolicy": ("PolicyDocument",),
    "AWS::IAM::Role": ("Policies",),
    "AWS::IAM::User": ("Policies",),
    "AWS::IAM::Group": ("Policies",),
    "AWS::SSO::PermissionSet": ("InlinePolicy",),
}
"""Policies of identities, by type of resource."""

MANAGED: Final = ("ManagedPolicyArns", "ManagedPolicies")
"""Properties that name managed policies."""

ATTACHED: Final = ("Roles", "Users", "Groups", "RoleName", "UserName", "GroupName")
"""Properties of a policy that name whom it is attached to."""

WIDE_MANAGED: Final = ("AdministratorAccess", "PowerUserAccess", "AWSLakeFormationDataAdmin")
"""Managed policies that give a lot; those that end in `FullAccess` as well."""

ADMINISTRATION: Final = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "lakeformation:GrantPermissions",
    "lakeformation:BatchGrantPermissions",
    "lakeformation:PutDataLakeSettings",
    "organizations:DetachPolicy",
    "organizations:UpdatePolicy",
    "organizations:LeaveOrganization",
    "sso:PutInlinePolicyToPermissionSet",
)
"""Actions with which somebody gives out rights, to others or to himself, or makes data unreadable."""

ADMINISTRATION_OF_ALL: Final = ("iam:PassRole", "sts:AssumeRole")
"""Actions that are administration where they are for every resource."""


def documents(properties: Mapping[str, Any], path: str) -> Any:
    """An identity's policy as one document; the statements of all of a list of inline policies."""
    found = at(properties, path)
    if path != "Policies":
        return parsed(found)
    if not isinstance(found, list):
        return found
    statements = [each for policy in objects(found) for each in _listed(at(parsed(policy.get("PolicyDocument")), "Statement"))]
    return {"Version": "2012-10-17", "Statement": statements} if statements else MISSING


def _listed(value: Any) -> list[Any]:
    return [] if value is MISSING else value if isinstance(value, list) else [value]
