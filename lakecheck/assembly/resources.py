"""One resource of one template with everything resolved that can be; `assembly.resolution` makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lakecheck.formula import TRUE, Formula

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where something stands.

    Attributes:
        environment: The Stage, `NO_ENVIRONMENT` outside any.
        stack: Construct path of the stack; the supplement's file name for what a supplement says.
        logical_id: The resource.
        construct_path: The construct, where known.
        source: `file:line` of the code that made it, where known.
        exists: `TRUE`, or what its existence depends on: a condition that has no known value.
    """

    environment: str
    stack: str
    logical_id: str
    construct_path: str = ""
    source: str = ""
    exists: Formula = TRUE

    def __str__(self) -> str:
        return self.construct_path or f"{self.stack}/{self.logical_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One resource.

    Attributes:
        origin: Where it stands.
        account: The account id, or a hole.
        region: The Region, or a hole.
        partition: `aws`, `aws-us-gov` or `aws-cn`.
        type: `AWS::S3::Bucket`.
        properties: Resolved plain data: objects, lists, texts (perhaps with holes), numbers, booleans, `Unknown`; without what is
            `AWS::NoValue`.
        ref: What `Ref` gives.
        attributes: What `Fn::GetAtt` gives, as far as it is known; each other attribute is a hole of its own.
        retained: Whether it outlives its stack (DeletionPolicy).
        arn: Its ARN, perhaps with holes; empty when its type has none that is known.
    """

    origin: Origin
    account: str
    region: str
    partition: str
    type: str
    properties: Mapping[str, Any] = field(repr=False)
    ref: str
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    retained: bool = False
    arn: str = ""
