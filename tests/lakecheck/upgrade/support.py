"""Two states of hand-made apps, compared."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from lakecheck.assembly import Assembly, StackTemplate
from lakecheck.snapshot import Snapshot
from lakecheck.upgrade.comparison.comparison import compare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.upgrade.model import Comparison, ResourceChange

ACCOUNT, OTHER, REGION = "444455556666", "777788889999", "eu-west-1"


def stack(resources: Mapping[str, Any], name: str = "Lake", *, sections: Mapping[str, Any] | None = None, **changed: Any) -> StackTemplate:
    """The stack `Prod-<name>` with these resources, in `ACCOUNT` and `REGION` unless told otherwise (`account=`, `parent=`, ...).

    Args:
        resources: Plain data; copied, so that it may be used for both states.
        name: The last part of its construct path `Prod/<name>`.
        sections: Other sections of the template: Parameters, Outputs, ...
        changed: Other fields of `StackTemplate`.
    """
    template = copy.deepcopy({"Resources": dict(resources), **(sections or {})})
    fields: dict[str, Any] = {
        "environment": "Prod",
        "account": ACCOUNT,
        "region": REGION,
        "stack_name": f"Prod-{name}",
        "path": f"Prod/{name}",
        "parent": None,
        "file": f"{name}.template.json",
        "size": len(json.dumps(template, default=str)),
        "template": template,
        "bare": template,
        "construct_paths": {logical_id: f"Prod/{name}/{logical_id}" for logical_id in resources},
        "sources": {},
        "termination_protection": False,
    }
    return StackTemplate(**fields | changed)


def state(*stacks: StackTemplate, is_template: bool = False, parameters: Mapping[str, str] | None = None) -> Snapshot:
    """One state of an app."""
    return Snapshot(Assembly(directory="cdk.out", version="", stacks=stacks, is_template=is_template), parameters=parameters)


def compared(
    base: Mapping[str, Any],
    head: Mapping[str, Any],
    *,
    sections: Mapping[str, Any] | None = None,
    head_sections: Mapping[str, Any] | None = None,
) -> Comparison:
    """One stack whose resources were `base` and are to be `head`.

    Args:
        base: By logical id.
        head: By logical id.
        sections: Other sections of both templates; of BASE's alone with `head_sections`.
        head_sections: Other sections of HEAD's template.
    """
    return compare(state(stack(base, sections=sections)), state(stack(head, sections=sections if head_sections is None else head_sections)))


def change_of(comparison: Comparison, logical_id: str) -> ResourceChange:
    """The only change of what has the logical id in one of the states."""
    (found,) = [
        change
        for change in comparison.changes
        if logical_id in {node.resource.origin.logical_id for node in (change.was, change.now) if node is not None}
    ]
    return found
