"""The statements of two policies, cut to what a question is about, and the question itself; any JSON may stand where a policy should."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from lakecheck.formula import Truth
from lakecheck.iam import globs
from lakecheck.iam.comparison import Verdict, check_no_new_access, read_compared
from lakecheck.upgrade.comparison.names import Names
from lakecheck.upgrade.model import Fate
from lakecheck.upgrade.reading import canonical, items
from lakecheck.upgrade.security.policy_table import ADMINISTRATION, ADMINISTRATION_OF_ALL
from lakecheck.values import Unknown, with_holes_called, with_holes_filled
from lakemodel.errors import InvalidInput

if TYPE_CHECKING:
    from lakecheck.upgrade.model import Comparison

_GETS_ANOTHER: Final = (Fate.REPLACED, Fate.PERHAPS_REPLACED, Fate.MOVED, Fate.RENAMED)
_CAP: Final = 4_000
_MOST: Final = 1_000
"""The most comparisons of one run; what is beyond is told as not known."""

_EVERYTHING: Final = "Everything"
_MOST_STATEMENTS: Final = 200
_GUARDS: Final = frozenset(
    {
        "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid",
        "aws:sourceorgpaths", "aws:sourceaccount", "aws:sourceowner", "aws:sourcearn", "aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc",
        "aws:sourcevpce", "aws:securetransport", "sts:externalid", "kms:calleraccount", "kms:viaservice", "s3:dataaccesspointaccount",
    }
)  # fmt: skip
"""Condition keys, in lower case, that bind those who are let in anyway."""

_WHO: Final = _GUARDS | {"aws:principalarn", "aws:principalaccount", "aws:userid", "s3:dataaccesspointarn", "lambda:functionurlauthtype"}
_OWN: Final = ("aws:PrincipalAccount", "aws:SourceAccount", "AWS:SourceOwner", "kms:CallerAccount", "s3:DataAccessPointAccount")
"""Keys that have the account's own id in requests that come from it."""

_UNSAID: Final = (*_OWN, "aws:PrincipalIsAWSService")
"""Keys that a request from outside has not, which nobody need be told."""

_GOES_ALONG: Final = ("sts:tagsession", "sts:setsourceidentity", "sts:setcontext")
_FILLED: Final = re.compile(r"unknown(\d+)x|9(\d{11})(?=:)")
_ALL: Final = re.compile(r"\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:(\*|\*/\*)")


def statements(document: Any) -> list[Any]:
    """A document's statements; one that is not known for a document that is not."""
    if isinstance(document, Unknown):
        return [document]
    return items(document.get("Statement")) if isinstance(document, dict) else []


def listed(several: list[Any]) -> dict[str, Any]:
    """Statements as a document."""
    return {"Statement": several}


def _with(document: Any, effect: str) -> list[Any]:
    """The statements with an effect; one whose effect is not known may have any."""
    found = []
    for each in statements(document):
        of_it = each.get("Effect") if isinstance(each, dict) else each
        if of_it == effect or isinstance(of_it, Unknown):
            found.append(each)
    return found


def allows(document: Any) -> list[Any]:
    """What it allows."""
    return _with(document, "Allow")


def denies(document: Any) -> list[Any]:
    """What it denies."""
    return [each for each in _with(document, "Deny") if isinstance(each, dict)]


def guards(document: Any, *, names_principals: bool = True) -> list[Any]:
    """What it denies, beside everything allowed: what is left is what it does not deny."""
    everything = {"Sid": _EVERYTHING, "Effect": "Allow", "Action": "*", "Resource": "*"} | ({"Principal": "*"} if names_principals else {})
    return [everything, *denies(document)]


def fresh(before: list[Any], after: list[Any]) -> list[Any]:
    """The statements that are new, whatever their Sid."""
    known = {_sign(each) for each in before}
    return [each for each in after if _sign(each) not in known]


def _sign(statement: Any) -> str:
    return canonical({key: value for key, value in statement.items() if key != "Sid"} if isinstance(statement, dict) else statement)


