"""Hand-made stacks for the tests of resolution, and what they resolve to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.assembly.model import Assembly, StackTemplate
from lakecheck.assembly.resolution import Resolution, resolve

if TYPE_CHECKING:
    from lakecheck.assembly.resources import Resource

ACCOUNT, OTHER, REGION = "444455556666", "777788889999", "eu-west-1"
ANY = "Acme::Any::Thing"
"""A type that no table has, so that its properties are all there is to it."""


def stack(name: str, template: dict[str, Any], **changed: Any) -> StackTemplate:
    """One stack, in `ACCOUNT` and `REGION` unless told otherwise."""
    facts: dict[str, Any] = {
        "environment": "Prod",
        "account": ACCOUNT,
        "region": REGION,
        "stack_name": name,
        "path": f"Prod/{name}",
        "parent": None,
        "file": f"{name}.template.json",
        "size": 0,
        "template": template,
        "bare": template,
        "construct_paths": {},
        "sources": {},
        "termination_protection": False,
    }
    return StackTemplate(**facts | changed)


def resolved(*stacks: StackTemplate, parameters: dict[str, str] | None = None, is_template: bool = False) -> Resolution:
    """What the stacks of one assembly resolve to."""
    assembly = Assembly(directory="cdk.out", version="55.0.0", stacks=stacks, is_template=is_template)
    return resolve([assembly], parameters=parameters)


def by_id(resolution: Resolution) -> dict[str, Resource]:
    """The resources by logical id; the tests that use it have each id once."""
    return {resource.origin.logical_id: resource for resource in resolution.resources}


def value(data: Any, *, parameters: dict[str, str] | None = None, resources: dict[str, Any] | None = None, **template: Any) -> Any:
    """What one value resolves to, next to other sections and resources of its template; None when it is left out."""
    probe = {"Type": ANY, "Properties": {"Value": data}}
    whole = stack("Lake", {"Resources": {"Probe": probe, **(resources or {})}, **template})
    return by_id(resolved(whole, parameters=parameters))["Probe"].properties.get("Value")
