"""Who could hold a right at all, and what policies say to it: what the doors of escalation ask."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from lakecheck.access.doors.answers import NO, Answer
from lakecheck.access.doors.reasons import reasons
from lakecheck.access.questions import DIRECT_CALL
from lakecheck.estate.model import Principal, PrincipalKind
from lakecheck.formula import FALSE, Truth
from lakecheck.iam.evaluator import evaluate
from lakecheck.iam.globs import expression
from lakecheck.iam.model import Context, Effect, Request
from lakecheck.values import has_hole, outline, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lakecheck.access.model import Edge
    from lakecheck.access.questions import Questions
    from lakecheck.iam.model import Policy, Statement

ACTING: Final = frozenset({PrincipalKind.ROLE, PrincipalKind.USER, PrincipalKind.PERMISSION_SET})
"""Kinds of principals that have policies of their own."""

_HOLE: Final = re.compile("\ue000[^\ue001]*\ue001")
_MASK: Final = "\ue010"
_MASKED: Final = re.compile(_MASK)
_WILD: Final = re.compile(r"[*?]")
_ACCOUNT: Final = re.compile(r"\d{12}")
_ANYONE: Final = Principal(arn="*", kind=PrincipalKind.ANYONE, account="", name="anyone")


class Rights:
    """Asks `Questions`, but only where a statement could fit; one for all doors of one estate (`Rights.of`)."""

    def __init__(self, questions: Questions) -> None:
        self.questions = questions
        self._matching: dict[tuple[int, str], bool] = {}
        self._could: dict[tuple[int, str], bool] = {}
        self._holders: dict[str, tuple[Principal, ...]] = {}
        self._outside: dict[str, Principal] = {}
        self._kept: dict[str, tuple[Edge, ...]] = {}
        self.owners: Final[dict[int, bool]] = {}
        self.started: Final[dict[tuple[int, str], Answer]] = {}
        self.edited: dict[tuple[int, str], Rights] = {}
        self.acting: Final = tuple(each for each in questions.estate.principals if each.kind in ACTING)
        self.permission_sets: Final = tuple(each for each in self.acting if each.kind is PrincipalKind.PERMISSION_SET)

    @staticmethod
    def of(questions: Questions) -> Rights:
        """The one that belongs to these questions."""
        found = _RIGHTS.get(questions)
        if found is None:
            found = _RIGHTS[questions] = Rights(questions)
        return found

    def kept(self, door: str, edges: Callable[[Rights], Iterator[Edge]]) -> tuple[Edge, ...]:
        """The edges of a door, which several doors ask for and which are found once."""
        if door not in self._kept:
            self._kept[door] = tuple(edges(self))
        return self._kept[door]

    def could(self, principal: Principal, action: str) -> bool:
        """Whether a statement of the principal's own policies lets it do this to anything; policies that are not known count as none."""
        key = (id(principal), action)
        found = self._could.get(key)
        if found is None:
            found = self._could[key] = any(self._allows(policy, action) for policy in principal.policies)
        return found

    def holders(self, action: str) -> tuple[Principal, ...]:
        """Everybody who could."""
        found = self._holders.get(action)
        if found is None:
            found = self._holders[action] = tuple(each for each in self.acting if self.could(each, action))
        return found

    def named(self, policy: Policy | None, action: str, owner: str) -> tuple[Principal, ...]:
        """Everybody whom the policy of a resource of an account may let do this."""
        if policy is None:
            return ()
        found: dict[int, Principal] = {}
        for statement in policy.statements:
            if statement.effect is Effect.ALLOW and statement_has(statement, action):
                found |= {id(each): each for each in self._named_in(statement, action, owner)}
        return tuple(found.values())

    def delegates(self, account: str, action: str, owner: str) -> list[Principal]:
        """The principals of an account who may do what the policy of a resource leaves to that account.

        Those whose policies are not known are left out in the owner's own account, where they may do anything anyway (`policy_edit`).
        """
        unknown = account != owner
        return [each for each in self.acting if each.account == account and (self.could(each, action) or (unknown and each.unknown))]

    def candidates(self, policy: Policy | None, action: str, owner: str) -> tuple[Principal, ...]:
        """`holders` and `named` together."""
        return tuple({id(each): each for each in (*self.holders(action), *self.named(policy, action, owner))}.values())

    def ask(
        self,
        principal: Principal,
        action: str,
        resource: str,
        context: Mapping[str, tuple[str, ...]] | None = None,
        *,
        owner: str = "",
    ) -> Answer:
        """Whether it may do this to that."""
        decision = self.questions.decide(principal, action, resource, context=context, owner=owner)
        return NO if decision.truth is Truth.FALSE else Answer(decision.allowed, reasons(decision, action, resource))

    def ask_any(
        self,
        principal: Principal,
        action: str,
        pattern: str = "",
        *,
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Answer:
        """Whether it may do this to anything that fits the pattern; to anything of the action's service in an account when left out."""
        if not self.could(principal, action):
            return NO
        if not pattern:
            # A star in a policy may run across the account, which no ARN of this account then fits in earnest.
            if not self._could_in_account(principal, action):
                return NO
            pattern = f"arn:{partition_of(principal.arn)}:{action.partition(':')[0]}:*:{principal.account}:*"
        reach = self.questions.may_any(principal, action, pattern, context=context)
        return NO if reach.allowed == FALSE else Answer(reach.allowed, reasons(reach.decision, action, reach.witness))

    def ask_identity(self, principal: Principal, action: str, resource: str, owner: str) -> Answer:
        """Whether its own side lets it do this to a resource of which nothing is known but the owner."""
        questions = self.questions
        request = Request(
            caller=questions.caller(principal),
            action=action,
            resource=resource,
            resource_account=owner,
            context=Context(values=DIRECT_CALL, complete=False),
        )
        decision = evaluate(request, replace(questions.layers(principal, action, resource), resource=None))
        return NO if decision.truth is Truth.FALSE else Answer(decision.allowed, reasons(decision, action, resource))

    def somebody(self, arn: str, where: str = "") -> Principal:
        """The principal of an ARN; one that the estate does not have is somebody outside of whom nothing is known."""
        known = self.questions.principals.get(arn)
        if known is not None:
            return known
        if arn == "*":
            return _ANYONE
        if arn not in self._outside:
            self._outside[arn] = _stranger(arn, where)
        return self._outside[arn]

    def service(self, name: str) -> Principal:
        """A service, by its principal's name."""
        if name not in self._outside:
            self._outside[name] = Principal(arn=name, kind=PrincipalKind.SERVICE, account="", name=name)
        return self.questions.principals.get(name, self._outside[name])

    def commands(self, principal: Principal, prefix: str, *, besides: re.Pattern[str]) -> bool:
        """Whether a statement lets it do anything in a service but what a pattern of names fits."""
        for policy in principal.policies:
            for statement in policy.statements:
                if statement.effect is not Effect.ALLOW:
                    continue
                if statement.actions is None:
                    return True
                for action in statement.actions:
                    service, _, name = action.lower().partition(":")
                    if service == "*" or (_regex(service).fullmatch(prefix) and not besides.match(name)):
                        return True
        return False

    def account_principal(self, account: str, partition: str, where: str = "") -> Principal:
        """An account as a whole."""
        root = f"arn:{partition}:iam::{account}:root"
        for arn in (root, account):
            known = self.questions.principals.get(arn)
            if known is not None:
                return known
        return self.somebody(root, where)

    def is_ours(self, account: str) -> bool:
        """Whether templates define the account's principals."""
        known = self.questions.estate.accounts.get(account)
        return known is not None and bool(known.environments)

    def sets_at(self, arn: str) -> list[Principal]:
        """The permission sets whose roles may have that ARN."""
        return [each for each in self.permission_sets if _fits(each.arn, arn)]

    def _could_in_account(self, principal: Principal, action: str) -> bool:
        return any(
            each.resources is None or any(_account_fits(text, principal.account) for text in each.resources)
            for policy in principal.policies
            if self._allows(policy, action)
            for each in policy.statements
            if each.effect is Effect.ALLOW and statement_has(each, action)
        )

    # --- inside ------------------------------------------------------------------------------------------------------------------------

    def _allows(self, policy: Policy, action: str) -> bool:
        key = (id(policy), action)
        found = self._matching.get(key)
        if found is None:
            found = self._matching[key] = any(each.effect is Effect.ALLOW and statement_has(each, action) for each in policy.statements)
        return found

    def _named_in(self, statement: Statement, action: str, owner: str) -> Iterable[Principal]:
        if statement.principals is None:
            return (*self.acting, self.somebody("*"))
        found: list[Principal] = []
        for entry in statement.principals.get("AWS", ()):
            account = account_named(entry)
            if entry == "*":
                found += (*self.acting, self.somebody("*"))
            elif account is None:
                found += [self.somebody(entry)] if self.questions.principals.get(entry) else self.sets_at(entry) or [self.somebody(entry)]
            elif self.is_ours(account):
                found += self.delegates(account, action, owner)
            else:
                found.append(self.account_principal(account, partition_of(entry)))
        return found


_RIGHTS: Final[WeakKeyDictionary[Questions, Rights]] = WeakKeyDictionary()


def split_arn(arn: str) -> list[str]:
    """The six parts of an ARN, or fewer of what is none; a hole is never cut."""
    if not has_hole(arn):
        return arn.split(":", 5)
    pieces = _HOLE.findall(arn)
    masked = _HOLE.sub(_MASK, arn)
    filled = iter(pieces)
    return [_MASKED.sub(lambda _: next(filled), part) for part in masked.split(":", 5)]


def account_in(arn: str) -> str:
    """The account of an ARN; empty where it has none."""
    parts = split_arn(arn)
    return parts[4] if len(parts) > 4 else ""  # noqa: PLR2004 - the fifth part


def partition_of(arn: str) -> str:
    """The partition of an ARN; `aws` of what is no ARN."""
    parts = split_arn(arn)
    return parts[1] if len(parts) > 1 and parts[0] == "arn" else "aws"


def account_named(entry: str) -> str | None:
    """The account that a principal entry names as a whole, as twelve digits or by its root; None where it names something else."""
    if _ACCOUNT.fullmatch(entry):
        return entry
    parts = split_arn(entry)
    if len(parts) == 1 and has_hole(entry) and not outline(entry, of_hole=""):
        return entry
    return parts[4] if len(parts) > 5 and parts[5] == "root" else None  # noqa: PLR2004 - the sixth part


def short(arn: str) -> str:
    """What a reader calls the thing of an ARN."""
    parts = split_arn(arn)
    return shown(parts[-1]) if parts else ""


def action_matches(pattern: str, action: str) -> bool:
    """Whether a pattern of actions may match an action; what is not known of the pattern may be anything."""
    folded = outline(pattern).lower()
    if folded == "*":
        return True
    if not _WILD.search(folded):
        return folded == action.lower()
    return _regex(folded).fullmatch(action.lower()) is not None


def statement_has(statement: Statement, action: str) -> bool:
    """Whether a statement is about an action."""
    if statement.actions is not None:
        return any(action_matches(each, action) for each in statement.actions)
    excluded = statement.not_actions if statement.not_actions is not None else ()
    return not any(action_matches(each, action) for each in excluded if not has_hole(each))


def _account_fits(pattern: str, account: str) -> bool:
    parts = split_arn(pattern)
    return len(parts) < 6 or "${" in parts[4] or _regex(outline(parts[4])).fullmatch(account) is not None  # noqa: PLR2004 - an ARN has six


_COMPILED: Final[dict[str, re.Pattern[str]]] = {}


def _regex(pattern: str) -> re.Pattern[str]:
    found = _COMPILED.get(pattern)
    if found is None:
        found = _COMPILED[pattern] = re.compile(expression(pattern), re.DOTALL)
    return found


def _fits(pattern: str, arn: str) -> bool:
    return _regex(outline(pattern)).fullmatch(arn) is not None


def _stranger(arn: str, where: str) -> Principal:
    account = account_named(arn)
    named_in = (where,) if where else ()
    if account is not None:
        return Principal(arn=arn, kind=PrincipalKind.ACCOUNT, account=account, name=f"account {shown(account)}", named_in=named_in)
    if ":saml-provider/" in arn or ":oidc-provider/" in arn or not arn.startswith("arn:"):
        return Principal(arn=arn, kind=PrincipalKind.FEDERATED, account=account_in(arn), name=short(arn), named_in=named_in)
    kind = PrincipalKind.USER if ":user/" in arn else PrincipalKind.ROLE
    reason = f"the policies of {shown(arn)}, which no template defines"
    return Principal(arn=arn, kind=kind, account=account_in(arn), name=short(arn), unknown=(reason,), named_in=named_in)
