"""Estates of small templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.assembly.model import Assembly, StackTemplate
from lakecheck.assembly.resolution import resolve
from lakecheck.estate.build import build_estate

if TYPE_CHECKING:
    from lakecheck.estate.model import Estate
    from lakecheck.estate.supplement import Supplement

LAKE = "444444444421"
TEAM = "444444444422"
OUTSIDE = "999999999999"
REGION = "eu-west-1"
ARN = "arn:" + "aws"


def stack(resources: dict[str, Any], *, account: str | None = LAKE, name: str = "Lake", **sections: Any) -> StackTemplate:
    """One stack; each resource is `(type, properties)`, or written out."""
    written = {key: each if isinstance(each, dict) else {"Type": each[0], "Properties": each[1]} for key, each in resources.items()}
    template = {"Resources": written, **sections}
    return StackTemplate(
        environment="Prod",
        account=account,
        region=REGION,
        stack_name=name,
        path=f"Prod/{name}",
        parent=None,
        file="",
        size=0,
        template=template,
        bare=template,
        construct_paths={},
        sources={},
        termination_protection=False,
    )


def estate(*stacks: StackTemplate, supplement: Supplement | None = None) -> Estate:
    """The estate of these stacks."""
    return build_estate(resolve([Assembly(directory="cdk.out", version="", stacks=stacks)]), supplement=supplement)


def estate_of(resources: dict[str, Any], **sections: Any) -> Estate:
    """The estate of one stack in `LAKE`."""
    return estate(stack(resources, **sections))


def reasons(found: Estate) -> str:
    """Everything that could not be told, as one text."""
    return "\n".join(each.reason for each in found.not_known)


def allow(*actions: str, on: Any = "*", **more: Any) -> dict[str, Any]:
    """A policy document with one statement."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": on, **more}]}


TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def role(**properties: Any) -> tuple[str, dict[str, Any]]:
    """A role."""
    return "AWS::IAM::Role", {"AssumeRolePolicyDocument": TRUST, **properties}
