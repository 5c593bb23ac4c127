"""What entries need when one call does not read a resource: answers without errors for what is absent, and changes of lists and tags."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.model import is_absent, tag_list
from lakecheck.rehearsal.adapters.shapes import fit

if TYPE_CHECKING:
    from lakecheck.rehearsal.adapters.model import Resource


def ask(client: Any, operation: str, *, absent: tuple[str, ...] = (), **given: Any) -> Any:
    """The answer of a call; None when what it is about is not there.

    Args:
        client: Of boto3.
        operation: Its method.
        absent: Error codes that say so, besides those that do by their name.
        given: Parameters; those that are None are left out.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    try:
        return tell(client, operation, **given)
    except ClientError as error:
        if is_absent(error, *absent):
            return None
        raise


def tell(client: Any, operation: str, **given: Any) -> Any:
    """Makes a call with the parameters that are not None, in the form that it takes."""
    present = {name: value for name, value in given.items() if value is not None}
    return getattr(client, operation)(**fit(client, operation, present))


def paged(client: Any, operation: str, member: str, **given: Any) -> list[Any]:
    """All items of an operation that answers in pages."""
    return [item for page in client.get_paginator(operation).paginate(**given) for item in page.get(member) or []]


def or_undone(change: Callable[[], None], undo: Callable[[], None]) -> None:
    """Makes a change; if it fails, what was made before is taken back, as CloudFormation does with half a resource."""
    try:
        change()
    except Exception:
        undo()
        raise


def added_and_gone(now: Iterable[str] | None, old: Iterable[str] | None) -> tuple[list[str], list[str]]:
    """What a list has more than before, and what it has no longer."""
    here, before = list(now or []), list(old or [])
    return [each for each in here if each not in before], [each for each in before if each not in here]


def gone_tags(resource: Resource) -> list[str]:
    """Keys of tags that were stated before a change and are no longer."""
    old = resource.old_properties.get("Tags") or []
    keys = list(old) if isinstance(old, Mapping) else [tag["Key"] for tag in old]
    still = {tag["Key"] for tag in tag_list(resource) or []}
    return [key for key in keys if key not in still]


def document(value: Any) -> str:
    """A JSON document as text, whether it is text already or not."""
    return value if isinstance(value, str) else json.dumps(value)


def parsed(value: Any) -> Any:
    """A JSON document that a service returns as text."""
    return json.loads(value) if isinstance(value, str) and value else value
