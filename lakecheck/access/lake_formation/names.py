"""When a grant's names mean an estate's principals, databases and tables, where either may have holes or wildcards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lakecheck.estate.model import IAM_IDENTITIES, PrincipalKind
from lakecheck.formula import FALSE, TRUE, Formula, Truth, Unresolved
from lakecheck.iam.globs import covers, intersects, match
from lakecheck.values import generated_holes, has_hole, outline, shown

if TYPE_CHECKING:
    from lakecheck.estate.model import Account, Principal

_RESERVED: Final = "AWSReservedSSO_"
_RESERVED_PATH: Final = ":role/aws-reserved/"
_ALL_IAM_PRINCIPALS: Final = ":IAMPrincipals"
_ACCOUNT: Final = re.compile(r"\d{12}")
_ROOT: Final = re.compile(r"arn:[^:]*:iam::([^:]*):root")
_ORGANIZATION: Final = re.compile(r"arn:[^:]*:organizations::[^:]*:(organization|ou|root)/(?:(o-[^/]+))(?:/(.+))?")
_SUFFIX: Final = 16


def same_name(one: str, other: str) -> Formula:
    """Whether two names of the catalog are one: never by a name that CloudFormation makes up, perhaps by one that is not known."""
    if one == other:
        return TRUE
    if not (has_hole(one) or has_hole(other)) or generated_holes(one) != generated_holes(other):
        return FALSE
    if not intersects(outline(one), outline(other)):
        return FALSE
    first, second = sorted((shown(one), shown(other)))
    return Unresolved(f"whether {first} is {second}")


def account_of(text: str) -> str:
    """The account that a grant's principal stands for as a whole; empty when it stands for something else."""
    if _ACCOUNT.fullmatch(text):
        return text
    root = _ROOT.fullmatch(text)
    if root is not None:
        return root.group(1)
    return text if has_hole(text) and not text.startswith("arn:") and _ALL_IAM_PRINCIPALS not in text and ":" not in outline(text) else ""


def is_organization(text: str) -> bool:
    """Whether a grant's principal is an organisation or one of its units."""
    return ":organizations:" in text


def account_in(text: str, account: Account) -> Formula:
    """Whether an account is in the organisation, or the organisational unit, that a grant names by ARN."""
    found = _ORGANIZATION.fullmatch(text)
    if found is None:
        return Unresolved(f"whether account {shown(account.id)} is in {shown(text)}")
    kind, organization, unit = found.groups()
    if account.organization is None:
        return Unresolved(f"whether account {shown(account.id)} is in the organisation {organization}")
    if account.organization != organization:
        return FALSE
    if kind == "organization":
        return TRUE
    if account.organization_paths is None:
        return Unresolved(f"whether account {shown(account.id)} is in {shown(unit or text)}")
    return TRUE if any((unit or "").rpartition("/")[2] in path.split("/") for path in account.organization_paths) else FALSE


def is_pattern(text: str) -> bool:
    """Whether a grant's principal can only be compared as a pattern: it has wildcards, or is a permission set's role."""
    return "*" in text or "?" in text or _RESERVED in text


def everybody_in(account: str) -> str:
    """What grants write for all IAM principals of an account.

    https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_DataLakePrincipal.html
    """
    return f"{account}{_ALL_IAM_PRINCIPALS}"


def exact_names(principal: Principal) -> tuple[str, ...]:
    """The texts without wildcards by which a grant may mean a principal."""
    return (principal.arn, everybody_in(principal.account)) if principal.kind in IAM_IDENTITIES else (principal.arn,)


def means(text: str, principal: Principal) -> Formula:
    """Whether a pattern in a grant means a principal. Permission sets are the same when account and name are, whatever their suffix is."""
    if text == principal.arn:
        return TRUE
    ours, theirs = permission_set(principal.arn), permission_set(text)
    if theirs and (ours or _RESERVED_PATH not in principal.arn):  # nobody else can make a role below that path
        return TRUE if ours == theirs else FALSE
    if principal.kind is PrincipalKind.PERMISSION_SET:
        found = Truth.TRUE if covers(text, principal.arn) else Truth.OPEN if intersects(text, principal.arn) else Truth.FALSE
    else:
        found = match(text, principal.arn)
    if found is Truth.OPEN:
        return Unresolved(f"whether {shown(text)} is {principal.name}")
    return TRUE if found is Truth.TRUE else FALSE


def permission_set(arn: str) -> tuple[str, str] | None:
    """Account and name of the permission set whose role an ARN is."""
    head, found, tail = arn.rpartition(_RESERVED)
    name, _, suffix = tail.rpartition("_")
    if not found or not name or "*" in name or not (len(suffix) == _SUFFIX or "*" in suffix or has_hole(suffix)):
        return None
    return (head.split(":")[4] if head.count(":") > 3 else "", name)  # noqa: PLR2004 - the fifth part of an ARN
