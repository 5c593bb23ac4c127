"""No role that everybody of another account may assume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.estate.arns import ACCOUNT as IS_ACCOUNT, parts
from lakecheck.iam.documents import PolicyKind
from lakecheck.rules.base import Cases, Complaint, Rule, once
from lakecheck.rules.policies._statements import ACCOUNT, OTHER_ACCOUNT, QUEUE, arn, covers_action, demands, members, of_kind, role
from lakecheck.values import has_hole, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.rules.policies._statements import Stated
    from lakecheck.snapshot import Snapshot

_NARROWING = frozenset(
    {
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceidentity",
        "aws:userid",
        "sts:externalid",
    }
)
_OF_ACCOUNT = "aws:principalaccount"
_TAG = "aws:principaltag/"
_ASSUMES = ("sts:assumerole",)


@once
def _own_accounts(snapshot: Snapshot) -> frozenset[str]:
    """The accounts with resources: those of one app trust one another."""
    return frozenset(each.account for each in snapshot.resolution.resources)


def _whole_account(principal: str) -> str:
    """The account that a principal of a trust policy stands for as a whole; empty for a role or user, `*` for everybody."""
    if principal == "*" or IS_ACCOUNT.match(principal):
        return principal
    found = parts(principal)
    if found is None:
        return principal if has_hole(principal) else ""
    return found[3] if found[4] == "root" else ""


def _narrows(key: str) -> bool:
    return key in _NARROWING or key.startswith(_TAG)


def _judge(stated: Stated, snapshot: Snapshot) -> Iterator[Complaint]:
    statement = stated.statement
    if not covers_action(statement, *_ASSUMES) or any(demands(test, _narrows) for test in statement.conditions):
        return
    own = _own_accounts(snapshot)
    for principal in members(statement, "AWS"):
        account = _whole_account(principal)
        if not account or account in own:
            continue
        if account == "*" and any(demands(test, _OF_ACCOUNT.__eq__) for test in statement.conditions):
            continue
        if has_hole(account) or statement.unknown or any(map(has_hole, own)):
            message = f"whether {stated.name} lets only known people assume the role is not known: {shown(principal)}"
            yield Complaint(message=message, at=stated.at, is_unknown=True)
        else:
            who = "everybody" if account == "*" else f"everybody whom account {account} lets"
            message = f"{stated.name} lets {who} assume the role; allowed are a role by its ARN, or a condition on who that is"
            yield Complaint(message=message, at=stated.at)


_VENDOR = {"AWS": arn(f"iam::{OTHER_ACCOUNT}:root")}

RULE = Rule(
    id="policies.outsider_without_condition",
    title="A role that another account may assume says who there may",
    rationale=(
        "By its root an account stands for everybody in it whom its administrators let, today and later. A vendor's account "
        "assumes the roles of all its customers: without an external id, one customer can have it use another's role."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html",
    severity=Severity.ERROR,
    remedy="Name the other account's role, or add a condition on sts:ExternalId, aws:PrincipalArn or aws:PrincipalOrgID.",
    subjects=of_kind(PolicyKind.TRUST),
    judge=_judge,
    cases=Cases(
        compliant=(
            {"Role": role({"AWS": arn(f"iam::{OTHER_ACCOUNT}:role/Deployer")})},
            {"Role": role({"AWS": arn(f"iam::{ACCOUNT}:root")})},
            {"Role": role(_VENDOR, {"StringEquals": {"sts:ExternalId": "b1f5"}})},
            {"Role": role("*", {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}})},
            {"Role": role({"Service": "glue.amazonaws.com"})},
        ),
        failing=(
            {"Role": role(_VENDOR)},
            {"Role": role({"AWS": OTHER_ACCOUNT})},
            {"Role": role("*")},
            {"Role": role(_VENDOR, {"StringEqualsIfExists": {"sts:ExternalId": "b1f5"}})},
        ),
        not_applicable=(QUEUE,),
    ),
    controls=("NIST.800.53.R5 AC-3", "NIST.800.53.R5 AC-6"),
)
