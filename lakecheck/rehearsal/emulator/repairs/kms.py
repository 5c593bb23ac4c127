"""KMS: key policies that close a key to everybody, and how often keys rotate."""

from __future__ import annotations

import json
from typing import Any

from moto.kms import responses
from moto.kms.models import Key

_YEAR = 365
"""Days between rotations where nobody says otherwise: https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html"""


def install() -> None:
    """Mends moto's KMS."""
    # A Deny of kms:DescribeKey refuses everybody in moto, whatever its principal and condition; no other policy is enforced here.
    responses.validate_policy = lambda _key, _action: None
    _rotation_period()
    _metadata()


def _metadata() -> None:
    """Keys of moto do not say what they are used for, nor whether they are of one Region, where nobody said so when they were made."""
    original = Key.to_dict

    def to_dict(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = original(self)
        metadata = told["KeyMetadata"]
        metadata.update(KeyUsage=metadata["KeyUsage"] or "ENCRYPT_DECRYPT", MultiRegion=bool(metadata["MultiRegion"]))
        return told

    Key.to_dict = to_dict


def _rotation_period() -> None:
    """Keys of moto rotate or do not; it forgets how often."""
    response: Any = responses.KmsResponse
    enable, status = response.enable_key_rotation, response.get_key_rotation_status

    def enable_key_rotation(self: Any) -> Any:
        answer = enable(self)
        _key(self).rotation_period = self._get_param("RotationPeriodInDays") or _YEAR
        return answer

    def get_key_rotation_status(self: Any) -> Any:
        told = json.loads(status(self))
        key = _key(self)
        if told["KeyRotationEnabled"]:
            told["RotationPeriodInDays"] = getattr(key, "rotation_period", _YEAR)
        return json.dumps({**told, "KeyId": key.id})

    response.enable_key_rotation, response.get_key_rotation_status = enable_key_rotation, get_key_rotation_status


def _key(response: Any) -> Any:
    backend = response.kms_backend
    return backend.keys[backend.any_id_to_key_id(response._get_param("KeyId"))]  # noqa: SLF001 - as moto itself does
