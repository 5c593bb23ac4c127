"""KMS keys with their policies and aliases, and which key a property means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.estate.arns import parts
from lakecheck.estate.model import Key
from lakecheck.estate.sources import arn_of, text
from lakecheck.iam.documents import PolicyKind
from lakecheck.values import shown

if TYPE_CHECKING:
    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.sources import Sources

NOT_DEFINED: Final = "no template defines the key"
_AWS: Final = "alias/aws/"


class Keys:
    """The keys that templates define, and where each is found by id, alias or ARN.

    A key without a policy gets AWS's default one, which lets the account's IAM decide about everything.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html

    Args:
        sources: The resources.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._by_name: dict[tuple[str, str, str], str] = {}
        resources = {arn_of(each, "kms", f"key/{each.ref}"): each for each in sources.of("AWS::KMS::Key", "AWS::KMS::ReplicaKey")}
        for arn, resource in resources.items():
            self._by_name[resource.account, resource.region, resource.ref] = arn
            self._by_name[resource.account, resource.region, arn] = arn
        aliases: dict[str, list[str]] = {}
        for alias in sources.of("AWS::KMS::Alias"):
            name = text(alias.properties.get("AliasName"), alias.ref)
            target = self.arn(text(alias.properties.get("TargetKeyId")), alias.account, alias.region)
            self._by_name[alias.account, alias.region, name] = target
            aliases.setdefault(target, []).append(name)
        self.found = tuple(self._key(arn, resource, tuple(aliases.get(arn, ()))) for arn, resource in resources.items())

    def arn(self, key: str, account: str, region: str) -> str:
        """The ARN of the key that a property names by id, ARN, alias or the alias's ARN; empty for AWS's own keys."""
        if not key:
            return ""
        split = parts(key)
        name = split[4] if split is not None else key
        if split is not None:
            region, account = split[2], split[3]
        if name.startswith(_AWS):
            return ""
        if name.startswith("alias/"):
            return self._by_name.get((account, region, name)) or f"arn:{self._sources.partition(account)}:kms:{region}:{account}:{name}"
        if split is not None:
            return key
        found = self._by_name.get((account, region, key))
        return found if found is not None else f"arn:{self._sources.partition(account)}:kms:{region}:{account}:key/{key}"

    def _key(self, arn: str, resource: Resource, aliases: tuple[str, ...]) -> Key:
        document = resource.properties.get("KeyPolicy")
        if document is None:
            document = default_key_policy(resource.partition, resource.account)
        name = f"key policy of {shown(str(resource.origin))}"
        return Key(
            arn=arn,
            account=resource.account,
            policy=self._sources.policy(document, name=name, origin=resource.origin, kind=PolicyKind.RESOURCE),
            aliases=aliases,
            origin=resource.origin,
        )


def default_key_policy(partition: str, account: str) -> dict[str, object]:
    """The policy that a key made without one has."""
    root = f"arn:{partition}:iam::{account}:root"
    statement = {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}
