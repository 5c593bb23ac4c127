"""Guardrails as typed data: what is denied, on what, when, and who is exempt. Nothing here makes a policy."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Flag, auto
from typing import TYPE_CHECKING, Any, Final

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Conditions = Mapping[str, Mapping[str, str | tuple[str, ...]]]
    """Values by condition key by operator."""

_SID: Final = re.compile(r"[A-Za-z0-9]+")
_ACTION: Final = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]*\*?|\*")
_ROLE: Final = re.compile(r"([\w+=,.@-]+/)*[\w+=,.@-]+\*?", re.ASCII)
_SURELY_KEPT: Final = 20
_FIXED_CHARACTERS: Final = 8
"""How much of a pattern has to stand before its wildcard: shorter ones name roles that nobody meant."""


class Exempt(Flag):
    """Who a guardrail does not stop."""

    NOBODY = 0
    BREAK_GLASS = auto()
    """The role for emergencies, whose every use is alarmed."""
    DEPLOYMENT = auto()
    """The roles as which CloudFormation deploys."""
    HANDLERS = auto()
    """The roles of the functions behind custom resources: they set what CloudFormation has no resource for."""
    RESPONSE = auto()
    """The roles that contain what a finding is about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exemptions:
    """The roles behind `Exempt`, by name, with their path; a `*` at the end stands for the rest.

    A name exempts that role in every account that the policy is attached to. So nobody but the deployment and the break-glass role may
    make, change or pass on roles with these names: every policy with an exemption says so itself, see `keep_exempt_roles`.

    Attributes:
        break_glass_role: The role for emergencies; `BreakGlass` when left out.
        deploying_roles: What CloudFormation acts as; the CDK's execution roles when left out. What bootstraps an account belongs here as
            well when that happens after the policies are attached: `AWSControlTowerExecution`, `OrganizationAccountAccessRole`.
        passing_roles: Who hands those roles to CloudFormation; the CDK's deployment roles when left out. They are stopped by everything
            else.
        handler_roles: The roles of the functions behind custom resources, such as `names_of_stacks("Prod-MainAccount")`; none when left
            out. Name their stacks in `keep_deployed` as well: who may change such a function is exempt as it is.
        response_roles: The roles that contain what a finding is about; none when left out.

    Raises:
        DataLakeError: `exemption_too_wide`, for a pattern that is no role's name, or one with less than eight characters before its
            wildcard.
    """

    break_glass_role: str = "BreakGlass"
    deploying_roles: tuple[str, ...] = ("cdk-hnb659fds-cfn-exec-role-*",)
    passing_roles: tuple[str, ...] = ("cdk-hnb659fds-deploy-role-*",)
    handler_roles: tuple[str, ...] = ()
    response_roles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses patterns that would exempt more than their author sees."""
        _check_roles((*self.of(~Exempt.NOBODY), *self.passing_roles))

    def of(self, exempt: Exempt) -> tuple[str, ...]:
        """The names and patterns of those roles, each once."""
        groups = (
            (Exempt.BREAK_GLASS, (self.break_glass_role,)),
            (Exempt.DEPLOYMENT, self.deploying_roles),
            (Exempt.HANDLERS, self.handler_roles),
            (Exempt.RESPONSE, self.response_roles),
        )
        return tuple(dict.fromkeys(name for kind, names in groups if kind in exempt for name in names))


@dataclass(frozen=True, kw_only=True, slots=True)
class Guardrail:
    """One thing that nobody but the exempt may do, as a statement of a service control policy.

    Attributes:
        sid: Its name: letters and digits.
        why: What it prevents, in a sentence.
        deny: The actions; empty where `deny_all_but` says which.
        deny_all_but: Every action but these; empty where `deny` says which.
        resources: On which ARNs; on every one when left out. Write a partition as `*`.
        conditions: When; always when left out.
        exempt: Whom it does not stop: the break-glass role when left out.
        exempt_roles: More roles that this one does not stop, by name, as in `Exemptions`; none when left out.
        source: The AWS page behind it.

    Raises:
        DataLakeError: `guardrail_malformed`, for a Sid or an action that IAM would refuse, or not exactly one of deny and deny_all_but;
            `exemption_too_wide`, as `Exemptions`.
    """

    sid: str
    why: str
    deny: tuple[str, ...] = ()
    deny_all_but: tuple[str, ...] = ()
    resources: tuple[str, ...] = ("*",)
    conditions: Conditions = field(default_factory=dict)
    exempt: Exempt = Exempt.BREAK_GLASS
    exempt_roles: tuple[str, ...] = ()
    source: str

    def __post_init__(self) -> None:
        """Refuses what IAM would refuse later."""
        check_statement(self.sid, self.deny, self.deny_all_but, self.resources)
        _check_roles(self.exempt_roles)
        if any("aws:principalarn" in map(str.lower, keys) for operator, keys in self.conditions.items() if operator == "ArnNotLike"):
            msg = f"guardrail {self.sid} has a condition of its own on who is exempt; allowed is `exempt`, or `exempt_roles`"
            raise DataLakeError(msg, code="guardrail_malformed")

    def but(self, **changes: Any) -> Guardrail:
        """The same with some attributes changed: `but(exempt=Exempt.NOBODY)`."""
        return replace(self, **changes)

    def statement(self, exemptions: Exemptions) -> dict[str, Any]:
        """The statement, as it stands in a policy."""
        roles = (*exemptions.of(self.exempt), *self.exempt_roles)
        conditions: dict[str, Any] = {operator: dict(keys) for operator, keys in self.conditions.items()}
        if roles:
            conditions["ArnNotLike"] = {**conditions.get("ArnNotLike", {}), "aws:PrincipalArn": role_arns(roles)}
        return render(self.sid, self.deny, self.deny_all_but, self.resources, conditions)


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceGuardrail:
    """One thing that nobody may do to the organisation's resources, whoever it is, as a statement of a resource control policy.

    Attributes:
        sid: Its name: letters and digits.
        why: What it prevents, in a sentence.
        deny: The actions, of services that such policies protect.
        resources: On which ARNs; on every one when left out.
        conditions: When; always when left out.
        source: The AWS page behind it.

    Raises:
        DataLakeError: `guardrail_malformed`, for a Sid or an action that IAM would refuse, or an action of a service that no resource
            control policy protects.
    """

    sid: str
    why: str
    deny: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    conditions: Conditions = field(default_factory=dict)
    source: str

    def __post_init__(self) -> None:
        """Refuses what AWS would refuse later."""
        check_statement(self.sid, self.deny, (), self.resources)
        strange = sorted({each.partition(":")[0] for each in self.deny} - PROTECTED_SERVICES)
        if strange:
            allowed = ", ".join(sorted(PROTECTED_SERVICES))
            msg = f"guardrail {self.sid} is about {', '.join(strange)}; resource control policies protect {allowed}"
            raise DataLakeError(msg, code="guardrail_malformed")

    def statement(self) -> dict[str, Any]:
        """The statement, as it stands in a policy."""
        return {**render(self.sid, self.deny, (), self.resources, self.conditions), "Principal": "*"}


PROTECTED_SERVICES: Final = frozenset(
    {"s3", "sts", "kms", "sqs", "secretsmanager", "ecr", "aoss", "cognito-idp", "cognito-identity", "logs"}
)
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html"""


