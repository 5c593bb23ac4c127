"""Names what AWS refuses to make since something like it is there, which has no name in common: overlapping subnets, unchanged versions."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.model import Fate
from lakecheck.upgrade.reading import MISSING, at, canonical, tell
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.upgrade.model import Comparison, ResourceChange, Risk

RULES: Final[Mapping[str, str]] = {
    "collision.subnet_overlap": "A new subnet has addresses of one that is deleted only after it is made.",
    "collision.version_exists": "A new version of a Lambda function is to be published, and nothing changes in the function.",
    "collision.log_group_exists": "A log group is added for a function that is there, and that has made its own.",
}

_SUBNET: Final = "AWS::EC2::Subnet"
_VERSION: Final = "AWS::Lambda::Version"
_FUNCTION: Final = "AWS::Lambda::Function"
_GROUP: Final = "AWS::Logs::LogGroup"
_LOGS: Final = "/aws/lambda/"
_NEW: Final = (Fate.ADDED, Fate.RENAMED, Fate.MOVED, Fate.REPLACED)
_ANEW: Final = (Fate.REPLACED, Fate.PERHAPS_REPLACED)
_UNVERSIONED: Final = (
    "CodeSigningConfigArn",
    "Code.SourceKMSKeyArn",
    "RecursiveLoop",
    "ReservedConcurrentExecutions",
    "RuntimeManagementConfig",
    "Tags",
    "^",
)
"""Properties of a function that are the same for all its versions; `^` stands for the attributes beside them."""


def risks(comparison: Comparison) -> Iterator[Risk]:
    """What is there already, in the changes' order."""
    by_node = {id(change.now): change for change in comparison.changes if change.now is not None}
    for change in comparison.changes:
        if change.now is None or change.fate not in _NEW:
            continue
        if change.type == _SUBNET:
            yield from _overlap(change, comparison, by_node)
        elif change.type == _VERSION and change.fate is not Fate.REPLACED:
            yield from _version(change, comparison, by_node)
        elif change.type == _GROUP and change.fate is Fate.ADDED:
            yield from _log_group(change, comparison, by_node)


def _overlap(change: ResourceChange, comparison: Comparison, by_node: dict[int, ResourceChange]) -> Iterator[Risk]:
    """Subnets are made before those that go are deleted; in a VPC that is made anew there are none yet.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    """
    new = change.node.resource
    block, vpc = _block(new), at(new.properties, "VpcId")
    if block is None or _is_made(vpc, "AWS::EC2::VPC", comparison, by_node):
        return
    for old in comparison.base.by_type.get(_SUBNET, ()):
        other = _block(old)
        if other is not None and block.overlaps(other) and canonical(at(old.properties, "VpcId")) == canonical(vpc):
            yield tell(
                change,
                "collision.subnet_overlap",
                f"its addresses {block} are those of {old.origin.logical_id} ({other}), which is there until it is made",
                consequence="New subnets are made before old ones are deleted: the creation fails (the CIDR conflicts with another subnet),"
                " and the update is rolled back.",
                remedy="Keep logical ids and CIDR blocks of the subnets that are there (CDK: reserved_azs leaves room for"
                " more), or make the new ones of other addresses.",
                at="CidrBlock",
                now=str(block),
            )
            return


def _block(resource: Resource) -> IPv4Network | None:
    value = at(resource.properties, "CidrBlock")
    try:
        found = ip_network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if isinstance(found, IPv4Network) else None


def _is_made(ref: Any, kind: str, comparison: Comparison, by_node: dict[int, ResourceChange]) -> bool:
    """Whether what a property names is made in this deployment."""
    return any(
        node.resource.type == kind and canonical(node.resource.ref) == canonical(ref) and by_node[id(node)].fate in (*_NEW, *_ANEW)
        for node in comparison.head_nodes
        if id(node) in by_node
    )


def _version(change: ResourceChange, comparison: Comparison, by_node: dict[int, ResourceChange]) -> Iterator[Risk]:
    """A version is published only when the function differs from the last one.

    https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
    """
    named = canonical(at(change.node.resource.properties, "FunctionName"))
    before = [each for each in comparison.base.by_type.get(_VERSION, ()) if canonical(at(each.properties, "FunctionName")) == named]
    function = next(
        (node for node in comparison.head_nodes if node.resource.type == _FUNCTION and _calls(node.resource, named)),
        None,
    )
    if not before or function is None:
        return
    changed = by_node.get(id(function))
    if changed is not None and (
        changed.fate is not Fate.UPDATED or any(not each.path.startswith(_UNVERSIONED) for each in changed.properties)
    ):
        return
    yield tell(
        change,
        "collision.version_exists",
        f"it is another version of {function.resource.origin.logical_id}, in which nothing changes",
        consequence="Lambda publishes no version that is as the last one: the creation fails (a version for this Lambda function exists),"
        " and the update is rolled back, unless the function was changed in between.",
        remedy="Change something in the function as well, such as its description (CDK: the FunctionVersionUpgrade aspect), or keep the"
        " version's logical id.",
        is_certain=False,
    )


def _calls(resource: Resource, named: str) -> bool:
    """Whether a function is the one that is called so, by name or ARN."""
    return named in (canonical(resource.ref), canonical(resource.arn))


def _log_group(change: ResourceChange, comparison: Comparison, by_node: dict[int, ResourceChange]) -> Iterator[Risk]:
    """Lambda makes a function's log group when it first writes to it, unless the function names another one.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    """
    name = at(change.node.resource.properties, "LogGroupName")
    if not isinstance(name, str) or not name.startswith(_LOGS):
        return
    function = name.removeprefix(_LOGS)
    functions = [each for each in comparison.base.by_type.get(_FUNCTION, ()) if canonical(each.ref) == canonical(function)]
    elsewhere = any(at(each.properties, "LoggingConfig.LogGroup") is not MISSING for each in functions)
    if not functions or elsewhere or _is_made(function, _FUNCTION, comparison, by_node):
        return
    yield tell(
        change,
        "collision.log_group_exists",
        f"it is the log group {shown(name)!r} of a function that is there already",
        consequence="Lambda has made it when the function ran first: the creation fails with AlreadyExists, and the update is rolled back.",
        remedy="Import the log group that is there (`cdk import`), or delete it first, after its lines were exported; or give the function"
        " a log group of another name (LoggingConfig).",
        at="LogGroupName",
        because=("whether the function ever ran stands in no template",),
        is_certain=False,
    )
