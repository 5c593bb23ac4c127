"""Macie may open what the named keys encrypt, through S3 alone."""

from __future__ import annotations

from aws_cdk import aws_kms as kms

from constructs_lib.baseline import SensitiveDataAccess
from constructs_lib.storage import LakeKey
from tests.support import new_stack, resources, template


def test_the_named_keys_let_macie_decrypt_through_s3() -> None:
    """Its role is seen to first, because a key's policy cannot name one that is not there; other keys stay closed."""
    stack = new_stack()
    key, other = LakeKey(stack, "Key", description="restricted").key, LakeKey(stack, "Other", description="public").key
    SensitiveDataAccess(stack, "Macie", keys=[key], log_key=kms.Key(stack, "LogKey"))
    synthesized = template(stack)
    assert isinstance(other, kms.Key)
    statements = {
        name: statement
        for name, found in resources(synthesized, "AWS::KMS::Key").items()
        for statement in found["Properties"]["KeyPolicy"]["Statement"]
        if statement.get("Sid") == "AllowMacieToDecrypt"
    }
    ((name, statement),) = statements.items()
    assert name.startswith("Key")
    (role,) = resources(synthesized, "Custom::ServiceLinkedRole")
    assert statement["Principal"] == {"AWS": {"Fn::GetAtt": [role, "Arn"]}}
    assert statement["Action"] == "kms:Decrypt"
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": {"Fn::Join": ["", ["s3.eu-west-1.", {"Ref": "AWS::URLSuffix"}]]}}}
    assert resources(synthesized, "Custom::ServiceLinkedRole")[role]["Properties"]["RoleName"] == "AWSServiceRoleForAmazonMacie"
