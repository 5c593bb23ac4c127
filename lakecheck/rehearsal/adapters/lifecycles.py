"""Lifecycle rules as CloudFormation words them and as S3 does: flat here, with a filter and actions there.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAME: Final = {"Id": "ID", "Status": "Status", "AbortIncompleteMultipartUpload": "AbortIncompleteMultipartUpload"}
_EXPIRATION: Final = {"ExpirationInDays": "Days", "ExpirationDate": "Date", "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}
_TRANSITION: Final = {"TransitionInDays": "Days", "TransitionDate": "Date", "StorageClass": "StorageClass"}
_NONCURRENT: Final = {
    "TransitionInDays": "NoncurrentDays",
    "NewerNoncurrentVersions": "NewerNoncurrentVersions",
    "StorageClass": "StorageClass",
}
_TWICE: Final = {
    "Transition": "Transitions",
    "NoncurrentVersionTransition": "NoncurrentVersionTransitions",
    "NoncurrentVersionExpirationInDays": "NoncurrentVersionExpiration",
}
"""Properties of a rule, each with the newer one that says the same."""
_SIZES: Final = ("ObjectSizeGreaterThan", "ObjectSizeLessThan")
_OUTSIDE: Final = "TransitionDefaultMinimumObjectSize"


def lifecycle_to(stated: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of PutBucketLifecycleConfiguration, besides the bucket."""
    told: dict[str, Any] = {"LifecycleConfiguration": {"Rules": [_rule_to(rule) for rule in stated["Rules"]]}}
    return {**told, _OUTSIDE: stated[_OUTSIDE]} if _OUTSIDE in stated else told


def lifecycle_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The property, of what GetBucketLifecycleConfiguration answers."""
    rules = {"Rules": [_rule_of(rule) for rule in answer["Rules"]]}
    return {**rules, _OUTSIDE: answer[_OUTSIDE]} if _OUTSIDE in answer else rules


def worded_like(stated: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The same property without the one of each two wordings that the template does not use."""
    used = {name for rule in stated.get("Rules") or [] for name in rule}
    unused = {old if old not in used else new for old, new in _TWICE.items() if not {old, new} <= used}
    return {**found, "Rules": [{name: value for name, value in rule.items() if name not in unused} for rule in found["Rules"]]}


def _rule_to(rule: Mapping[str, Any]) -> dict[str, Any]:
    told = _picked(rule, _SAME)
    told["Filter"] = _filter_to(rule)
    if expiration := _picked(rule, _EXPIRATION):
        told["Expiration"] = expiration
    transitions = [*rule.get("Transitions", []), *([rule["Transition"]] if "Transition" in rule else [])]
    if transitions:
        told["Transitions"] = [_picked(one, _TRANSITION) for one in transitions]
    older = [*rule.get("NoncurrentVersionTransitions", [])]
    older += [rule["NoncurrentVersionTransition"]] if "NoncurrentVersionTransition" in rule else []
    if older:
        told["NoncurrentVersionTransitions"] = [_picked(one, _NONCURRENT) for one in older]
    if "NoncurrentVersionExpiration" in rule:
        told["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
    elif "NoncurrentVersionExpirationInDays" in rule:
        told["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    return told


def _filter_to(rule: Mapping[str, Any]) -> dict[str, Any]:
    """One condition stands by itself, several in `And`."""
    tags = list(rule.get("TagFilters", []))
    other = {name: rule[name] for name in ("Prefix", *_SIZES) if name in rule}
    if len(tags) + len(other) > 1:
        return {"And": {**other, **({"Tags": tags} if tags else {})}}
    return {"Tag": tags[0]} if tags else other or {"Prefix": ""}


def _rule_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    words = {**_picked(rule, _reverse(_SAME)), **_picked(rule.get("Expiration") or {}, _reverse(_EXPIRATION)), **_filter_of(rule)}
    if rule.get("Transitions"):
        words["Transitions"] = [_picked(one, _reverse(_TRANSITION)) for one in rule["Transitions"]]
        words["Transition"] = words["Transitions"][0]
    if rule.get("NoncurrentVersionTransitions"):
        words["NoncurrentVersionTransitions"] = [_picked(one, _reverse(_NONCURRENT)) for one in rule["NoncurrentVersionTransitions"]]
        words["NoncurrentVersionTransition"] = words["NoncurrentVersionTransitions"][0]
    if rule.get("NoncurrentVersionExpiration"):
        words["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
        words["NoncurrentVersionExpirationInDays"] = rule["NoncurrentVersionExpiration"].get("NoncurrentDays")
    return words


def _filter_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    found = rule.get("Filter") or {}
    several = found.get("And") or {}
    tags = several.get("Tags") or ([found["Tag"]] if found.get("Tag") else [])
    inner = {**found, **several}
    words = {name: inner[name] for name in ("Prefix", *_SIZES) if inner.get(name) is not None}
    return {**words, **({"TagFilters": tags} if tags else {})}


def _picked(value: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    return {new: value[old] for old, new in words.items() if value.get(old) is not None}


def _reverse(words: Mapping[str, str]) -> dict[str, str]:
    return {new: old for old, new in words.items()}