def names_of_stacks(*stacks: str) -> tuple[str, ...]:
    """How the names begin that CloudFormation gives to what these stacks make, with a `*` at the end.

    It names a role or a function after stack, logical id and chance, and cuts stack and logical id when the whole is too long; where it
    cuts is not documented. So a stack's name of up to 20 characters is taken whole, with its hyphen, and of a longer one the first 20.

    See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html

    Args:
        stacks: Names of stacks; a `*` at the end stands for the rest.

    Example:
        >>> names_of_stacks("Prod-MainAccount", "Staging-AnalyticsAccount", "Prod-*")
        ('Prod-MainAccount-*', 'Staging-AnalyticsAcc*', 'Prod-*')
    """
    whole = (each if each.endswith("*") else f"{each}-*" for each in stacks)
    return tuple(dict.fromkeys(each if len(each) <= _SURELY_KEPT + len("-*") else f"{each[:_SURELY_KEPT]}*" for each in whole))


def _check_roles(names: tuple[str, ...]) -> None:
    for each in names:
        if not _ROLE.fullmatch(each) or (each.endswith("*") and len(each) <= _FIXED_CHARACTERS):
            msg = (
                f"got the exempt role {each!r}; allowed is a role's name with its path, without a slash before it, with a * at its end "
                f"at most, after {_FIXED_CHARACTERS} characters or more"
            )
            raise DataLakeError(msg, code="exemption_too_wide")


def role_arns(names: tuple[str, ...]) -> list[str]:
    """Those roles in every account of every partition, in a fixed order."""
    return sorted({f"arn:*:iam::*:role/{name}" for name in names})


def check_statement(sid: str, actions: tuple[str, ...], not_actions: tuple[str, ...], resources: tuple[str, ...]) -> None:
    """Refuses a statement that AWS would refuse; raises `guardrail_malformed`."""
    problems = []
    if not _SID.fullmatch(sid):
        problems.append("a Sid has letters and digits only")
    if bool(actions) == bool(not_actions):
        problems.append("it needs either actions to deny or actions not to deny")
    problems += [
        f"{each!r} is no action, such as s3:PutObject or s3:Put*" for each in (*actions, *not_actions) if not _ACTION.fullmatch(each)
    ]
    problems += [f"{each!r} is no resource: * or an ARN" for each in resources if each != "*" and not each.startswith("arn:")]
    if not resources:
        problems.append("it needs a resource")
    if problems:
        raise DataLakeError(f"guardrail {sid!r}: {'; '.join(problems)}", code="guardrail_malformed")


def render(
    sid: str, actions: tuple[str, ...], not_actions: tuple[str, ...], resources: tuple[str, ...], conditions: Mapping[str, Any]
) -> dict[str, Any]:
    """A Deny as JSON has it, its lists sorted, so that equal statements look alike."""
    statement: dict[str, Any] = {"Sid": sid, "Effect": "Deny"}
    statement["Action" if actions else "NotAction"] = sorted(set(actions or not_actions))
    statement["Resource"] = sorted(set(resources)) if set(resources) != {"*"} else "*"
    plain = {
        operator: {key: sorted(set(value)) if isinstance(value, tuple | list) else value for key, value in sorted(keys.items())}
        for operator, keys in sorted(conditions.items())
    }
    return {**statement, "Condition": plain} if plain else statement
