"""The matrix in words: who, what, through which door, on what condition; reports, differences and approvals say it alike."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakecheck.access.model import Access, Action, DatasetKind, Door
from lakecheck.assembly.model import NO_ENVIRONMENT
from lakecheck.formula import FALSE, TRUE, All, Any, Constant, Formula, Not, Test, Truth, Unresolved, leaves
from lakecheck.values import shown
from lakemodel.findings import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakecheck.access.model import Dataset, Step
    from lakecheck.estate.model import Principal

MOST_KEPT: Final = 1 << 16

ACTIONS: Final = tuple(Action)
"""In the order in which they are listed."""

DOORS: Final = {
    Door.LAKE_FORMATION: "Lake Formation",
    Door.IAM_CATALOG: "IAM without Lake Formation",
    Door.S3: "direct S3",
    Door.ACCESS_POINT: "an access point",
    Door.ACCESS_GRANT: "an S3 Access Grant",
    Door.REPLICA: "a replica",
    Door.TEMPORARY_FILES: "temporary files of a job",
    Door.ATHENA_RESULTS: "results in Athena",
    Door.REDSHIFT: "Redshift",
    Door.ASSUMED_ROLE: "an assumed role",
    Door.SELF_GRANT: "a grant to itself",
    Door.PASS_ROLE: "a passed role",
    Door.CODE_UPDATE: "changed code",
    Door.POLICY_EDIT: "a changed policy",
}
"""What each door is called after `through`."""

_STEPS: Final = {
    Door.ASSUMED_ROLE: "assumes",
    Door.SELF_GRANT: "grants itself what it lacks:",
    Door.PASS_ROLE: "passes a role:",
    Door.CODE_UPDATE: "changes the code of",
    Door.POLICY_EDIT: "changes the policy of",
    Door.ATHENA_RESULTS: "reads results of queries:",
    Door.TEMPORARY_FILES: "reads temporary files:",
    Door.REDSHIFT: "logs in to",
    Door.REPLICA: "reads a copy:",
}
_KEYS: Final = {
    key.lower(): key
    for key in (
        "aws:CalledVia", "aws:CurrentTime", "aws:EpochTime", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:PrincipalAccount",
        "aws:PrincipalArn", "aws:PrincipalIsAWSService", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalServiceName",
        "aws:PrincipalType", "aws:Referer", "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:SecureTransport",
        "aws:SourceAccount", "aws:SourceArn", "aws:SourceIdentity", "aws:SourceIp", "aws:SourceOrgID", "aws:SourceVpc", "aws:SourceVpce",
        "aws:TokenIssueTime", "aws:UserAgent", "aws:userid", "aws:username", "aws:ViaAWSService", "aws:VpcSourceIp", "kms:CallerAccount",
        "kms:ViaService", "s3:DataAccessPointAccount", "s3:DataAccessPointArn", "s3:TlsVersion", "sts:ExternalId", "sts:RoleSessionName",
        "sts:SourceIdentity",
    )
}  # fmt: skip
_OPERATORS: Final = {
    "StringEquals": ("is", "is not"),
    "StringEqualsIgnoreCase": ("is", "is not"),
    "StringLike": ("is like", "is not like"),
    "ArnEquals": ("is like", "is not like"),
    "ArnLike": ("is like", "is not like"),
    "IpAddress": ("is in", "is not in"),
    "NumericEquals": ("is", "is not"),
    "NumericLessThan": ("is below", "is not below"),
    "NumericLessThanEquals": ("is at most", "is above"),
    "NumericGreaterThan": ("is above", "is at most"),
    "NumericGreaterThanEquals": ("is at least", "is below"),
    "DateEquals": ("is", "is not"),
    "DateLessThan": ("is before", "is not before"),
    "DateLessThanEquals": ("is not after", "is after"),
    "DateGreaterThan": ("is after", "is not after"),
    "DateGreaterThanEquals": ("is not before", "is before"),
    "BinaryEquals": ("is", "is not"),
    "Bool": ("is", "is not"),
}
_NEGATED: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
_FEW: Final = 3
_FACT: Final = re.compile(r"\[[^\[\]]*\]")


class Verdict(StrEnum):
    """What a person is told of an access."""

    YES = "yes"
    IF = "if"
    """When its conditions are met, which a request can do."""
    UNKNOWN = "unknown"
    """It depends on what no template tells."""
    NO = "no"
    """Its conditions exclude each other; such an access is in no matrix."""


RANK: Final = {Verdict.YES: 0, Verdict.IF: 1, Verdict.UNKNOWN: 2, Verdict.NO: 3}
"""From the surest to the least."""


@lru_cache(maxsize=MOST_KEPT)
def verdict(conditions: Formula) -> Verdict:
    """What the conditions come to.

    Example:
        >>> from lakecheck.formula import TRUE, Unresolved
        >>> verdict(TRUE).value, verdict(Unresolved("the policy of a role that no template defines")).value
        ('yes', 'unknown')
    """
    if conditions == TRUE:
        return Verdict.YES
    if conditions == FALSE:
        return Verdict.NO
    from lakecheck.iam.solver import solve  # noqa: PLC0415 - `--help` is to be quick

    truth = solve(conditions).truth
    return {Truth.TRUE: Verdict.IF, Truth.OPEN: Verdict.UNKNOWN, Truth.FALSE: Verdict.NO}[truth]


def key_name(key: str) -> str:
    """A condition key as AWS writes it.

    Example:
        >>> key_name("aws:sourceip"), key_name("acme:Key")
        ('aws:SourceIp', 'acme:Key')
    """
    return _KEYS.get(key, key)


@lru_cache(maxsize=MOST_KEPT)
def condition(formula: Formula) -> str:
    """A formula in words, the same for equal formulas; empty for one that is always true. What is not known stands in brackets.

    Example:
        >>> from lakecheck.formula import Test
        >>> condition(Test("aws:sourcevpce", "StringEquals", ("vpce-1", "vpce-2")))
        'aws:SourceVpce is vpce-1 or vpce-2'
    """
    return "" if formula == TRUE else _words(formula, positive=True)


def _words(formula: Formula, *, positive: bool) -> str:
    if isinstance(formula, Constant):
        return "always" if formula.value is positive else "never"
    if isinstance(formula, Not):
        return _words(formula.part, positive=not positive)
    if isinstance(formula, Test):
        return _test(formula, positive=positive)
    if isinstance(formula, Unresolved):
        return f"{'' if positive else 'not '}[{_clean(formula.reason)}]"
    if isinstance(formula, All | Any):
        joint = " and " if isinstance(formula, All) is positive else " or "
        parts = sorted({_words(part, positive=positive) for part in formula.parts})
        return parts[0] if len(parts) == 1 else joint.join(f"({part})" if _is_joined(part) else part for part in parts)
    return str(formula)


def _is_joined(text: str) -> bool:
    outside = _FACT.sub("", text)
    return " and " in outside or " or " in outside


def _test(test: Test, *, positive: bool) -> str:
    name = _KEYS.get(test.key, test.key)
    if test.quantifier:
        name = f"{'every' if test.quantifier == 'ForAllValues' else 'some'} value of {name}"
    if test.operator == "Null":
        missing = (test.values == ("true",)) is positive
        return f"{name} is missing" if missing else f"{name} is there"
    plain = _NEGATED.get(test.operator)
    operator = plain if plain is not None else test.operator
    turned = (plain is not None) is positive
    # A quantified test is not turned by turning its operator: not every value, is not every value not.
    quantified_no = bool(test.quantifier) and not positive
    turned = not turned if quantified_no else turned
    words = _OPERATORS.get(operator, (operator, f"not {operator}"))[turned]
    if operator == "Bool" and len(test.values) == 1 and turned:
        words, values = "is", "false" if test.values[0] == "true" else "true"
    else:
        values = _listed(test.values, "or")
    text = f"{_clean(name)} {words} {values}"
    if test.if_exists:
        text = f"{text}, or missing" if positive else f"{text}, and there"
    return f"not: {text}" if quantified_no else text


def _listed(values: Sequence[str], joint: str) -> str:
    texts = [_clean(value) if value else "''" for value in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {joint} {texts[-1]}" if texts else "nothing"


def _clean(text: str) -> str:
    return printable(shown(text))


_GENERATED: Final = re.compile(r"^s3://[^/{]*\{([^}]*)\}/?")
_HASH: Final = re.compile(r"[0-9A-F]{8}(?=$|/)")


def place(dataset: Dataset) -> str:
    """A dataset for somebody who knows the app: a bucket whose name CloudFormation makes up is called after its construct.

    Example:
        >>> from lakecheck.access.model import Dataset
        >>> from lakecheck.values import hole
        >>> name = f"s3://prod-storage-raw0a1b2c3d-{hole('Prod/Storage/Raw0A1B2C3D', generated=True)}/sales/"
        >>> place(Dataset(DatasetKind.BUCKET, "444444444421", "eu-west-1", name, "Prod"))
        'Storage/Raw: sales/'
    """
    name = _clean(dataset.name)
    found = _GENERATED.match(name)
    if dataset.kind is not DatasetKind.BUCKET or found is None:
        return name
    construct = _HASH.sub("", found[1].removeprefix(f"{dataset.environment}/"))
    return f"{construct}: {name[found.end() :]}" if name[found.end() :] else construct


def environment(dataset: Dataset) -> str:
    """The Stage that a dataset is in; empty outside any."""
    return "" if dataset.environment == NO_ENVIRONMENT else _clean(dataset.environment)


def who(principal: Principal) -> str:
    """What a reader calls the principal."""
    return _clean(principal.name)


def whose(principal: Principal) -> str:
    """The principal with its account, where the name does not say it: `role/Analyst of 444444444422`."""
    account = _clean(principal.account)
    return who(principal) if not account or account in principal.name else f"{who(principal)} of {account}"


def what(dataset: Dataset, columns: Sequence[str] | None = None) -> str:
    """A dataset with the columns that are meant, few of them by name.

    Example:
        >>> from lakecheck.access.model import Dataset, DatasetKind
        >>> table = Dataset(DatasetKind.TABLE, "444444444421", "eu-west-1", "sales.customers", "Prod")
        >>> what(table), what(table, ["email"]), what(table, ["email", "name"])
        ('sales.customers', 'sales.customers.email', 'email and name of sales.customers')
    """
    name = place(dataset)
    if columns is None:
        return name
    if len(columns) == 1 and dataset.kind is DatasetKind.TABLE:
        return f"{name}.{_clean(columns[0])}"
    return f"{few(columns, 'column')} of {name}"


def few(names: Sequence[str], noun: str, most: int = _FEW) -> str:
    """A few names, or how many there are with the first.

    Example:
        >>> few(["a", "b"], "table"), few(["a", "b", "c", "d", "e"], "table")
        ('a and b', '5 tables (a, b, ...)')
    """
    texts = [_clean(name) for name in names]
    if len(texts) > most:
        return f"{len(texts):,} {noun}s ({', '.join(texts[: most - 1])}, ...)"
    return joined(texts)


def joined(texts: Sequence[str]) -> str:
    """`a, b and c`."""
    return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else "".join(texts)


def actions(of: Iterable[Action]) -> str:
    """Actions in their order, joined: `read and write`."""
    done = set(of)
    return joined([action.value for action in ACTIONS if action in done])


def step(one: Step) -> str:
    """One step of a way: `assumes role/PiiReader`."""
    target = _clean(one.target)
    found = _GENERATED.match(target)
    if found is not None:
        target = f"{_HASH.sub('', found[1])}: {target[found.end() :]}".removesuffix(": ")
    return f"{_STEPS.get(one.door, DOORS[one.door])} {target}"


@lru_cache(maxsize=MOST_KEPT)
def _way(door: Door, via: tuple[Step, ...]) -> str:
    last = DOORS[door]
    if not via:
        return last
    steps = [step(one) for one in via]
    # A step into an account has opened the door by itself.
    return ", ".join(steps) if via[-1].door is door else f"{', '.join(steps)}, then {last}"


def way(access: Access) -> str:
    """How the data is reached: each step, then the door."""
    return _way(access.door, access.via)


def first_door(access: Access) -> Door:
    """The door that a reviewer looks at: that of the first step, or the access's own."""
    return access.via[0].door if access.via else access.door


def access_in_words(access: Access) -> str:
    """The access in one line.

    The columns are all the dataset has when the access names none.
    """
    rows = f" where {_clean(access.rows)}" if access.rows else ""
    when = condition(access.conditions)
    where = f" in {named}" if (named := environment(access.dataset)) else ""
    through = f"{way(access)}" if access.via else f"through {way(access)}"
    said = f"{who(access.principal)} can {access.action.value} {what(access.dataset, access.columns)}{rows}{where}"
    return f"{said}{': ' if access.via else ' '}{through}{f', if {when}' if when else ''}"


def facts(formula: Formula) -> tuple[str, ...]:
    """The facts that no template tells and that a formula depends on, in order."""
    return tuple(sorted({part.reason for part in leaves(formula) if isinstance(part, Unresolved)}))
