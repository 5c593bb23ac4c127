"""Encryption of the account's Glue Data Catalog: a setting an account has one of in each Region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack, aws_glue as glue, aws_iam as iam
from constructs import Construct

from constructs_lib.core import trusted_service
from constructs_lib.storage import LakeKey

if TYPE_CHECKING:
    from aws_cdk import RemovalPolicy, aws_kms as kms


class CatalogEncryption(Construct):
    """Encrypts what the catalog stores from now on, and connection passwords, with a key of its own.

    Glue uses the key as a role of its own, so readers and writers of the catalog need no right on the key. (In the other mode,
    `SSE-KMS`, a principal without that right is denied every table, consumer accounts included.)

    See https://docs.aws.amazon.com/glue/latest/dg/encrypt-glue-data-catalog.html.

    Args:
        removal_policy: Of the key: RETAIN when left out; anything else needs `core.allow_destroy`. Without the key the encrypted
            metadata is lost.

    Raises:
        DataLakeError: `destroy_not_allowed`, see `core.removal_policy`.
    """

    def __init__(self, scope: Construct, construct_id: str, *, removal_policy: RemovalPolicy | None = None) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        role = iam.Role(
            self,
            "Role",
            assumed_by=trusted_service(self, "glue.amazonaws.com"),
            description="Glue encrypts and decrypts the Data Catalog as this role",
        )
        key = LakeKey(self, "Key", description="Glue Data Catalog", via_services=("glue",), removal_policy=removal_policy).key
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowCatalogRole",
                principals=[iam.ArnPrincipal(role.role_arn)],
                actions=["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
                resources=["*"],
            )
        )
        self.role: iam.IRole = role
        self.key: kms.IKey = key
        self.settings = glue.CfnDataCatalogEncryptionSettings(
            self,
            "Resource",
            catalog_id=stack.account,
            data_catalog_encryption_settings=glue.CfnDataCatalogEncryptionSettings.DataCatalogEncryptionSettingsProperty(
                encryption_at_rest=glue.CfnDataCatalogEncryptionSettings.EncryptionAtRestProperty(
                    catalog_encryption_mode="SSE-KMS-WITH-SERVICE-ROLE",
                    catalog_encryption_service_role=role.role_arn,
                    sse_aws_kms_key_id=key.key_arn,
                ),
                connection_password_encryption=glue.CfnDataCatalogEncryptionSettings.ConnectionPasswordEncryptionProperty(
                    kms_key_id=key.key_arn, return_connection_password_encrypted=True
                ),
            ),
        )
