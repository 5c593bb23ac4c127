"""Compares rules that delete objects or images: whether something is deleted that was not, or sooner than it was; order and ids are none.

Lifecycle of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
Of ECR: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.upgrade.reading import MISSING, at, canonical, differing, is_empty, is_open, items, number, objects, said, tell
from lakecheck.values import Unknown, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.upgrade.model import ResourceChange, Risk

RULE: Final = "data_loss.lifecycle"

_RULES: Final = "LifecycleConfiguration.Rules"
_IMAGES: Final = "LifecyclePolicy.LifecyclePolicyText"
_KINDS: Final = {
    "current": "deletes objects",
    "date": "deletes objects after a date",
    "noncurrent": "deletes versions that are not current",
    "imageCountMoreThan": "deletes images beyond a number",
    "sinceImagePushed": "deletes images after their push",
    "sinceImagePulled": "deletes images after their last pull",
}
_REMEDY: Final = (
    "Look at what the rule would delete today (S3 Inventory, or ECR's preview of a policy); keep the longer time or the narrower filter, or"
    " copy away first what is still needed. Deploy a new rule disabled at first."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expiry:
    """One deletion that a rule asks for.

    Attributes:
        kind: Of what, and by which measure.
        amount: Days, or a number of images; a date as text.
        keep: So many newer versions are kept in any case.
        prefix: Where it applies; empty is everywhere.
        only: What has to hold besides, such as tags.
        above: Objects of at most this size are left alone.
        below: Objects of at least this size are left alone; None when there is no such size.
        rule: The rule as it is called, for people.
        at: The rule's place.
    """

    kind: str
    amount: Any
    keep: float = 0
    prefix: Any = ""
    only: frozenset[str] = field(default=frozenset())
    above: float = 0
    below: float | None = None
    rule: str = ""
    at: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the template tells all of it."""
        return not any(is_open(each) for each in (self.amount, self.prefix)) and not any(is_open(each) for each in self.only)

    def covers(self, other: Expiry) -> bool:
        """Whether what the other deletes is deleted by this one, and not later."""
        if self.kind != other.kind or self.keep > other.keep or self.above > other.above or not self.only <= other.only:
            return False
        if self.below is not None and (other.below is None or other.below > self.below):
            return False
        return _starts(other.prefix, self.prefix) and _not_later(self.amount, other.amount)


def _starts(text: Any, start: Any) -> bool:
    if canonical(text) == canonical(start):
        return True
    return isinstance(text, str) and isinstance(start, str) and not is_open(start) and text.startswith(start)


def _not_later(one: Any, other: Any) -> bool:
    if canonical(one) == canonical(other):
        return True
    first, second = number(one), number(other)
    if first is not None and second is not None:
        return first <= second
    return isinstance(one, str) and isinstance(other, str) and not is_open(one) and not is_open(other) and one <= other


def risks(change: ResourceChange) -> Iterator[Risk]:
    """Every deletion that a change adds to a bucket or a repository, or brings forward."""
    if change.type == "AWS::S3::Bucket":
        for _, was, now in differing(change, "LifecycleConfiguration"):
            yield from _compared(change, list(_of_bucket(was)), list(_of_bucket(now)), now)
    elif change.type == "AWS::ECR::Repository":
        for _, was, now in differing(change, _IMAGES):
            yield from _compared(change, list(_of_repository(was)), list(_of_repository(now)), now)


def _compared(change: ResourceChange, before: list[Expiry], after: list[Expiry], now: Any) -> Iterator[Risk]:
    for each in after:
        if any(one.covers(each) for one in before):
            continue
        earlier = [one for one in before if one.kind == each.kind and (one.rule == each.rule or _starts(one.prefix, each.prefix))]
        yield _told(change, each, earlier)
    unknown = _unknown(now)
    if unknown:
        yield tell(
            change,
            RULE,
            f"what its rules delete is not known: {unknown}",
            consequence="More may be deleted than before, or sooner.",
            remedy="Write the rules into the template, or give the value of the parameter.",
            at=_RULES.partition(".")[0],
            is_certain=False,
        )