def without_guards(statement: Any) -> tuple[Any, frozenset[str]]:
    """A statement without conditions that guard those who are let in, and the keys of these."""
    conditions = statement.get("Condition") if isinstance(statement, dict) else None
    if not isinstance(conditions, dict):
        return statement, frozenset()
    kept: dict[str, Any] = {}
    lost = set()
    for operator, tests in conditions.items():
        for key, value in tests.items() if isinstance(tests, dict) else ():
            if str(key).lower() in _GUARDS:
                lost.add(str(key))
            else:
                kept.setdefault(operator, {})[key] = value
    rest = {key: value for key, value in statement.items() if key != "Condition"}
    return (rest | {"Condition": kept} if kept else rest), frozenset(lost)


def names_everybody(statement: Any) -> bool:
    """Whether a statement's principal is everybody."""
    principal = statement.get("Principal") if isinstance(statement, dict) else None
    return principal == "*" or (isinstance(principal, dict) and "*" in items(principal.get("AWS")))


def unguarded(statement: Any) -> bool:
    """Whether it lets in everybody, with no condition on who or from where."""
    if not isinstance(statement, dict):
        return False
    conditions = statement.get("Condition")
    tests = [each for each in conditions.values() if isinstance(each, dict)] if isinstance(conditions, dict) else []
    return (
        names_everybody(statement)
        and not isinstance(conditions, Unknown)
        and not any(str(key).lower() in _WHO for each in tests for key in each)
    )


def assuming(statement: Any) -> list[Any]:
    """A statement of a trust policy without what only goes along with becoming the role; nothing when that is all of it."""
    if not isinstance(statement, dict) or "Action" not in statement:
        return [statement]
    actions = [each for each in items(statement["Action"]) if not (isinstance(each, str) and each.lower() in _GOES_ALONG)]
    return [statement | {"Action": actions}] if actions else []


def wide(statement: Any) -> list[Any]:
    """The statement with those of its actions alone that are a whole service's on everything, or administration; nothing without such."""
    if not isinstance(statement, dict):
        return []
    is_all = any(isinstance(each, str) and _ALL.fullmatch(each) for each in items(statement.get("Resource")))
    if "NotAction" in statement:
        return [statement] if is_all else []
    found = [each for each in items(statement.get("Action")) if isinstance(each, str) and _is_wide(each, is_all=is_all)]
    return [statement | {"Action": found}] if found else []


def _is_wide(action: str, *, is_all: bool) -> bool:
    if is_all and (action == "*" or action.endswith(":*")):
        return True
    asked = ADMINISTRATION + ADMINISTRATION_OF_ALL if is_all else ADMINISTRATION
    return any(globs.match_action(action, each) is Truth.TRUE for each in asked)


