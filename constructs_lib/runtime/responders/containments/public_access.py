"""Public access of a bucket or of a whole account, blocked in all four ways, and given back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ...custom_resources.retry import code_of
from ..access import ChangedSinceError, Need, NothingToDoError
from ..findings import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..access import Target

_BLOCKED = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)


class PublicAccess:
    """S3's public access block of a bucket or an account."""

    def look(self, target: Target) -> dict[str, Any]:
        """The block that is there, if any."""
        before = _Block(target).get()
        if before == _BLOCKED:
            msg = f"public access of {target.resource} is blocked already"
            raise NothingToDoError(msg)
        return {"block": before}

    def plan(self, target: Target, before: Mapping[str, Any]) -> str:
        """Says what it is instead of."""
        return f"block public access of {target.resource} in all four ways, instead of {before['block'] or 'none'}"

    def apply(self, target: Target, before: Mapping[str, Any]) -> dict[str, Any]:
        """Puts the block."""
        del before
        _Block(target).put(_BLOCKED)
        return {"block": _BLOCKED}

    def undo(self, target: Target, before: Mapping[str, Any]) -> str:
        """Gives back what was there, if the block is still the one that was put."""
        block = _Block(target)
        current, former = block.get(), before["block"]
        if current == former:
            return f"public access of {target.resource} was as before already"
        if current != _BLOCKED:
            msg = f"public access of {target.resource} was changed since, to {current}; it stays"
            raise ChangedSinceError(msg)
        if former is None:
            block.delete()
        else:
            block.put(former)
        return f"public access of {target.resource} is as before: {former or 'no block'}"


class _Block:
    """The two APIs as one."""

    def __init__(self, target: Target) -> None:
        account = target.resource.account
        if target.resource.kind == ACCOUNT:
            need = Need(("s3:GetAccountPublicAccessBlock", "s3:PutAccountPublicAccessBlock"), ["*"])
            self._client, self._which = target.client("s3control", need), {"AccountId": account}
        else:
            bucket = target.resource.name
            need = Need(("s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock"), [target.arn("s3", bucket, account="")])
            self._client, self._which = target.client("s3", need), {"Bucket": bucket, "ExpectedBucketOwner": account}

    def get(self) -> dict[str, bool] | None:
        try:
            found: dict[str, bool] = self._client.get_public_access_block(**self._which)["PublicAccessBlockConfiguration"]
        except ClientError as error:
            if code_of(error) == "NoSuchPublicAccessBlockConfiguration":
                return None
            raise
        return {name: bool(found.get(name)) for name in _BLOCKED}

    def put(self, block: Mapping[str, bool]) -> None:
        self._client.put_public_access_block(**self._which, PublicAccessBlockConfiguration=dict(block))

    def delete(self) -> None:
        self._client.delete_public_access_block(**self._which)