def _unknown(configuration: Any) -> str:
    """Why whole rules are not known; empty when all are seen."""
    listed = at(configuration, "Rules")
    for each in (configuration, listed, *items(listed)):
        if isinstance(each, Unknown):
            return each.reason
    return said(configuration) if isinstance(configuration, str) and is_open(configuration) else ""


def _told(change: ResourceChange, expiry: Expiry, earlier: list[Expiry]) -> Risk:
    where = _scope(expiry)
    was = "; ".join(dict.fromkeys(f"{_amount(one)}{_scope(one)}" for one in earlier)) if earlier else "nothing of the kind"
    is_version = expiry.kind == "current" and str(at(change.node.resource.properties, "VersioningConfiguration.Status")) == "Enabled"
    versions = " With versioning on, an object gets a delete marker; its versions stay until a rule deletes those."
    return tell(
        change,
        RULE,
        f"rule {expiry.rule} {_KINDS.get(expiry.kind, expiry.kind)}: {_amount(expiry)}{where}; before: {was}",
        consequence=f"What fits the rule is deleted within a day or two of the deployment.{versions if is_version else ''}",
        remedy=_REMEDY,
        at=expiry.at,
        was=was,
        now=f"{_amount(expiry)}{where}",
        is_certain=expiry.is_known,
    )


def _amount(expiry: Expiry) -> str:
    if expiry.kind == "imageCountMoreThan":
        return f"beyond {said(expiry.amount)}"
    kept = f", {expiry.keep:g} newer versions are kept" if expiry.keep else ""
    return f"{'from' if expiry.kind == 'date' else 'days:'} {said(expiry.amount)}{kept}"


def _scope(expiry: Expiry) -> str:
    parts = [f"below {shown(expiry.prefix)}"] if not is_empty(expiry.prefix) else []
    parts += sorted(expiry.only)
    if expiry.above:
        parts.append(f"larger than {expiry.above:g}")
    if expiry.below is not None:
        parts.append(f"smaller than {expiry.below:g}")
    return f" ({', '.join(parts)})" if parts else ""


def _of_bucket(configuration: Any) -> Iterator[Expiry]:
    for index, rule in enumerate(objects(at(configuration, "Rules"))):
        if rule.get("Status") == "Disabled":
            continue
        tags = frozenset(f"{said(each.get('Key'))}={said(each.get('Value'))}" for each in objects(rule.get("TagFilters")))
        scope: dict[str, Any] = {
            "prefix": "" if rule.get("Prefix") is MISSING else rule["Prefix"],
            "only": tags,
            "above": _or(number(rule.get("ObjectSizeGreaterThan")), 0),
            "below": number(rule.get("ObjectSizeLessThan")),
            "rule": said(rule.get("Id")) or str(index + 1),
            "at": f"{_RULES}.{index}",
        }
        for kind, name in (("current", "ExpirationInDays"), ("date", "ExpirationDate")):
            if rule.get(name) is not MISSING:
                yield Expiry(kind=kind, amount=rule[name], **scope)
        days, newer = rule.get("NoncurrentVersionExpirationInDays"), 0.0
        nested = rule.get("NoncurrentVersionExpiration")
        if isinstance(nested, dict):
            days, newer = nested.get("NoncurrentDays"), _or(number(nested.get("NewerNoncurrentVersions")), 0)
        elif isinstance(nested, Unknown):
            days = nested
        if days is not MISSING:
            yield Expiry(kind="noncurrent", amount=days, keep=newer, **scope)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _of_repository(text: Any) -> Iterator[Expiry]:
    try:
        document = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return
    for index, rule in enumerate(objects(at(document, "rules"))):
        selection = rule.get("selection")
        if not isinstance(selection, dict) or selection.get("countNumber") is None:
            continue
        only = [] if selection.get("tagStatus") == "any" else [f"tagStatus={said(selection.get('tagStatus'))}"]
        for name in ("tagPrefixList", "tagPatternList"):
            listed = selection.get(name)
            only += [f"{name}={said(each)}" for each in listed] if isinstance(listed, list) else []
        yield Expiry(
            kind=said(selection.get("countType")),
            amount=selection["countNumber"],
            only=frozenset(only),
            rule=said(rule.get("rulePriority")) or str(index + 1),
            at=_IMAGES,
        )
