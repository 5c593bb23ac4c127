"""What the tests of escalation doors share: trust policies, users, and edges as pairs of names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.arns import permission_set_arn
from lakecheck.estate.model import Principal, PrincipalKind
from lakecheck.formula import Test as KeyTest, Truth, leaves
from tests.lakecheck.access.doors.lakes import LAKE, Document, origin, policy

if TYPE_CHECKING:
    from lakecheck.access.model import Edge
    from lakecheck.iam.model import Policy

ANYTHING = "*everything*"


def trusting(*principals: str, kind: str = "AWS", action: str = "sts:AssumeRole", **more: Any) -> Policy:
    """A trust policy that lets these in."""
    return policy("Trust", {"Effect": "Allow", "Action": action, "Principal": {kind: list(principals)}, **more})


def root(account: str = LAKE) -> str:
    """An account as a whole."""
    return f"arn:aws:iam::{account}:root"


def user(name: str, *statements: Document, account: str = LAKE, **more: Any) -> Principal:
    """A user with one policy."""
    own = (policy(f"{name}/Policy", *statements),) if statements else ()
    return Principal(
        arn=f"arn:aws:iam::{account}:user/{name}",
        kind=PrincipalKind.USER,
        account=account,
        name=f"user/{name}",
        policies=own,
        origin=origin(name),
        **more,
    )


def permission_set(name: str, *statements: Document, account: str = LAKE, **more: Any) -> Principal:
    """The role of a permission set, whose suffix only its deployment knows."""
    own = (policy(f"{name}/InlinePolicy", *statements),) if statements else ()
    return Principal(
        arn=permission_set_arn("aws", account, name),
        kind=PrincipalKind.PERMISSION_SET,
        account=account,
        name=f"permission-set/{name}",
        policies=own,
        origin=origin(name),
        **more,
    )


def edges(found: Any) -> dict[tuple[str, str], Truth]:
    """Who can become whom, by name; `ANYTHING` for everything in an account. The surest of several edges counts."""
    kept: dict[tuple[str, str], Truth] = {}
    each: Edge
    for each in found:
        key = (each.source.name, each.target.name if each.target is not None else ANYTHING)
        if kept.get(key) is not Truth.TRUE:
            kept[key] = each.conditions.truth
    return kept


def edge(found: Any, source: Principal, target: Principal | None) -> Edge:
    """The edge between two, the surest."""
    fitting = [each for each in found if each.source is source and each.target is target]
    return min(fitting, key=lambda one: one.conditions.truth is not Truth.TRUE)


def keys(one: Edge) -> set[str]:
    """The condition keys that remain."""
    return {leaf.key for leaf in leaves(one.conditions) if isinstance(leaf, KeyTest)}
