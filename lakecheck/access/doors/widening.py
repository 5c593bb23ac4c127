"""Whether somebody can give itself, or another role or user of its account, any right: what the doors of escalation build on.

Whoever can put a policy on itself, or create a principal and put one on that, can do anything in the account. An explicit Deny, a
permissions boundary and the organisation's policies still hold against the edit itself; a principal with a boundary that it cannot take off
stays below it, and what that comes to is told as not known unless the boundary lets pass nothing that matters.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import NO, YES, Answer, doubtful, every, some
from lakecheck.access.doors.reasons import reasons
from lakecheck.access.doors.rights import Rights, partition_of, short, statement_has
from lakecheck.access.questions import DIRECT_CALL
from lakecheck.estate.model import Principal, PrincipalKind
from lakecheck.formula import TRUE, Truth
from lakecheck.iam.evaluator import evaluate
from lakecheck.iam.model import Context, Effect, Policy, Request, ResourceKind, Statement
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ADMINISTRATOR: Final = "AdministratorAccess"
ASSUME: Final = "sts:AssumeRole"

WORTHWHILE: Final = (
    "s3:GetObject",
    "s3:PutObject",
    "s3:PutBucketPolicy",
    "lakeformation:GetDataAccess",
    "lakeformation:GrantPermissions",
    "lakeformation:PutDataLakeSettings",
    "athena:GetQueryResults",
    "redshift-data:ExecuteStatement",
    "sts:AssumeRole",
    "iam:PassRole",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "glue:StartJobRun",
    "lambda:UpdateFunctionCode",
    "cloudtrail:StopLogging",
    "kms:PutKeyPolicy",
)
"""What a boundary has to stop, all of it, for a principal below it to gain nothing by widening its own policies."""

_NO_BOUNDARY: Final[Mapping[str, tuple[str, ...]]] = {"iam:permissionsboundary": ()}


def owns(rights: Rights, principal: Principal) -> bool:
    """Whether somebody can surely do anything in its account by its own policies alone, so that no smaller door need be asked about."""
    found = rights.owners.get(id(principal))
    if found is None:
        found = rights.owners[id(principal)] = any(answer.allowed == TRUE for _, answer in widens_itself(rights, principal))
    return found


# --- oneself ---------------------------------------------------------------------------------------------------------------------------


def widens_itself(rights: Rights, source: Principal) -> Iterator[tuple[str, Answer]]:
    """Each way in which somebody can get any right in its account without the help of others; a sure one first."""
    own = widens(rights, source, source)
    if not own.refused:
        yield source.name, own
    if source.kind is PrincipalKind.USER:
        yield "its groups", _below_boundary(rights, source, _by_groups(rights, source))
    new_role = _new_role(rights, source)
    if not new_role.refused:
        yield "a role that it creates", new_role
    new_user = _new_user(rights, source)
    if not new_user.refused:
        yield "a user that it creates", new_user
    if any({each.effect for each in policy.statements} == {Effect.ALLOW, Effect.DENY} for policy in source.policies):
        loose = some(rights.ask(source, action, source.arn) for action in _loosening(source) if rights.could(source, action))
        yield source.name, doubtful(loose, f"what {source.name} may do once statements that deny it something are gone")


def _loosening(source: Principal) -> tuple[str, ...]:
    kind = "User" if source.kind is PrincipalKind.USER else "Role"
    if source.kind is PrincipalKind.PERMISSION_SET:
        return ()
    return (f"iam:Delete{kind}Policy", f"iam:Detach{kind}Policy")


def widens(rights: Rights, source: Principal, target: Principal) -> Answer:
    """Whether somebody can give a role or user any policy; the roles of Identity Center cannot be edited."""
    if target.kind is PrincipalKind.PERMISSION_SET or source.account != target.account:
        return NO
    kind = "User" if target.kind is PrincipalKind.USER else "Role"
    boundary: Mapping[str, tuple[str, ...]] = _NO_BOUNDARY if target.boundary is None else {}
    put = _ask(rights, source, f"iam:Put{kind}Policy", target.arn, boundary)
    if put.allowed == TRUE:
        return _below_boundary(rights, source, put, target)
    attach = _attaches(rights, source, f"iam:Attach{kind}Policy", target.arn, boundary)
    return _below_boundary(rights, source, some((put, attach, *_versions(rights, source, target.policies, target))), target)


def _versions(rights: Rights, source: Principal, policies: Iterable[Policy], target: Principal) -> Iterator[Answer]:
    """Editing a managed policy that the target has."""
    for policy in policies:
        if policy.arn:
            yield _ask(rights, source, "iam:CreatePolicyVersion", policy.arn, {})
            older = _ask(rights, source, "iam:SetDefaultPolicyVersion", policy.arn, {})
            yield doubtful(older, f"whether an older version of {shown(policy.name)} gives {target.name} more")


def _attaches(rights: Rights, source: Principal, action: str, target: str, boundary: Mapping[str, tuple[str, ...]]) -> Answer:
    """Attaching counts where any policy may be attached: AWS's widest one, or one that the principal writes itself."""
    if not rights.could(source, action):
        return NO
    partition = partition_of(source.arn)
    widest = {**boundary, "iam:policyarn": (f"arn:{partition}:iam::aws:policy/{ADMINISTRATOR}",)}
    found = rights.ask(source, action, target, widest)
    if not found.refused:
        return found
    policies = f"arn:{partition}:iam::{source.account}:policy/"
    for making in ("iam:CreatePolicy", "iam:CreatePolicyVersion"):
        if rights.could(source, making):
            reach = rights.questions.may_any(source, making, f"{policies}*")
            if reach.witness:
                attach = rights.ask(source, action, target, {**boundary, "iam:policyarn": (reach.witness,)})
                both = every((attach, Answer(reach.allowed, reasons(reach.decision, making, reach.witness))))
                if not both.refused:
                    return both
    return doubtful(
        rights.ask(source, action, target, boundary), f"what the policies allow that {source.name} may attach to {short(target)}"
    )


