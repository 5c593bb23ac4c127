"""What the owner's side of a share between accounts takes beside the grant: the catalog's own resource policy.

https://docs.aws.amazon.com/lake-formation/latest/dg/hybrid-cross-account.html
https://docs.aws.amazon.com/lake-formation/latest/dg/cross-account-prereqs.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.estate.model import ResourceType
from lakecheck.formula import Truth
from lakecheck.iam.globs import match_action
from lakecheck.iam.model import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Catalog, Grant
    from lakecheck.iam.model import Policy, Statement

_RAM: Final = "ram.amazonaws.com"
_BY_TAG: Final = "glue:evaluatedbylakeformationtags"
_OF_THE_PAST: Final = {"1", "2"}
_EXPRESSIONS: Final = {ResourceType.TABLE_EXPRESSION, ResourceType.DATABASE_EXPRESSION}


def missing_of_share(grant: Grant, catalog: Catalog) -> str:
    """What the catalog's resource policy lacks for a grant to another account; empty when nothing is, or it is not known.

    A catalog without a policy shares; one that has a policy must let RAM `glue:ShareResource`. Up to version 2, shares by LF-Tag need a
    statement for the consumer under `glue:EvaluatedByLakeFormationTags`.

    Args:
        grant: To an account or an organisation.
        catalog: The owner's.
    """
    policy = catalog.policy
    by_tag = grant.resource.type in _EXPRESSIONS
    if by_tag and catalog.cross_account_version in _OF_THE_PAST:
        known = policy is None or not _in_doubt(policy)
        if known and not any(_asks_for_tags(each) for each in _allowing(policy)):
            return "a statement of the catalog's resource policy with glue:EvaluatedByLakeFormationTags, as versions 1 and 2 need it"
        return ""
    if policy is None or not policy.statements or _in_doubt(policy):
        return ""
    if any(_lets_ram_share(each) for each in _allowing(policy)):
        return ""
    return f"glue:ShareResource for {_RAM} in the catalog's resource policy, which has other statements"


def _in_doubt(policy: Policy) -> bool:
    return bool(policy.unknown) or any(each.unknown for each in policy.statements)


def _allowing(policy: Policy | None) -> Iterator[Statement]:
    for statement in policy.statements if policy is not None else ():
        if statement.effect is Effect.ALLOW:
            yield statement


def _asks_for_tags(statement: Statement) -> bool:
    return any(each.key.lower() == _BY_TAG for each in statement.conditions)


def _lets_ram_share(statement: Statement) -> bool:
    named = statement.principals
    shares = any(match_action(each, "glue:ShareResource") is not Truth.FALSE for each in statement.actions or ())
    return (shares or bool(statement.not_actions)) and (named is None or _RAM in named.get("Service", ()) or "*" in named.get("AWS", ()))
