"""Asks who may read, write or give away which objects of a bucket, directly or through an access point."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, cast
from weakref import WeakKeyDictionary

from lakecheck.access.doors.answers import NO, Answer
from lakecheck.access.doors.keys import KeyRing
from lakecheck.access.doors.public import keeps_out
from lakecheck.access.doors.reasons import reasons
from lakecheck.access.doors.splits import PROBE, Group, Splitter, expanded, reaches
from lakecheck.access.kinds import Kind, Meaning, meanings, to_ask
from lakecheck.access.model import Action
from lakecheck.estate.model import PrincipalKind
from lakecheck.formula import FALSE, Formula, Test, Truth, Unresolved, all_of, any_of, leaves
from lakecheck.iam.globs import intersects, match_action
from lakecheck.iam.model import Effect, Policy, Statement
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from lakecheck.access.doors.places import Place
    from lakecheck.access.kinds import Told
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import AccessPoint, Bucket, Principal
    from lakecheck.iam.model import Decision

Given = dict[str, tuple[str, ...]]
_Meant = tuple[str, Meaning]
"""What a pattern stands for in one deed, by the deed's action."""

_NOT_THROUGH_A_POINT: Final[Mapping[str, tuple[str, ...]]] = {
    "s3:dataaccesspointarn": (),
    "s3:dataaccesspointaccount": (),
    "s3:accesspointnetworkorigin": (),
}
_NOT_A_SERVICE: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:sourcearn": (),
    "aws:sourceaccount": (),
    "aws:sourceorgid": (),
    "aws:sourceorgpaths": (),
}
"""Keys that only requests of AWS services on behalf of a resource have."""

_ENCRYPTION: Final = "s3:x-amz-server-side-encryption"
_KEY_ID: Final = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_OUTSIDE: Final = {PrincipalKind.ACCOUNT, PrincipalKind.ORGANIZATION, PrincipalKind.ANYONE, PrincipalKind.FEDERATED}


class _Chance(Enum):
    """Whether a policy that is seen may allow something, only one that is not, or none."""

    SEEN = "seen"
    UNSEEN = "unseen"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class _Deed:
    """One kind of request that amounts to an action.

    Attributes:
        action: Of S3.
        operation: What KMS has to allow; empty for nothing.
        context: What the request says besides.
        on_bucket: Whether the bucket itself is the resource.
    """

    action: str
    operation: str = ""
    context: tuple[tuple[str, tuple[str, ...]], ...] = ()
    on_bucket: bool = False


def deeds(action: Action, bucket: Bucket) -> tuple[_Deed, ...]:
    """The requests to a bucket that amount to an action, the usual one first.

    Reading is `GetObject`, and `GetObjectVersion` where versions are kept. Writing is putting and deleting objects, writing replicas, and a
    lifecycle rule, which may expire them all. A put may name its own encryption, so that the bucket's key is needed only where the policies
    insist on it. Giving away is an ACL, where the bucket has ACLs.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    """
    if action is Action.READ:
        versions = (_Deed("s3:GetObjectVersion", "Decrypt"),) if bucket.versioned else ()
        return (_Deed("s3:GetObject", "Decrypt"), *versions)
    if action is Action.WRITE:
        versions = (_Deed("s3:DeleteObjectVersion"),) if bucket.versioned else ()
        replicas = (_Deed("s3:ReplicateObject", "GenerateDataKey"), _Deed("s3:ReplicateDelete"))
        return (*_puts(bucket), _Deed("s3:DeleteObject"), *versions, *replicas, _Deed("s3:PutLifecycleConfiguration", on_bucket=True))
    if action is Action.GRANT and bucket.acl_enabled is not False:
        return (_Deed("s3:PutObjectAcl"), _Deed("s3:PutBucketAcl", on_bucket=True))
    return ()


def _puts(bucket: Bucket) -> tuple[_Deed, ...]:
    if bucket.encryption != "SSE_KMS":
        return (_Deed("s3:PutObject"),)
    default: tuple[_Deed, ...] = (_Deed("s3:PutObject", "GenerateDataKey", ((_ENCRYPTION, ()), (_KEY_ID, ()))),)
    if bucket.key:
        default = (*default, _Deed("s3:PutObject", "GenerateDataKey", ((_ENCRYPTION, ("aws:kms",)), (_KEY_ID, (bucket.key,)))))
    return (*default, _Deed("s3:PutObject", "", ((_ENCRYPTION, ("AES256",)), (_KEY_ID, ()))))


