"""What there can be only once: the name or identifier that a resource claims in its account and Region.

CloudFormation makes new resources before it deletes old ones, so that two resources, one of them about to go, must not claim the same.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.identity_table import KINDS
from lakecheck.estate.catalog import CATALOG_POLICY
from lakecheck.estate.lake_formation import SETTINGS
from lakecheck.upgrade.comparison.nodes import at_path, named_by
from lakecheck.upgrade.comparison.schemas import facts
from lakecheck.upgrade.identity.unique_table import OPTIONAL, UNIQUE
from lakecheck.values import Unknown, has_hole, holes, shown, unknowns

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakecheck.upgrade.model import Node

_REVISIONED: Final = frozenset({"AWS::ECS::TaskDefinition", "AWS::Batch::JobDefinition", "AWS::Lambda::LayerVersion"})
"""Types whose name may be given again: each new one is another revision."""

_JUDGED_ELSEWHERE: Final = frozenset({"AWS::LakeFormation::PrincipalPermissions", "AWS::LakeFormation::TagAssociation"})
"""Their rights are compared one by one by `lost_access`."""

_LEAVE_OUT: Final = frozenset({"AWS::IAM::Policy"})
"""Types of whose identifier a part may be left out."""

_WORLDWIDE: Final = frozenset({"AWS::S3::Bucket"})
_IN_ALL_REGIONS: Final = ("AWS::IAM::", "AWS::Organizations::", "AWS::CloudFront::", "AWS::Route53::")

_SINGLETONS: Final = {
    "AWS::LakeFormation::DataLakeSettings": "the Lake Formation settings",
    SETTINGS: "the Lake Formation settings",
    "AWS::Glue::DataCatalogEncryptionSettings": "the encryption settings of the catalog",
    "AWS::GuardDuty::Detector": "the GuardDuty detector",
    "AWS::Config::ConfigurationRecorder": "the recorder of AWS Config",
    "AWS::Config::DeliveryChannel": "the delivery channel of AWS Config",
    "AWS::SecurityHub::Hub": "the hub of Security Hub",
    "AWS::Macie::Session": "the Macie session",
    "AWS::ApiGateway::Account": "the settings of API Gateway",
}
"""What an account has once in each Region."""

_PART: Final = "the same statements of the catalog's policy"

_TAKES_OVER: Final = frozenset(
    {
        "AWS::LakeFormation::DataLakeSettings",
        SETTINGS,
        CATALOG_POLICY,
        "AWS::Glue::DataCatalogEncryptionSettings",
        "AWS::ApiGateway::Account",
        "AWS::IAM::Policy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "Custom::S3BucketNotifications",
    }
)
"""Types whose creation writes over what is there instead of failing."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one resource claims; equal for those that cannot be there together.

    Attributes:
        kind: The type, or what types share that claim the same.
        account: Where; empty for what is unique in the world.
        region: Where; empty for what is unique in the account.
        identity: The name, or the values of the identifier.
    """

    kind: str
    account: str
    region: str
    identity: str

    @property
    def holes(self) -> tuple[str, ...]:
        """What is not known in the identity, by what it is called."""
        values = json.loads(self.identity) if self.identity else []
        return tuple(dict.fromkeys(each for value in values if isinstance(value, str) for each in holes(value)))

    @property
    def label(self) -> str:
        """The claim for people."""
        if self.kind in _SINGLETONS.values():
            return self.kind
        values = json.loads(self.identity)
        if self.kind == CATALOG_POLICY:
            return str(values[0])
        if len(values) == 1 or (self.kind in KINDS and self.kind not in UNIQUE):
            return f"the name {shown(values[0])!r}"
        return f"the identity {' | '.join(shown(each) for each in values if each)}"


def takes_over(type_name: str) -> bool:
    """Whether making one writes over what is there, so that the old one's deletion takes the new one's work away."""
    return type_name in _TAKES_OVER


def claim(node: Node, called: Callable[[Any], Any] | None = None) -> Claim | None:
    """What a resource claims; None for one whose name is made up, and for types that may be there any number of times.

    Args:
        node: The resource.
        called: Gives a text of BASE as HEAD would have it; needed for nodes of BASE.
    """
    resource = node.resource
    singleton = _SINGLETONS.get(resource.type)
    if singleton is not None:
        return Claim(singleton, *_place(node), "")
    if resource.type in _REVISIONED | _JUDGED_ELSEWHERE:
        return None
    found = _identity(node)
    if not found or any(not isinstance(each, str) or unknowns(each) for each in found):
        return None
    values = [each if called is None else called(each) for each in found]
    account, region = _place(node)
    if resource.type in _WORLDWIDE:
        account = region = ""
    elif resource.type.startswith(_IN_ALL_REGIONS):
        region = ""
    return Claim(resource.type, account, region, json.dumps(values))


def _place(node: Node) -> tuple[str, str]:
    """Account and Region; stacks of two Stages that are bound to none are not taken for neighbours."""
    account, region = node.resource.account, node.resource.region
    return (f"{account} {node.stack.environment}" if has_hole(account) else account), region


def _identity(node: Node) -> list[Any]:
    """The name and what it is unique in; empty when it is made up or not known."""
    resource = node.resource
    known = facts(resource.type)
    if resource.type == CATALOG_POLICY:  # each has its own part of the policy
        statements = resource.properties.get("Statements")
        return [] if unknowns(statements) else [_PART, json.dumps(statements, sort_keys=True, default=repr)]
    if resource.type in UNIQUE:
        return _unique(node, UNIQUE[resource.type])
    if node.name:
        return [node.name, *_beside(node, known.identifier if known is not None else (), known.read_only if known is not None else ())]
    if known is None or not known.identifier or resource.type in KINDS or any(each in known.read_only for each in known.identifier):
        return []
    values = [_value(node, path) for path in known.identifier]
    if resource.type in _LEAVE_OUT:
        values = ["" if each is None else each for each in values]
    return [] if any(each is None or isinstance(each, Unknown) for each in values) else values


def _unique(node: Node, paths: tuple[str, ...]) -> list[Any]:
    """The values of what must not be the same twice; empty when one that has to be there is not, or is not known."""
    found = []
    for path in paths:
        value = _value(node, tuple(path.removesuffix(OPTIONAL).split(".")))
        if isinstance(value, Unknown) or (value is None and not path.endswith(OPTIONAL)):
            return []
        found.append("" if value is None else value)
    return found


def claimed_by(type_name: str) -> frozenset[str]:
    """The properties by which a type claims something."""
    if type_name in UNIQUE:
        return frozenset(path.removesuffix(OPTIONAL) for path in UNIQUE[type_name])
    known = facts(type_name)
    return frozenset(named_by(type_name)) | {".".join(path) for path in (known.identifier if known is not None else ())}


def _beside(node: Node, identifier: tuple[tuple[str, ...], ...], read_only: tuple[tuple[str, ...], ...]) -> list[Any]:
    """The other parts of the identifier, such as a table's database."""
    names = {tuple(path.split(".")) for path in named_by(node.resource.type)}
    return [each for path in identifier if path not in names and path not in read_only and (each := _value(node, path)) is not None]


def _value(node: Node, path: tuple[str, ...]) -> Any:
    value = at_path(node.resource.properties, path)
    if value is None and path[-1] in ("CatalogId", "TableCatalogId", "Catalog"):
        return node.resource.account
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, default=repr) if not unknowns(value) else Unknown("not wholly known")
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
