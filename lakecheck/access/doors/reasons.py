"""Says in words which statements let a principal through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.kinds import MOST_RESOURCES
from lakecheck.formula import Truth
from lakecheck.iam.globs import match, match_action
from lakecheck.values import shown

if TYPE_CHECKING:
    from lakecheck.iam.model import Decision, Matched, Statement

MOST_REASONS: Final = 3
"""So many statements are named for one decision: each of them suffices, or two sides have to agree."""


def reasons(decision: Decision, action: str, resource: str) -> tuple[str, ...]:
    """The statements that let a request through, such as `JobRole/DefaultPolicy statement 2 allows s3:Get* on arn:...:bucket/*`."""
    found = dict.fromkeys(_reason(matched, action, resource) for matched in decision.allows)
    return tuple(found)[:MOST_REASONS]


def _reason(matched: Matched, action: str, resource: str) -> str:
    statement = matched.statement
    name = f"statement {statement.index + 1}" + (f" ({statement.sid})" if statement.sid else "")
    return f"{shown(matched.policy.name)} {name} allows {_action(statement, action)}{_resource(statement, resource)}{_to(statement)}"


def _action(statement: Statement, action: str) -> str:
    if statement.actions is None:
        return f"{action} (all but {', '.join(statement.not_actions or ())})"
    return next((each for each in statement.actions if match_action(each, action) is not Truth.FALSE), action)


def _resource(statement: Statement, resource: str) -> str:
    if statement.resources is None:
        return "" if statement.not_resources is None else f" on all but {', '.join(map(shown, statement.not_resources))}"
    if len(statement.resources) > MOST_RESOURCES:
        return f" on one of its {len(statement.resources)} resources"
    fitting = (each for each in statement.resources if "${" in each or match(each, resource) is not Truth.FALSE)
    found = next(fitting, "")
    return f" on {shown(found)}" if found else ""


def _to(statement: Statement) -> str:
    """Whom a resource's policy lets, where that is everybody or an account: it is what a reader has to see."""
    if statement.not_principals is not None:
        return " to all but some"
    named = [each for values in (statement.principals or {}).values() for each in values]
    if "*" in named:
        return " to everybody" + (" who meets its condition" if statement.conditions else "")
    return ""
