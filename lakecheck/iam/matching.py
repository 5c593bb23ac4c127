"""Statements made ready to be asked of many requests: which of a policy's statements can match an action, and when one does match.

What is made ready is kept with the policy, so that it is made once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakecheck.formula import FALSE, TRUE, Formula, Unresolved, all_of, any_of, negate
from lakecheck.iam import globs, variables
from lakecheck.iam.conditions import Condition, as_formula, variable_needed
from lakecheck.iam.model import Effect
from lakecheck.iam.principals import NOBODY, Named, Principals, not_spared
from lakecheck.values import has_hole, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakecheck.iam.keys import Keys
    from lakecheck.iam.model import Policy, Statement


class Patterns:
    """Patterns of which one has to match; quick where they have neither variables nor holes.

    Args:
        patterns: As a statement has them.
        version: The policy's version; variables are replaced in 2012-10-17 only.
    """

    __slots__ = ("_all", "_everything", "_exact", "_expression", "_prefixes", "_slow")

    def __init__(self, patterns: Iterable[str], version: str) -> None:
        exact: set[str] = set()
        prefixes: list[str] = []
        others: list[str] = []
        slow: list[tuple[str, variables.Parts | None]] = []
        for pattern in patterns:
            parts = variables.parse(pattern) if version == variables.WITH_VARIABLES else None
            if parts is not None or has_hole(pattern):
                slow.append((pattern, parts))
            elif globs.is_literal(pattern):
                exact.add(pattern)
            elif pattern.endswith("*") and globs.is_literal(pattern[:-1]):
                prefixes.append(pattern[:-1])
            else:
                others.append(pattern)
        self._all = (*exact, *(f"{prefix}*" for prefix in prefixes), *others)
        self._everything = "" in prefixes
        self._exact = frozenset(exact)
        self._prefixes = tuple(prefixes)
        self._expression = re.compile("|".join(map(globs.expression, others)), re.DOTALL) if others else None
        self._slow = tuple(slow)

    def matched(self, text: str, keys: Keys) -> Formula:
        """Whether one matches."""
        if self._everything or text in self._exact:
            return TRUE
        if has_hole(text):
            return self._with_holes(text, keys)
        if self._prefixes and text.startswith(self._prefixes):
            return TRUE
        if self._expression is not None and self._expression.fullmatch(text):
            return TRUE
        return any_of(_slowly(pattern, parts, text, keys) for pattern, parts in self._slow) if self._slow else FALSE

    def resolved(self, keys: Keys) -> Formula:
        """Whether every variable in them has a value; a statement with NotResource applies only then."""
        return all_of(variables.resolved(parts, keys) for _, parts in self._slow if parts is not None) if self._slow else TRUE

    def _with_holes(self, text: str, keys: Keys) -> Formula:
        found = [_matched(pattern, text) for pattern in self._all]
        return any_of((*found, *(_slowly(pattern, parts, text, keys) for pattern, parts in self._slow)))


def _matched(pattern: str, text: str) -> Formula:
    return as_formula(globs.match(pattern, text), lambda: f"whether {shown(text)} is one of {shown(pattern)}")


def _slowly(pattern: str, parts: variables.Parts | None, text: str, keys: Keys) -> Formula:
    if parts is not None:
        expanded = variables.expand(parts, keys, pattern=True)
        if expanded.never:
            return FALSE
        if expanded.open:
            return variable_needed(parts, text, keys, operator="StringEquals", pattern=True)
        pattern = expanded.text
    return _matched(pattern, text)


class Ready:
    """One statement, ready to be asked of many requests."""

    __slots__ = (
        "_conditions",
        "_is_named",
        "_is_negated",
        "_not_principals",
        "_principals",
        "_resources",
        "_unknown",
        "_where",
        "effect",
        "statement",
    )

    def __init__(self, statement: Statement, policy: Policy) -> None:
        self.statement = statement
        self.effect = statement.effect
        patterns = statement.resources if statement.not_resources is None else statement.not_resources
        self._is_negated = statement.not_resources is not None
        self._resources = None if patterns is None else Patterns(patterns, policy.version)
        self._principals = None if statement.principals is None else Principals(statement.principals)
        self._not_principals = None if statement.not_principals is None else Principals(statement.not_principals)
        self._conditions = tuple(Condition(test, policy.version) for test in statement.conditions)
        verb = "allows" if statement.effect is Effect.ALLOW else "denies"
        where = f"{policy.name} statement {statement.index + 1}"
        self._unknown = all_of(Unresolved(f"what {where} {verb}: {reason}") for reason in statement.unknown[:1])
        self._where = where
        self._is_named = Unresolved(f"whom {where} {verb}: it names no principal")

    def met(self, keys: Keys) -> Formula:
        """Whether resource and conditions match."""
        resource = keys.request.resource
        found: Formula = TRUE
        if self._resources is not None:
            found = self._resources.matched(resource, keys)
            if self._is_negated:
                found = all_of((negate(found), self._resources.resolved(keys)))
            if found is FALSE:
                return FALSE
        if not self._conditions:
            return found if self._unknown is TRUE else all_of((found, self._unknown))
        parts = [each for each in (found, self._unknown) if each is not TRUE]
        for condition in self._conditions:
            met = condition.met(keys)
            if met is FALSE:
                return FALSE
            if met is not TRUE:
                parts.append(met)
        return all_of(parts) if len(parts) > 1 else parts[0] if parts else TRUE

    def named(self, keys: Keys) -> Named:
        """How its principals name the caller."""
        if self._principals is not None:
            return self._principals.name(keys)
        if self._not_principals is not None:
            return not_spared(self._not_principals, keys, self.effect, self._where)
        # AWS would refuse it; where all else is known, it names nobody.
        return NOBODY if keys.is_complete else Named(directly=self._is_named)

    @property
    def names_nobody(self) -> bool:
        """Whether it has neither Principal nor NotPrincipal."""
        return self._principals is None and self._not_principals is None

    @property
    def spares_some(self) -> bool:
        """Whether it has a NotPrincipal."""
        return self._not_principals is not None


class Prepared:
    """One policy, ready to be asked of many requests.

    Attributes:
        may_allow: Facts under which it allows what is not seen in it.
        may_deny: Facts under which it denies so.
    """

    __slots__ = ("_by_action", "_statements", "may_allow", "may_deny")

    def __init__(self, policy: Policy) -> None:
        self._statements = tuple((Ready(each, policy), _actions(each)) for each in policy.statements)
        self._by_action: dict[str, tuple[tuple[tuple[Ready, Formula], ...], tuple[tuple[Ready, Formula], ...]]] = {}
        self.may_allow = any_of(Unresolved(f"what else {policy.name} allows: {reason}") for reason in policy.unknown)
        self.may_deny = any_of(Unresolved(f"what else {policy.name} denies: {reason}") for reason in policy.unknown)

    def of_action(self, action: str) -> tuple[tuple[tuple[Ready, Formula], ...], tuple[tuple[Ready, Formula], ...]]:
        """The statements that allow and those that deny an action, each with what that itself depends on.

        Args:
            action: In lower case.
        """
        found = self._by_action.get(action)
        if found is None:
            matching = [(ready, when) for ready, acts in self._statements if (when := acts(action)) is not FALSE]
            allows = tuple(each for each in matching if each[0].effect is Effect.ALLOW)
            found = allows, tuple(each for each in matching if each[0].effect is Effect.DENY)
            self._by_action[action] = found
        return found


def _actions(statement: Statement) -> Callable[[str], Formula]:
    negated = statement.not_actions is not None
    patterns = tuple(map(globs.fold, (statement.not_actions if negated else statement.actions) or ()))

    def matched(action: str) -> Formula:
        found = any_of(_matched(pattern, action) for pattern in patterns)
        return negate(found) if negated else found

    return matched


def prepared(policy: Policy) -> Prepared:
    """The policy made ready; kept with it."""
    found = policy.kept.get("prepared")
    if found is None:
        found = policy.kept["prepared"] = Prepared(policy)
    return found