class Comparer:
    """Asks whether one list of statements allows what another does not, so often and no more.

    Args:
        comparison: Both states, in which stacks and resources may have other names.
    """

    def __init__(self, comparison: Comparison) -> None:
        self._stacks = comparison.stacks
        self._changes = comparison.changes
        self._left = _MOST
        self._numbers: dict[str, int] = {}

    @cached_property
    def _names(self) -> Names | None:
        same = all(one is None or other is None or one.path == other.path for one, other in self._stacks)
        return None if same else Names(self._stacks)

    @cached_property
    def _moved(self) -> tuple[tuple[str, str], ...]:
        """The ARNs in BASE of resources that get another one, with the new ones."""
        found: dict[str, str] = {}
        for change in self._changes:
            if change.fate in _GETS_ANOTHER and change.was is not None and change.now is not None:
                was, now = change.was.resource, change.now.resource
                pairs = [(was.arn, now.arn), *((value, now.attributes.get(name)) for name, value in was.attributes.items())]
                found |= {
                    str(one): other for one, other in pairs if str(one).startswith("arn:") and isinstance(other, str) and one != other
                }
        return tuple(sorted(found.items(), key=lambda pair: -len(pair[0])))

    def named(self, value: Any) -> Any:
        """A value of BASE with stacks and resources called as in HEAD, so that a policy that follows its resource is the same."""
        if self._names is None and not self._moved:
            return value
        try:
            return _mapped(value, self._in_head)
        except RecursionError:
            return value

    def _in_head(self, text: str) -> str:
        for one, other in self._moved:
            text = text.replace(one, other)
        return text if self._names is None else with_holes_called(text, self._names.in_head)

    def new_access(self, reference: list[Any], candidate: list[Any], *, outside: str = "", names_principals: bool = True) -> Verdict:
        """Whether the candidate allows what the reference does not.

        Args:
            reference: Statements.
            candidate: Statements.
            outside: Only requests from outside of this account, and of no AWS service, count; everybody's when left out.
            names_principals: Whether the statements name principals.
        """
        self._left -= 1
        if self._left < 0 or len(reference) + len(candidate) > _MOST_STATEMENTS:
            return Verdict(truth=Truth.OPEN, reasons=("there are more changed policies, or longer ones, than are compared",))
        try:
            return self._compared(reference, candidate, self._filled(outside), names_principals=names_principals)
        except InvalidInput as error:
            return Verdict(truth=Truth.OPEN, reasons=(f"AWS would refuse the policy: {str(error).splitlines()[0]}",))
        except RecursionError:
            return Verdict(truth=Truth.OPEN, reasons=("the policy is nested too deeply",))

    def _compared(self, reference: list[Any], candidate: list[Any], outside: str, *, names_principals: bool) -> Verdict:
        bounded = [*candidate, *(_inside(outside) if outside else ())]
        read = [
            read_compared(self._filled({"Version": "2012-10-17", "Statement": each}), name=name, resource_policy=names_principals)
            for name, each in (("BASE", reference), ("HEAD", bounded))
        ]
        verdict = check_no_new_access(*read, resource_policy=names_principals, cap=_CAP)
        if verdict.truth is Truth.TRUE and read[1].unknown and read[1].unknown != read[0].unknown:
            return Verdict(truth=Truth.OPEN, reasons=read[1].unknown)
        return verdict

    def _filled(self, value: Any) -> Any:
        """The value with a word of its own for each hole, so that equal holes are equal and others are not."""
        return _mapped(value, lambda text: with_holes_filled(text, self._word))

    def _word(self, identity: str) -> str:
        number = self._numbers.setdefault(identity, len(self._numbers))
        return f"{900_000_000_000 + number}" if identity.startswith("account") else f"unknown{number}x"

    def shown(self, text: str) -> str:
        """A text of a verdict for people: holes in braces again."""
        names = dict(enumerate(self._numbers))

        def named(found: re.Match[str]) -> str:
            name = names.get(int(found[1] or found[2]))
            return found[0] if name is None else f"{{{name}}}"

        return _FILLED.sub(named, text)

    def request(self, verdict: Verdict) -> str:
        """The request that shows a verdict, in a few words; empty when it has none."""
        witness = verdict.witness
        if witness is None:
            return ""
        who = "" if witness.principal is None else f"{'anybody' if witness.principal == '*' else self.shown(witness.principal)}, "
        if witness.resource == "*":
            return f"{who}{witness.action}"
        is_any = witness.statement.resources == ("*",) and witness.statement.sid != _EVERYTHING
        return f"{who}{witness.action}, {'any resource' if is_any else self.shown(witness.resource)}"

    def example(self, verdict: Verdict) -> tuple[str, ...]:
        """The same with the condition keys that matter, a line each."""
        if verdict.witness is None:
            return ()
        lines = [f"for example: {self.request(verdict)}"]
        for key, values in verdict.witness.context.items():
            if values:
                lines.append(f"with {key}: {', '.join(map(self.shown, values))}")
            elif key not in _UNSAID:
                lines.append(f"without {key}")
        return tuple(lines)


def _inside(account: str) -> list[Any]:
    """What takes away every request from inside of an account, or by a service."""
    everything = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    own = [everything | {"Condition": {"StringEquals": {key: account}}} for key in _OWN]
    return [*own, everything | {"Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}}}]


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(each, change) for key, each in value.items()}
    return [_mapped(each, change) for each in value] if isinstance(value, list | tuple) else value
