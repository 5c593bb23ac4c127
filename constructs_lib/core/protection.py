"""Data outlives its stack: what may be destroyed, and who has to say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy, Stack

from constructs_lib.core.complaints import misuse

if TYPE_CHECKING:
    from constructs import Construct

_ALLOW_DESTROY = "governed-lake:allow-destroy"


def allow_destroy(scope: Construct) -> None:
    """Lets constructs below `scope` be given `RemovalPolicy.DESTROY`. For throw-away environments only.

    Call it before the first child is created.
    """
    scope.node.set_context(_ALLOW_DESTROY, True)  # noqa: FBT003 - the API's own signature


def removal_policy(scope: Construct, requested: RemovalPolicy | None) -> RemovalPolicy:
    """The removal policy of something that holds data: RETAIN, unless `requested` says otherwise where that is allowed.

    Raises:
        DataLakeError: `destroy_not_allowed`, if anything but RETAIN or RETAIN_ON_UPDATE_OR_DELETE is asked for in a scope
            without `allow_destroy`.
    """
    if requested is None:
        return RemovalPolicy.RETAIN
    if requested in {RemovalPolicy.RETAIN, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE}:
        return requested
    if scope.node.try_get_context(_ALLOW_DESTROY) is not True:
        msg = (
            f"removal policy {requested.name} would delete data; allowed here is RETAIN; "
            "in a throw-away environment call allow_destroy(stage) first (allow_destroy: true in lake.yaml)"
        )
        raise misuse(scope, msg, code="destroy_not_allowed")
    return requested


def protect_stack(stack: Stack) -> None:
    """Turns on termination protection: the stack holds something that must not go with it."""
    stack.termination_protection = True