class Objects:
    """Answers about the objects of one bucket through one entrance.

    Args:
        questions: Asks IAM.
        bucket: Whose objects.
        places: Prefixes to ask about, of this bucket or, for a replica, of the one it is copied from.
        point: The access point on the way; none when left out.
        calling: Context of a call that a service makes in the caller's name; none when left out.
    """

    def __init__(
        self,
        questions: Questions,
        bucket: Bucket,
        places: Sequence[Place],
        *,
        point: AccessPoint | None = None,
        calling: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._questions = questions
        self._bucket = bucket
        self._point = point
        self._calling = dict(calling or {})
        self._bucket_root = f"{bucket.arn}/"
        self._root = self._bucket_root if point is None else f"{point.arn}/object/"
        self._splitter = Splitter(places, self._root)
        self._holds_tables = any(place.is_table for place in places)
        self._ring = key_ring(questions)
        self._patterns: dict[tuple[int, Action], tuple[tuple[str, str, Meaning], ...]] = {}
        self._of_principal: dict[tuple[Principal, Action], Mapping[str, Hashable]] = {}
        self._to_ask: dict[tuple[Group, str], Sequence[Kind]] = {}
        self._could: dict[tuple[int, str], tuple[Statement, ...]] = {}

    def verdicts(self, principal: Principal, action: Action) -> Iterator[tuple[tuple[Place, ...], Answer]]:
        """What the principal may do in which places; only where it may at least under conditions."""
        chances = [(deed, self._chance(principal, deed)) for deed in deeds(action, self._bucket)]
        possible = [(deed, chance) for deed, chance in chances if chance is not _Chance.NONE]
        if not possible or keeps_out(self._bucket, principal, self._bucket.policy, self._point.policy if self._point is not None else None):
            return
        for group in self._splitter.groups(self._patterns_for(principal, action)):
            verdict = self._of_group(principal, possible, group)
            if verdict.allowed != FALSE:
                yield group.places, verdict

    # --- one group ---------------------------------------------------------------------------------------------------------------------

    def _of_group(self, principal: Principal, possible: Sequence[tuple[_Deed, _Chance]], group: Group) -> Answer:
        open_ones: list[Answer] = []
        for deed, chance in possible:
            answers: dict[str, Answer] = {}
            for key, floor in self._kinds(group, deed):
                if chance is _Chance.UNSEEN and any(_rests_on_facts_alone(each.allowed) for each in open_ones):
                    break
                if floor is not None and self._of_key_once(principal, deed, floor, answers).refused:
                    continue
                verdict = self._of_key_once(principal, deed, key, answers)
                if verdict.allowed.truth is Truth.TRUE:
                    return verdict
                if verdict.allowed != FALSE:
                    open_ones.append(verdict)
        if not group.complete:
            reason = (
                f"the policies of {shown(principal.name)} tell too many kinds of objects in {shown(group.places[0].dataset.name)} apart"
            )
            open_ones.append(Answer(Unresolved(reason)))
        if not open_ones:
            return NO
        because = tuple(dict.fromkeys(each for verdict in open_ones for each in verdict.because))
        return Answer(any_of(verdict.allowed for verdict in open_ones), because)

    def _of_key_once(self, principal: Principal, deed: _Deed, key: str, answers: dict[str, Answer]) -> Answer:
        if key not in answers:
            answers[key] = self._of_key(principal, deed, key)
        return answers[key]

    def _of_key(self, principal: Principal, deed: _Deed, key: str) -> Answer:
        resource = self._bucket.arn if deed.on_bucket else self._bucket_root + key
        context = {**self._context(principal), **dict(deed.context)}
        asking = principal if self._point is None or principal.account == self._bucket.account else self._trusting(principal)
        decision = self._decide(asking, deed.action, resource, context, self._bucket.account)
        if decision.allowed == FALSE:
            return NO
        parts = [decision.allowed]
        because = reasons(decision, deed.action, resource)
        if self._point is not None:
            through = self._root + key
            own = self._decide(principal, deed.action, through, context, self._point.account)
            parts.append(own.allowed)
            of_bucket = (each for each in because if not each.startswith(_LEFT_TO_THE_POINT.name))
            because = (*reasons(own, deed.action, through), *of_bucket)
        if deed.operation and all(part != FALSE for part in parts):
            allowed, statements = self._ring.may(principal, deed.operation, self._bucket, resource)
            parts.append(allowed)
            because = (*because, *statements)
        if deed.action == "s3:PutObjectAcl" and self._bucket.acl_enabled is None:
            parts.append(Unresolved(f"whether the ACLs of {shown(self._bucket.name)} count, which no template says"))
        allowed = all_of(parts)
        return NO if allowed == FALSE else Answer(allowed, tuple(dict.fromkeys(because)))

    def _decide(self, principal: Principal, action: str, resource: str, context: Given, owner: str) -> Decision:
        return self._questions.decide(principal, action, resource, context=context, owner=owner)

    def _trusting(self, principal: Principal) -> Principal:
        """The principal as a bucket in another account sees it: its own policies have to name the access point, not the bucket as well."""
        kept = _TRUSTING.setdefault(self._questions, {})
        if principal not in kept:
            kept[principal] = replace(principal, policies=(*principal.policies, _LEFT_TO_THE_POINT))
        return kept[principal]

    def _context(self, principal: Principal) -> Given:
        context: Given = {}
        if principal.kind is PrincipalKind.SERVICE:
            context["aws:principalisawsservice"] = ("true",)
            context["aws:principalservicename"] = (principal.arn,)
        else:
            context |= _NOT_A_SERVICE
        if self._point is None:
            context |= _NOT_THROUGH_A_POINT
        else:
            context["s3:dataaccesspointarn"] = (self._point.arn,)
            context["s3:dataaccesspointaccount"] = (self._point.account,)
            context["s3:accesspointnetworkorigin"] = ("VPC" if self._point.vpc else "Internet",)
            if self._point.vpc:
                context["aws:sourcevpc"] = (self._point.vpc,)
        return context | self._calling

    # --- what has a say ----------------------------------------------------------------------------------------------------------------

    def _policies(self, principal: Principal) -> Iterator[Policy]:
        accounts = self._questions.estate.accounts
        yield from principal.policies
        for policy in (principal.boundary, self._bucket.policy, self._point.policy if self._point is not None else None):
            if policy is not None:
                yield policy
        account = accounts.get(principal.account)
        for level in (account.scps if account is not None else None) or ():
            yield from level
        owner = accounts.get(self._bucket.account)
        yield from owner.rcps if owner is not None else ()

    def _patterns_for(self, principal: Principal, action: Action) -> Mapping[str, Hashable]:
        """Patterns of resources that tell objects apart for the deeds of an action, each with what it stands for in each deed."""
        found = self._of_principal.get((principal, action))
        if found is not None:
            return found
        known = _known(principal)
        meant: dict[str, set[_Meant]] = {}
        for policy in self._policies(principal):
            for pattern, deed, meaning in self._in_policy(policy, action):
                meant.setdefault(expanded(pattern, known), set()).add((deed, meaning))
        if self._ring.tells_objects_apart(principal, self._bucket):
            for pattern in self._encryption_patterns(principal):
                meant.setdefault(pattern, set()).update((deed.action, Meaning(0, pattern)) for deed in deeds(action, self._bucket))
        found = self._of_principal[principal, action] = {pattern: frozenset(each) for pattern, each in meant.items()}
        return found

    def _in_policy(self, policy: Policy, action: Action) -> tuple[tuple[str, str, Meaning], ...]:
        """The same of one policy, deed by deed; without those patterns that tell no objects of this bucket apart for anybody."""
        found = self._patterns.get((id(policy), action))
        if found is None:
            names = dict.fromkeys(deed.action for deed in deeds(action, self._bucket))
            meant = ((self._through(pattern), name, meaning) for name in names for pattern, meaning in meanings(policy, name))
            found = tuple(each for each in meant if "${" in each[0] or self._splitter.tells(each[0]))
            self._patterns[id(policy), action] = found
        return found

    def _kinds(self, group: Group, deed: _Deed) -> Sequence[Kind]:
        """The keys of a group to ask about for one deed."""
        if deed.on_bucket:
            return (Kind(group.keys[0]),)
        kept = (group, deed.action)
        if kept not in self._to_ask:
            # Through an access point a key is asked about twice, under two names.
            apart = self._point is not None
            each = zip(group.keys, group.told, strict=True)
            found = ((key, _of_deed(told, deed.action), key if apart else "") for key, told in each)
            self._to_ask[kept] = to_ask(found, PROBE)
        return self._to_ask[kept]

    def _through(self, pattern: str) -> str:
        """A pattern of the bucket's objects as one of the access point's, which has the same keys."""
        if self._point is not None and pattern.startswith(self._bucket_root):
            return self._root + pattern[len(self._bucket_root) :]
        return pattern

    def _encryption_patterns(self, principal: Principal) -> Iterator[str]:
        key = self._questions.keys.get(self._ring.arn(self._bucket.key))
        policies = (*principal.policies, *((key.policy,) if key is not None and key.policy is not None else ()))
        for policy in policies:
            for statement in policy.statements:
                for test in statement.conditions:
                    if test.key.lower() == "kms:encryptioncontext:aws:s3:arn":
                        yield from map(self._through, test.values)

    def _chance(self, principal: Principal, deed: _Deed) -> _Chance:
        """Whether some policy could allow it: spares most principals all questions.

        The policy of a bucket that no template defines may name anybody: that counts where tables lie, and elsewhere only for those whose
        own policies speak of the bucket.
        """
        bucket = self._bucket
        theirs = [each.policy for each in (bucket, self._point) if each is not None and each.policy is not None]
        named = any(self._allows(policy, deed, principal) for policy in theirs)
        own = any(self._allows(policy, deed) for policy in principal.policies)
        outside = (bool(bucket.account) and principal.account != bucket.account) or principal.kind in _OUTSIDE
        open_policy = bool(bucket.unknown_policy)
        if named or (own and (open_policy or not outside)):
            return _Chance.SEEN
        if (open_policy and self._holds_tables) or (principal.unknown and (open_policy or not outside)):
            return _Chance.UNSEEN
        return _Chance.NONE

    def _allows(self, policy: Policy, deed: _Deed, principal: Principal | None = None) -> bool:
        """Whether a statement that may allow the deed speaks of this bucket and, in a bucket's policy, of the principal."""
        key = (id(policy), deed.action)
        if key not in self._could:
            of_action = allowing(self._questions, policy, deed.action)
            self._could[key] = tuple(each for each in of_action if each.unknown or self._may_be_about(each.resources, deed))
        if policy.unknown:
            return True
        return any(principal is None or _may_name(statement, principal) for statement in self._could[key])

    def _may_be_about(self, resources: Sequence[str] | None, deed: _Deed) -> bool:
        if resources is None:
            return True
        if deed.on_bucket:
            return any("${" in each or intersects(each, self._bucket.arn) for each in resources)
        return any(reaches(each, root) for each in resources for root in {self._root, self._bucket_root})


def _of_deed(told: Iterable[Hashable], action: str) -> Told:
    meant = (each for some in told for each in cast("frozenset[_Meant]", some))
    return frozenset(meaning for deed, meaning in meant if deed == action)


def _rests_on_facts_alone(formula: Formula) -> bool:
    """Whether no context makes a difference: then another request adds nothing to what is not known anyway."""
    return not any(isinstance(leaf, Test) for leaf in leaves(formula))


def allowing(questions: Questions, policy: Policy, action: str) -> tuple[Statement, ...]:
    """The statements of a policy that may allow an action on something."""
    kept = _ALLOWING.setdefault(questions, {})
    key = (id(policy), action)
    if key not in kept:
        kept[key] = tuple(each for each in policy.statements if each.unknown or (each.effect is Effect.ALLOW and _is_about(each, action)))
    return kept[key]


def _is_about(statement: Statement, action: str) -> bool:
    return statement.actions is None or any(match_action(each, action) is not Truth.FALSE for each in statement.actions)


def _may_name(statement: Statement, principal: Principal) -> bool:
    """Whether a bucket policy's statement may mean the principal; a name that cannot be read may."""
    if statement.principals is None or statement.unknown or principal.kind in _OUTSIDE:
        return True
    values = [each for named in statement.principals.values() for each in named]
    return any(not _READABLE.fullmatch(each) or principal.account in each or each == principal.arn for each in values)


_READABLE: Final = re.compile(r"\d{12}|arn:[^*?\ue000]*|[a-z0-9.-]+\.amazonaws\.com(\.cn)?")
"""A principal of whom it can be told whether it is another one."""

_ALLOWING: WeakKeyDictionary[Questions, dict[tuple[int, str], tuple[Statement, ...]]] = WeakKeyDictionary()
_LEFT_TO_THE_POINT: Final = Policy(
    name="what the access point decides",
    statements=(Statement(index=0, effect=Effect.ALLOW, actions=("s3:*",), resources=("*",)),),
)
_TRUSTING: WeakKeyDictionary[Questions, dict[Principal, Principal]] = WeakKeyDictionary()
_RINGS: WeakKeyDictionary[Questions, KeyRing] = WeakKeyDictionary()


def key_ring(questions: Questions) -> KeyRing:
    """The keys of the estate that is asked about."""
    found = _RINGS.get(questions)
    if found is None:
        found = _RINGS[questions] = KeyRing(questions)
    return found


def _known(principal: Principal) -> dict[str, str]:
    """The policy variables whose values follow from the principal."""
    known = {f"aws:principaltag/{name}": value for name, value in (principal.tags or {}).items()}
    if principal.account:
        known["aws:principalaccount"] = principal.account
    if principal.kind is PrincipalKind.USER:
        known["aws:username"] = principal.arn.rpartition("/")[2]
    return known
