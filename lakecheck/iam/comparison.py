"""Whether a policy allows what another one does not, or anything of a list: exact over everybody, every action, resource and condition.

The questions are those of IAM Access Analyzer's custom policy checks:
https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-custom-policy-checks.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lakecheck.formula import FALSE, TRUE, Formula, Test as KeyTest, Truth, all_of, any_of, leaves, negate
from lakecheck.iam import globs
from lakecheck.iam.documents import PolicyKind, read_policy
from lakecheck.iam.domains import ACTION, KIND, RESOURCE, USUAL_PARTITION
from lakecheck.iam.keys import Keys
from lakecheck.iam.matching import prepared
from lakecheck.iam.model import Caller, CallerKind, Context, Request
from lakecheck.iam.requests import NAMES, PRINCIPAL, SESSION, Access, accesses, asked, bound, denies, given, not_granted
from lakecheck.iam.solver import DEFAULT_CAP, TOO_MANY, solve
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lakecheck.iam.model import Policy, Statement

    Confirm = Callable[[Request], bool]

_WHO: Final = ("principal", "notprincipal")
_HARMLESS: Final = ("policy.sid_twice",)
_SOMEBODY: Final = f"arn:{USUAL_PARTITION}:iam::999999999999:role/Other"
_MOST_PAIRS: Final = 500_000
"""The most allowed resources times statements that are looked at."""
_UNCONFIRMED: Final = "a request was found that evaluating it does not confirm"


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """A request that shows it, which evaluating the policies confirms.

    Attributes:
        principal: Who asks: an ARN, a service, a provider, `*` for somebody anonymous; None in an identity policy, where it is the one that
            the policy is attached to.
        action: The action.
        resource: The resource.
        context: The condition keys that matter; a key that the request must not have has no values.
        statement: The statement that allows it.
    """

    principal: str | None
    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]]
    statement: Statement


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The answer.

    Attributes:
        truth: TRUE: PASS, there is no such access. FALSE: FAIL, and `witness` shows it. OPEN: it is not known, for `reasons`.
        witness: A request that shows it.
        reasons: Why it is not known.
    """

    truth: Truth
    witness: Witness | None = None
    reasons: tuple[str, ...] = ()


def read_compared(document: Any, *, name: str, resource_policy: bool) -> Policy:
    """The policy of a document that is to be compared.

    A wildcard in a principal is a pattern here: AWS's checks take it in a reference policy, and IAM itself in none. Two statements may have
    the same Sid, since it says nothing about access.

    Args:
        document: An object, as JSON has it.
        name: What a reader knows it by.
        resource_policy: Whether it names principals.

    Raises:
        InvalidInput: With everything else that AWS would refuse.
    """
    kind = PolicyKind.RESOURCE if resource_policy else PolicyKind.IDENTITY
    try:
        document = _mapped(document, globs.literal)
    except RecursionError:
        found = Finding(Place(name), "policy.document_too_deep", "the document is nested too deeply", "Flatten it.")
        raise InvalidInput([found]) from None
    policy, findings = read_policy(document, name=name, kind=kind)
    refused = [each for each in findings if each.code not in _HARMLESS]
    if refused:
        raise InvalidInput(refused)
    statements = (
        replace(each, principals=_plain(each.principals), not_principals=_plain(each.not_principals)) for each in policy.statements
    )
    return replace(policy, statements=tuple(statements))


def _mapped(document: Any, change: Callable[[str], str]) -> Any:
    """The document with every principal changed that is more than a star."""
    if isinstance(document, dict):
        return {key: _changed(value, change) if str(key).lower() in _WHO else _mapped(value, change) for key, value in document.items()}
    return [_mapped(each, change) for each in document] if isinstance(document, list) else document


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _changed(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_changed(each, change) for each in value]
    return change(value) if isinstance(value, str) and value != "*" else value


def _plain(by_kind: Mapping[str, tuple[str, ...]] | None) -> Mapping[str, tuple[str, ...]] | None:
    return None if by_kind is None else {kind: tuple(map(globs.plain, texts)) for kind, texts in by_kind.items()}


