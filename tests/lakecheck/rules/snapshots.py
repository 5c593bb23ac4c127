"""Snapshots of hand-made templates, for the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.assembly import Assembly, StackTemplate
from lakecheck.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT, REGION = "444455556666", "eu-west-1"


def snapshot_of(resources: Mapping[str, Any], **sections: Any) -> Snapshot:
    """One stack with these resources (and other sections), in `ACCOUNT` and `REGION`."""
    template = {"Resources": dict(resources), **sections}
    stack = StackTemplate(
        environment="Prod",
        account=ACCOUNT,
        region=REGION,
        stack_name="Prod-Lake",
        path="Prod/Lake",
        parent=None,
        file="Lake.template.json",
        size=len(str(template)),
        template=template,
        bare=template,
        construct_paths={},
        sources={},
        termination_protection=True,
    )
    return Snapshot(Assembly(directory="cdk.out", version="", stacks=(stack,)))