def _by_groups(rights: Rights, source: Principal) -> Answer:
    groups = f"arn:{partition_of(source.arn)}:iam::{source.account}:group/*"
    join = rights.ask_any(source, "iam:AddUserToGroup", groups)
    edit = some(rights.ask_any(source, action, groups) for action in ("iam:PutGroupPolicy", "iam:AttachGroupPolicy"))
    return some(
        (
            every((join, edit)),
            doubtful(edit, f"whether {source.name} is in a group whose policies it may edit"),
            doubtful(join, f"what the groups may do that {source.name} may join"),
        )
    )


def _new_role(rights: Rights, source: Principal) -> Answer:
    if not rights.could(source, "iam:CreateRole"):
        return NO
    roles = f"arn:{partition_of(source.arn)}:iam::{source.account}:role/*"
    ways = []
    for context in (_NO_BOUNDARY, {}):
        for fill in ("iam:PutRolePolicy", "iam:AttachRolePolicy"):
            made = _created(rights, source, "iam:CreateRole", fill, roles, context)
            ways.append(made if context else doubtful(made, _BOUNDED.format(source.name)))
    return some(ways)


_BOUNDED: Final = "what the permissions boundary lets pass that {} has to put on what it creates"


def _created(rights: Rights, source: Principal, create: str, fill: str, pattern: str, context: Mapping[str, tuple[str, ...]]) -> Answer:
    """Creating a principal and filling it, both of the same name, and becoming it."""
    if not rights.could(source, fill):
        return NO
    found: list[Answer] = []
    names = dict.fromkeys(rights.questions.may_any(source, each, pattern, context=context).witness for each in (create, fill))
    for name in filter(None, names):
        filled = _attaches(rights, source, fill, name, context) if "Attach" in fill else rights.ask(source, fill, name, context)
        become = assumes(rights, source, name) if ":role/" in name else YES
        found.append(every((rights.ask(source, create, name, context), filled, become)))
    return some(found)