def check_no_new_access(reference: Policy, candidate: Policy, *, resource_policy: bool = False, cap: int = DEFAULT_CAP) -> Verdict:
    """Whether a policy allows nothing that a reference does not: every principal, action, resource and condition, as text and exactly.

    New access is a request that the candidate allows, one of its Allows matching and none of its Denies, and the reference does not. So
    a candidate without an Allow never has any, and any Allow is new beside an empty reference. It is not known here which actions,
    resources and condition keys go together, nor which actions there are: `s3:*` is more than every action of S3 that is known today.

    Args:
        reference: What may be allowed.
        candidate: What is judged.
        resource_policy: Whether the policies name principals; when left out they are identity policies.
        cap: How many combinations to look at for one Allow before it is not known; see `lakecheck.iam.solver.solve`.
    """

    def questions(access: Access) -> Iterator[Formula]:
        taken = denies(candidate, access)
        base = all_of([given(access, candidate.version), *map(negate, taken)])
        yield all_of([base, not_granted(reference, access, base)])
        for each in denies(reference, access):
            if each not in taken:
                yield all_of([base, each])

    def confirm(request: Request) -> bool:
        return allows(candidate, request, resource_policy=resource_policy) and not allows(
            reference, request, resource_policy=resource_policy
        )

    search = _Search(questions, confirm, (candidate, reference), resource_policy=resource_policy, cap=cap)
    return search.first(accesses(candidate))


def check_access_not_granted(
    policy: Policy,
    access: Iterable[tuple[Iterable[str], Iterable[str]]],
    *,
    resource_policy: bool = False,
    cap: int = DEFAULT_CAP,
) -> Verdict:
    """Whether a policy allows nothing of a list.

    Args:
        policy: What is judged.
        access: Actions and resources that belong together, both with wildcards: any of the actions on any of the resources. Without
            actions it is any action, without resources any resource.
        resource_policy: Whether the policy names principals; when left out it is an identity policy.
        cap: How many combinations to look at for one Allow before it is not known; see `lakecheck.iam.solver.solve`.
    """
    parts: list[Formula] = []
    names: list[str] = []
    for actions, resources in access:
        wanted_actions, wanted_resources = tuple(actions), tuple(resources)
        names += wanted_actions
        acts = asked(ACTION, wanted_actions) if wanted_actions else TRUE
        parts.append(all_of([acts, asked(RESOURCE, wanted_resources) if wanted_resources else TRUE]))
    wanted = any_of(parts)

    def questions(one: Access) -> Iterator[Formula]:
        yield all_of([given(one, policy.version), *map(negate, denies(policy, one)), wanted])

    def confirm(request: Request) -> bool:
        return allows(policy, request, resource_policy=resource_policy)

    search = _Search(questions, confirm, (policy,), resource_policy=resource_policy, cap=cap, names=names)
    return search.first(accesses(policy))


def allows(policy: Policy, request: Request, *, resource_policy: bool) -> bool:
    """Whether a policy alone allows one request of which everything is known: an Allow matches and no Deny.

    Args:
        policy: The policy; of a principal with a wildcard it is asked whether the caller fits.
        request: The request, its context complete.
        resource_policy: Whether its principals count.
    """
    keys = Keys(request)
    ready = prepared(_fitted(policy, request))
    granting, denying = ready.of_action(globs.fold(request.action))
    said = [
        any(all_of([acts, each.met(keys), each.named(keys).at_all if resource_policy else TRUE]) == TRUE for each, acts in statements)
        for statements in (granting, denying)
    ]
    return said[0] and not said[1]


def _fitted(policy: Policy, request: Request) -> Policy:
    """The policy with each principal that has a wildcard taken for the caller where it fits: AWS takes such in a reference policy."""
    caller = request.caller

    def fitted(by_kind: Mapping[str, tuple[str, ...]] | None) -> Mapping[str, tuple[str, ...]] | None:
        if by_kind is None or all(globs.is_literal(text) or text == "*" for texts in by_kind.values() for text in texts):
            return by_kind
        return {
            kind: tuple(caller.arn if text != "*" and globs.match(text, caller.arn) is Truth.TRUE else text for text in texts)
            for kind, texts in by_kind.items()
        }

    statements = tuple(
        replace(each, principals=fitted(each.principals), not_principals=fitted(each.not_principals))
        if fitted(each.principals) is not each.principals or fitted(each.not_principals) is not each.not_principals
        else each
        for each in policy.statements
    )
    same = all(one is other for one, other in zip(statements, policy.statements, strict=True))
    return policy if same else replace(policy, statements=statements)


