"""The catalog is encrypted without shutting its readers out."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.baseline import CatalogEncryption
from tests.support import ACCOUNT, new_stack, resources, template


@pytest.fixture(scope="module")
def synthesized() -> dict[str, Any]:
    stack = new_stack()
    CatalogEncryption(stack, "Catalog")
    return template(stack)


def test_metadata_and_passwords_are_encrypted_with_our_key(synthesized: dict[str, Any]) -> None:
    """Both settings name the same key; Glue uses it as its own role."""
    (settings,) = resources(synthesized, "AWS::Glue::DataCatalogEncryptionSettings").values()
    (key_id,) = resources(synthesized, "AWS::KMS::Key")
    (role_id,) = resources(synthesized, "AWS::IAM::Role")
    assert settings["Properties"] == {
        "CatalogId": ACCOUNT,
        "DataCatalogEncryptionSettings": {
            "EncryptionAtRest": {
                "CatalogEncryptionMode": "SSE-KMS-WITH-SERVICE-ROLE",
                "CatalogEncryptionServiceRole": {"Fn::GetAtt": [role_id, "Arn"]},
                "SseAwsKmsKeyId": {"Fn::GetAtt": [key_id, "Arn"]},
            },
            "ConnectionPasswordEncryption": {"KmsKeyId": {"Fn::GetAtt": [key_id, "Arn"]}, "ReturnConnectionPasswordEncrypted": True},
        },
    }


def test_the_role_may_use_the_key_and_nothing_else(synthesized: dict[str, Any]) -> None:
    """Its one right stands in the key's policy; it has no policy of its own, and only Glue assumes it."""
    (key,) = resources(synthesized, "AWS::KMS::Key").values()
    (role,) = resources(synthesized, "AWS::IAM::Role").values()
    (role_id,) = resources(synthesized, "AWS::IAM::Role")
    (statement,) = [entry for entry in key["Properties"]["KeyPolicy"]["Statement"] if entry["Sid"] == "AllowCatalogRole"]
    assert statement["Principal"] == {"AWS": {"Fn::GetAtt": [role_id, "Arn"]}}
    assert statement["Action"] == ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
    assert role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "glue.amazonaws.com"}
    assert not {"Policies", "ManagedPolicyArns"} & set(role["Properties"])
    assert not resources(synthesized, "AWS::IAM::Policy")


def test_the_key_is_kept(synthesized: dict[str, Any]) -> None:
    """Without it the encrypted metadata could not be read again."""
    (key,) = resources(synthesized, "AWS::KMS::Key").values()
    assert key["DeletionPolicy"] == "Retain"