def _new_user(rights: Rights, source: Principal) -> Answer:
    if not rights.could(source, "iam:CreateUser"):
        return NO
    users = f"arn:{partition_of(source.arn)}:iam::{source.account}:user/*"
    login = some(rights.ask_any(source, action, users) for action in ("iam:CreateAccessKey", "iam:CreateLoginProfile"))
    if login.refused:
        return NO
    ways = []
    for context in (_NO_BOUNDARY, {}):
        for fill in ("iam:PutUserPolicy", "iam:AttachUserPolicy"):
            made = every((_created(rights, source, "iam:CreateUser", fill, users, context), login))
            ways.append(made if context else doubtful(made, _BOUNDED.format(source.name)))
    return some(ways)


def _ask(rights: Rights, source: Principal, action: str, resource: str, context: Mapping[str, tuple[str, ...]]) -> Answer:
    return rights.ask(source, action, resource, context) if rights.could(source, action) else NO


# --- boundaries ------------------------------------------------------------------------------------------------------------------------


def _below_boundary(rights: Rights, source: Principal, answer: Answer, target: Principal | None = None) -> Answer:
    """The answer, held below the target's boundary unless the source can take that off or rewrite it."""
    bounded = source if target is None else target
    boundary = bounded.boundary
    if answer.refused or boundary is None:
        return answer
    kind = "User" if bounded.kind is PrincipalKind.USER else "Role"
    edits = [f"iam:Delete{kind}PermissionsBoundary", f"iam:Put{kind}PermissionsBoundary"]
    off = [_ask(rights, source, edits[0], bounded.arn, {}), *_versions(rights, source, (boundary,), bounded)]
    other = doubtful(_ask(rights, source, edits[1], bounded.arn, {}), f"which other boundary {source.name} may put on {bounded.name}")
    loose = every((answer, some((*off, other))))
    if loose.allowed == TRUE:
        return loose
    passing = _passing(boundary)
    if passing is Truth.FALSE:
        return loose
    held = doubtful(answer, f"what {shown(boundary.name)}, the boundary of {bounded.name}, lets pass") if passing is Truth.OPEN else answer
    return some((loose, held))


def _passing(boundary: Policy) -> Truth:
    """Whether a boundary lets pass everything that matters (TRUE), nothing of it (FALSE), or something."""
    if boundary.unknown:
        return Truth.OPEN
    everything = True
    nothing = True
    for action in WORTHWHILE:
        fitting = [each for each in boundary.statements if statement_has(each, action)]
        allows = [each for each in fitting if each.effect is Effect.ALLOW]
        nothing = nothing and not allows
        sure = any(each.resources is not None and "*" in each.resources and not (each.conditions or each.unknown) for each in allows)
        everything = everything and sure and len(allows) == len(fitting)
    return Truth.TRUE if everything else Truth.FALSE if nothing else Truth.OPEN


def assumes(rights: Rights, source: Principal, role: str) -> Answer:
    """Whether somebody could assume a role of its account once the trust policy names it."""
    trust = Policy(
        name=f"the trust policy that {source.name} writes",
        statements=(
            Statement(index=0, effect=Effect.ALLOW, actions=("sts:*",), principals={"AWS": (rights.questions.caller(source).arn,)}),
        ),
    )
    layers = replace(rights.questions.layers(source, ASSUME, role), resource=trust, resource_kind=ResourceKind.TRUST_POLICY)
    request = Request(
        caller=rights.questions.caller(source),
        action=ASSUME,
        resource=role,
        resource_account=source.account,
        context=Context(values=DIRECT_CALL, complete=False),
    )
    decision = evaluate(request, layers)
    return NO if decision.truth is Truth.FALSE else Answer(decision.allowed)
