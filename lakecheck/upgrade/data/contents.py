"""Names what custom resources of CDK delete inside of a bucket or repository that stays: a deployment of files, an emptying on deletion.

https://github.com/aws/aws-cdk/tree/main/packages/%40aws-cdk/custom-resource-handlers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.upgrade.data.stateful import EMPTIES, STATEFUL
from lakecheck.upgrade.model import Deletion, Fate
from lakecheck.upgrade.reading import at, canonical, flag, said, tell, touched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot
    from lakecheck.upgrade.model import Comparison, ResourceChange, Risk

RULES: Final[Mapping[str, str]] = {
    "data_loss.emptied": "A custom resource that empties another one when it is deleted goes, and the other one stays.",
    "data_loss.pruned": "Files are newly deployed to a bucket that is there, which deletes everything else at their destination.",
}

_TAGS: Final = {"Custom::S3AutoDeleteObjects": "aws-cdk:auto-delete-objects", "Custom::ECRAutoDeleteImages": "aws-cdk:auto-delete-images"}
"""Tags that the emptied resource must have; versions of CDK before 1.126 did not ask."""

_DEPLOYMENT: Final = "Custom::CDKBucketDeployment"
_DESTINATION: Final = ("DestinationBucketName", "DestinationBucketKeyPrefix", "Prune")
_GOES: Final = (Fate.REMOVED, Fate.RENAMED, Fate.MOVED)


def risks(comparison: Comparison) -> Iterator[Risk]:
    """What is deleted inside of what stays."""
    for change in comparison.changes:
        if change.type in EMPTIES and change.fate in _GOES:
            yield from _emptied(change, comparison)
        elif change.type == _DEPLOYMENT and change.fate in (Fate.ADDED, Fate.UPDATED):
            yield from _pruned(change, comparison.base)


def _emptied(change: ResourceChange, comparison: Comparison) -> Iterator[Risk]:
    if change.was is None or change.deletion is not Deletion.DELETED:
        return
    kind, path = EMPTIES[change.type]
    named = at(change.was.resource.properties, path)
    before, after = (_named(state, kind, named) for state in (comparison.base, comparison.head))
    if before is None or after is None:
        return
    was, now = (_is_tagged(each, _TAGS[change.type]) for each in (before, after))
    if was and not now:
        return  # the tag goes first, and without it nothing is deleted
    yield tell(
        change,
        "data_loss.emptied",
        f"its deletion empties {kind.removeprefix('AWS::').replace('::', ' ')} {said(named)}, which stays",
        consequence=f"This is lost: {STATEFUL[kind].what}.",
        remedy=f"Remove the tag {_TAGS[change.type]} of what is to stay in the same deployment (a current CDK does so when it is switched"
        " off); with a version of CDK before 1.126 upgrade and deploy first.",
        because=() if now else ("the handler deletes unless it looks for a tag, which those of older versions of CDK do not",),
        is_certain=now,
    )


def _named(state: Snapshot, kind: str, named: object) -> Resource | None:
    """What a custom resource empties."""
    return next((each for each in state.by_type.get(kind, ()) if canonical(each.ref) == canonical(named)), None)


def _is_tagged(resource: Resource, tag: str) -> bool:
    tags = at(resource.properties, "Tags")
    return isinstance(tags, list) and any(
        isinstance(each, dict) and each.get("Key") == tag and flag(each.get("Value")) is True for each in tags
    )


def _pruned(change: ResourceChange, base: Snapshot) -> Iterator[Risk]:
    """A deployment synchronizes its destination with `--delete` unless `Prune` is off."""
    properties = change.node.resource.properties
    named = at(properties, "DestinationBucketName")
    if change.fate is Fate.UPDATED and not any(touched(change, path) for path in _DESTINATION):
        return
    if flag(at(properties, "Prune")) is False or _named(base, "AWS::S3::Bucket", named) is None:
        return
    prefix = said(at(properties, "DestinationBucketKeyPrefix"))
    yield tell(
        change,
        "data_loss.pruned",
        f"it deploys files to {f'{prefix} in ' if prefix else ''}S3 Bucket {said(named)}, which is there already, and deletes all others",
        consequence=f"Every object {f'below {prefix}' if prefix else 'in the bucket'} that is not among the deployed files is deleted.",
        remedy="Deploy to a prefix or bucket of its own, or with prune=False.",
        at="Prune",
        because=("the template does not tell what is there",),
        is_certain=False,
    )
