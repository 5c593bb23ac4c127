"""What the pages of a dozen resource types say about names, replacement and content: a table that the oracle goes by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT: Final = "444455556666"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """What the pages of a resource type say.

    Attributes:
        arn: Its ARN; `{}` is the name.
        name: Where the template may fix the name.
        replaces: Properties that say "Update requires: Replacement", the name's among them.
        identity: Properties that say what it is where it has no name; nothing else may be the same at once.
        holds: Whether there is something in it.
        refuses: Properties whose change CloudFormation refuses.
        deletes_first: Whether a replacement deletes first (`replacementStrategy` of the resource's schema).
    """

    arn: str = "{}"
    name: str = ""
    replaces: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    holds: bool = False
    refuses: tuple[str, ...] = ()
    deletes_first: bool = False


CUSTOM: Final = "Custom::LakeFormationPermissions"
GRANT: Final = "AWS::LakeFormation::PrincipalPermissions"
ASSOCIATION: Final = "AWS::LakeFormation::TagAssociation"
TAG: Final = "AWS::LakeFormation::Tag"
FILTER: Final = "AWS::LakeFormation::DataCellsFilter"
LOCATION: Final = "AWS::LakeFormation::Resource"
DATABASE: Final = "AWS::Glue::Database"
TABLE: Final = "AWS::Glue::Table"
ROLE: Final = "AWS::IAM::Role"
KEY: Final = "AWS::KMS::Key"

KINDS: Final[Mapping[str, Kind]] = {
    "AWS::S3::Bucket": Kind(arn="arn:aws:s3:::{}", name="BucketName", replaces=("BucketName",), holds=True),
    "AWS::DynamoDB::Table": Kind(
        arn=f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{{}}", name="TableName", replaces=("TableName", "KeySchema"), holds=True
    ),
    "AWS::Logs::LogGroup": Kind(
        arn=f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:{{}}:*", name="LogGroupName", replaces=("LogGroupName",), holds=True
    ),
    "AWS::SQS::Queue": Kind(arn=f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{{}}", name="QueueName", replaces=("QueueName", "FifoQueue"), holds=True),
    "AWS::SNS::Topic": Kind(arn=f"arn:aws:sns:eu-west-1:{ACCOUNT}:{{}}", name="TopicName", replaces=("TopicName",)),
    KEY: Kind(arn=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{{}}", holds=True, refuses=("MultiRegion",)),
    ROLE: Kind(arn=f"arn:aws:iam::{ACCOUNT}:role/{{}}", name="RoleName", replaces=("RoleName", "Path")),
    DATABASE: Kind(name="DatabaseInput.Name", replaces=("DatabaseInput.Name", "CatalogId"), holds=True),
    TABLE: Kind(
        name="TableInput.Name",
        replaces=("DatabaseName", "TableInput.Name", "CatalogId"),
        identity=("DatabaseName", "TableInput.Name"),
        holds=True,
    ),
    GRANT: Kind(replaces=("Principal", "Resource", "Permissions", "PermissionsWithGrantOption"), deletes_first=True),
    ASSOCIATION: Kind(replaces=("Resource", "LFTags"), deletes_first=True),
    TAG: Kind(replaces=("TagKey",), identity=("TagKey",), deletes_first=True),
    FILTER: Kind(
        replaces=("DatabaseName", "TableName", "Name", "TableCatalogId"), identity=("DatabaseName", "TableName", "Name"), deletes_first=True
    ),
    LOCATION: Kind(replaces=("ResourceArn",), identity=("ResourceArn",)),
    CUSTOM: Kind(refuses=("ServiceToken",)),
}