class _Search:
    """Looks at one Allow after the other, and says what it finds as the policies spell it."""

    def __init__(
        self,
        questions: Callable[[Access], Iterable[Formula]],
        confirm: Confirm,
        policies: tuple[Policy, ...],
        *,
        resource_policy: bool,
        cap: int,
        names: Iterable[str] = (),
    ) -> None:
        self._questions = questions
        self._confirm = confirm
        self._cap = cap
        self._resource_policy = resource_policy
        statements = [each for policy in policies for each in policy.statements]
        written = [*names, *(name for each in statements for name in each.actions or each.not_actions or ())]
        self._statements = len(statements)
        self._actions = {globs.fold(name): name for name in written if globs.is_literal(name)}
        self._keys = {test.key.lower(): test.key for each in statements for test in each.conditions}

    def first(self, among: list[Access]) -> Verdict:
        """The first access of which a question holds; PASS when it holds of none, not known when that is not known of one."""
        reasons: set[str] = set()
        looked_at = among[: 1 + _MOST_PAIRS // max(1, self._statements)]
        if len(looked_at) < len(among):
            reasons.add(TOO_MANY)
        for access, formula in ((each, formula) for each in looked_at for formula in self._questions(each)):
            if formula == FALSE:
                continue
            solution = solve(bound(formula, with_principals=self._resource_policy), cap=self._cap)
            if solution.truth is Truth.OPEN:
                reasons.update(solution.reasons)
            if solution.truth is not Truth.TRUE:
                continue
            mattering = {leaf.key.lower() for leaf in leaves(formula) if isinstance(leaf, KeyTest)}
            found = next(filter(self._confirm, self._requests(solution.witness or {}, access, mattering)), None)
            if found is not None:
                return Verdict(truth=Truth.FALSE, witness=self._witness(found, access))
            reasons.add(_UNCONFIRMED)
        return Verdict(truth=Truth.OPEN if reasons else Truth.TRUE, reasons=tuple(sorted(reasons)))

    def _requests(self, found: Mapping[str, tuple[str, ...]], access: Access, mattering: set[str]) -> Iterator[Request]:
        """The request found, ones that read better first."""
        context = {key: values for key, values in found.items() if not key.startswith("@") and key in mattering}
        action, resource = _one(found, ACTION, "x:x"), _one(found, RESOURCE, "")
        for caller in _callers(found):
            own = {**context, PRINCIPAL: (caller.arn,)} if context.get(PRINCIPAL) else context
            for named in self._names(action, access):
                for where in _places(resource, access, named):
                    yield Request(caller=caller, action=named, resource=where, context=Context(values=own))

    def _names(self, action: str, access: Access) -> Iterator[str]:
        """The action as a policy spells it; a real one in place of one that may be any."""
        if action in self._actions:
            yield self._actions[action]
        service, _, name = action.partition(":")
        patterns = [each for each in access.statement.actions or () if globs.match_action(each, action) is Truth.TRUE]
        if len(service) == 1:
            yield "s3:GetObject"
        else:
            real = [f"{service}:{verb}" for verb in _ANY_NAMES.get(service, ())]
            yield from (each for each in real if len(name) == 1 or any(globs.match_action(one, each) is Truth.TRUE for one in patterns))
        for pattern in sorted(patterns, key=len):
            start = pattern.partition("*")[0].partition("?")[0]
            yield start + action[len(start) :]
        yield action

    def _witness(self, request: Request, access: Access) -> Witness:
        caller = request.caller
        principal = None if not self._resource_policy else caller.arn if caller.session is None else caller.session
        named = {self._keys.get(key, key): values for key, values in request.context.values.items()}
        context = {key: values for key, values in named.items() if principal is None or key.lower() != PRINCIPAL}
        return Witness(
            principal=principal,
            action=request.action,
            resource=request.resource,
            context=dict(sorted(context.items())),
            statement=access.statement,
        )


_ANY_NAMES: Final = {
    "s3": (
        "GetObject",
        "ListAllMyBuckets",
        "PutObject",
        "DeleteObject",
        "ListBucket",
        "GetObjectVersion",
        "PutBucketPolicy",
        "DeleteBucket",
    ),
    "iam": ("GetRole", "PassRole", "CreateRole", "PutRolePolicy", "AttachRolePolicy", "DeleteRole", "ListRoles", "UpdateAssumeRolePolicy"),
    "ec2": ("DescribeInstances", "RunInstances", "CreateTags", "TerminateInstances"),
    "kms": ("Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey", "CreateGrant", "PutKeyPolicy", "ScheduleKeyDeletion", "ListKeys"),
    "sts": ("AssumeRole", "TagSession", "GetCallerIdentity"),
    "glue": ("GetTable", "GetDatabase", "CreateTable", "UpdateTable", "DeleteTable", "BatchCreatePartition", "StartJobRun"),
    "lambda": ("InvokeFunction", "UpdateFunctionCode", "GetFunction", "CreateFunction", "DeleteFunction", "ListFunctions"),
    "lakeformation": ("GetDataAccess", "GrantPermissions", "PutDataLakeSettings", "ListPermissions", "AddLFTagsToResource"),
    "athena": ("StartQueryExecution", "GetQueryResults", "UpdateWorkGroup", "CreateWorkGroup", "ListWorkGroups"),
    "dynamodb": ("GetItem", "PutItem", "Query", "DeleteTable", "BatchGetItem", "UpdateItem", "Scan", "ListTables"),
    "sqs": ("SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueUrl", "ListQueues"),
    "sns": ("Publish", "Subscribe", "GetTopicAttributes", "ListTopics"),
    "logs": ("GetLogEvents", "PutLogEvents", "DescribeLogGroups", "DeleteLogGroup", "CreateLogStream"),
    "secretsmanager": ("GetSecretValue", "DescribeSecret", "PutSecretValue", "DeleteSecret", "ListSecrets"),
}
"""What stands for any action of a service in a witness, if it will do."""


def _one(found: Mapping[str, tuple[str, ...]], key: str, default: str) -> str:
    values = found.get(key)
    return values[0] if values else default


def _callers(found: Mapping[str, tuple[str, ...]]) -> Iterator[Caller]:
    """Who asks; a role in place of somebody of an account who may be anybody."""
    kind = _one(found, KIND, "AWS")
    if kind in NAMES:
        name = _one(found, NAMES[kind], "other")
        yield Caller(arn=name, account="", kind=CallerKind.SERVICE if kind == "Service" else CallerKind.FEDERATED)
        return
    if kind != "AWS":
        yield Caller(arn="*", account="", kind=CallerKind.ANONYMOUS)
        return
    arn = _one(found, PRINCIPAL, _SOMEBODY)
    session = found[SESSION][0] if found.get(SESSION) else None
    parts = arn.split(":", 5)
    for account in (parts[4], "999999999999") if len(parts[4]) == 1 else (parts[4],):
        for name in (parts[5], "role/Other") if len(parts[5]) == 1 else (parts[5],):
            if (account, name) != (parts[4], parts[5]):
                yield _caller(f"arn:{USUAL_PARTITION}:iam::{account}:{name}", session)
    yield _caller(arn, session)


def _caller(arn: str, session: str | None) -> Caller:
    _, _, _, _, account, resource = arn.split(":", 5)
    kinds = {"user": CallerKind.USER, "root": CallerKind.ROOT}
    return Caller(arn=arn, account=account, kind=kinds.get(resource.partition("/")[0], CallerKind.ROLE), session=session)


def _places(resource: str, access: Access, action: str) -> Iterator[str]:
    """The resource, or one that reads better in place of one that may be any."""
    if resource.endswith(("/", ":")):
        yield f"{resource}x"
    if len(resource) <= 1 and access.resource == "*":
        service = action.partition(":")[0]
        if access.statement.resources is None and access.statement.not_resources is None:
            yield "*"
        thing = "s3:::some-bucket/some-key" if service == "s3" else f"{service}:eu-west-1:999999999999:some/thing"
        yield f"arn:{USUAL_PARTITION}:{thing}"
        yield "*"
    yield resource
