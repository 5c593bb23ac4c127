"""Parts that entries are made of: several calls read as one, tags in the form of the template, several steps in a row."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.model import Call, Resource, at, is_absent, tag_map

if TYPE_CHECKING:
    from lakecheck.rehearsal.adapters.model import Read, Reading, Step

Shaped = Callable[[Resource, dict[str, Any]], Mapping[str, Any] | None]
"""Puts what was read into the words of the properties where no renaming does; None when it is not there."""


def joined(service: str, first: Read, *more: Read, tags: Call | None = None, tags_at: str = "Tags", shape: Shaped | None = None) -> Reading:
    """Reads a resource by several calls.

    Args:
        service: boto3's name of the service.
        first: The call that says whether it is there at all.
        more: Others, whose answers are added; what is not there adds nothing.
        tags: The call that lists its tags; they are left as they are when left out.
        tags_at: Dotted path of the tags in its answer.
        shape: What is done with the whole at the end; nothing when left out.
    """

    def look(resource: Resource) -> Mapping[str, Any] | None:
        found = first.run(resource, service)
        if found is None:
            return None
        whole = dict(found)
        for read in more:
            whole.update(read.run(resource, service) or {})
        if tags is not None:
            whole["Tags"] = own_tags(resource, at(tags.run(resource, service), tags_at))
        return shape(resource, whole) if shape else whole

    return look


def own_tags(resource: Resource, found: Any) -> Any:
    """Tags as the template writes them, those that came from the stack alone left out, as CloudFormation's own drift detection does.

    Args:
        resource: Whose tags they are.
        found: As a mapping, or a list of pairs however their members are called.
    """
    stated = resource.get("Tags") or []
    pairs = dict(found) if isinstance(found, Mapping) else dict(_pair(tag) for tag in found or [])
    if isinstance(stated, Mapping):
        return {key: value for key, value in pairs.items() if key in stated or key not in resource.tags}
    order = [str(tag["Key"]) for tag in stated]
    place = {key: number for number, key in enumerate(order)}
    told = sorted((key for key in pairs if key in place or key not in resource.tags), key=lambda key: place.get(key, len(place)))
    return [{"Key": key, "Value": pairs[key]} for key in told]


def _pair(tag: Mapping[str, Any]) -> tuple[str, Any]:
    by = {name.lower().removeprefix("tag"): value for name, value in tag.items()}
    return str(by["key"]), by.get("value")


def steps(service: str, *each: Step) -> Step:
    """Several steps in a row; the physical id is what the first one gives, and the others see it.

    Args:
        service: boto3's name of the service.
        each: The steps. A call of the first step gives the id at its `returns`.
    """

    def run(resource: Resource) -> str:
        known = resource
        for number, step in enumerate(each):
            answer = step.run(known, service) if isinstance(step, Call) else step(known)
            if number == 0 and isinstance(step, Call) and step.returns:
                known = known.named(str(at(answer, step.returns)))
            elif number == 0 and isinstance(answer, str):
                known = known.named(answer)
        return known.physical_id

    return run


def when(path: str, step: Step, service: str, *, otherwise: Step | None = None) -> Step:
    """A step that is only done where the template states a property.

    Args:
        path: Dotted path of the property.
        step: What is done then.
        service: boto3's name of the service.
        otherwise: What is done where the property was stated before an update and no longer is; nothing when left out.
    """

    def run(resource: Resource) -> None:
        chosen = step if resource.get(path) is not None else otherwise if at(resource.old_properties, path) is not None else None
        if isinstance(chosen, Call):
            chosen.run(resource, service)
        elif chosen is not None:
            chosen(resource)

    return run


def tagged(tag: Callable[[Resource, dict[str, str]], Any], untag: Callable[[Resource, list[str]], Any]) -> Step:
    """Puts tags as they are stated now, and takes away those that were stated before.

    Args:
        tag: Puts tags.
        untag: Takes away tags by their keys.
    """

    def run(resource: Resource) -> None:
        now = tag_map(resource) or {}
        before = resource.old_properties.get("Tags") or []
        keys = before if isinstance(before, Mapping) else [str(each["Key"]) for each in before]
        gone = [key for key in keys if key not in now]
        if gone:
            untag(resource, gone)
        if now:
            tag(resource, now)

    return run


def as_document(value: Any) -> Any:
    """A text of JSON as what it says; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def in_form_of(stated: Any, found: Any) -> Any:
    """A document in the form in which the template states one: as a text where that is a text, otherwise parsed."""
    if isinstance(stated, str):
        return json.dumps(found) if isinstance(found, Mapping | list) else found
    return as_document(found)


def proven(value: Any) -> Any:
    """What a template states, as if it had been returned.

    Only for what has just been shown by what the API does return: that an archive has the hash of the code that the template names, that
    a definition is the one that follows from a text and its substitutions.
    """
    return json.loads(json.dumps(value))


def sha256_of(resource: Resource, code: Mapping[str, Any]) -> str | None:
    """The SHA-256, in base64, of an object that a template names as code; None when it is not there any more."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    where = {"Bucket": code["S3Bucket"], "Key": code["S3Key"]}
    if code.get("S3ObjectVersion"):
        where["VersionId"] = code["S3ObjectVersion"]
    try:
        body = resource.client("s3").get_object(**where)["Body"].read()
    except ClientError as error:
        if is_absent(error):
            return None
        raise
    return base64.b64encode(hashlib.sha256(body).digest()).decode()
