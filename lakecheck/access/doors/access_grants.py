"""S3 Access Grants: the grantee gets credentials of the location's role, cut down to the grant's prefix.

What opens it: the grant, `s3:GetDataAccess` on the instance, a role whose trust lets `access-grants.s3.amazonaws.com` assume it, and that
role's own right to the objects and their key; the grantee itself needs no right to either. A grantee in another account also needs the
instance's resource policy, which no template tells. A user or group of a directory asks through an application.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-location-register.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-cross-accounts.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import Answer
from lakecheck.access.doors.objects import Objects
from lakecheck.access.doors.places import partition_of_region, places
from lakecheck.access.doors.reasons import reasons
from lakecheck.access.doors.rights import Rights
from lakecheck.access.doors.s3 import accesses
from lakecheck.access.doors.widening import owns
from lakecheck.access.model import Access, Action, Door, Step
from lakecheck.estate.model import AccessGrant, Principal, PrincipalKind
from lakecheck.formula import FALSE, TRUE, Formula, Truth, Unresolved, all_of
from lakecheck.iam.globs import match
from lakecheck.values import has_hole, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.access.doors.places import Place, Places
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Bucket

MAKING: Final = "s3:CreateAccessGrant"

_SERVICE: Final = Principal(
    arn="access-grants.s3.amazonaws.com",
    kind=PrincipalKind.SERVICE,
    account="",
    name="access-grants.s3.amazonaws.com",
)
_ACTIONS: Final = {
    "READ": (Action.READ,),
    "WRITE": (Action.WRITE,),
    "READWRITE": (Action.READ, Action.WRITE),
}


def access_grants(questions: Questions) -> Iterable[Access]:
    """What every access grant gives its grantee.

    Args:
        questions: Asks IAM about the estate.
    """
    for grant in questions.estate.access_grants:
        yield from _of_grant(questions, grant)


def made_grants(questions: Questions) -> Iterator[Access]:
    """Everybody's access by an access grant that it makes first; the role of an existing location does the reading.

    Args:
        questions: Asks IAM about the estate.
    """
    rights = Rights.of(questions)
    for location in questions.estate.access_grants_locations:
        for source in rights.holders(MAKING):
            if source.account != location.account or owns(rights, source):
                continue
            made = rights.ask_any(source, MAKING)
            grant = AccessGrant(
                account=location.account,
                scope=location.scope,
                permission="READWRITE",
                grantee=source.arn,
                grantee_kind="IAM",
                role=location.role,
                origin=location.origin,
            )
            step = Step(Door.POLICY_EDIT, f"a new access grant on {shown(location.scope)}", made.because)
            for each in _of_grant(questions, grant) if not made.refused else ():
                if each.principal is source:
                    yield replace(each, via=(step,), conditions=all_of([made.allowed, each.conditions]))


def _of_grant(questions: Questions, grant: AccessGrant) -> Iterator[Access]:
    known = places(questions)
    name, _, prefix = grant.scope.partition("://")[2].rstrip("*").partition("/")
    role = questions.principals.get(grant.role)
    for bucket, which in _scope(known, grant, name):
        where = tuple(place for place in known.of(bucket) if _within(place, prefix))
        for principal in _grantees(questions, grant):
            asking = _may_ask(questions, grant, bucket, principal)
            asking = Answer(all_of([which, asking.allowed]), asking.because)
            if asking.allowed == FALSE:
                continue
            for action in _ACTIONS.get(grant.permission.upper(), (Action.READ, Action.WRITE)):
                yield from _given(questions, grant, bucket, where, principal, action, role, asking)


def _scope(known: Places, grant: AccessGrant, name: str) -> Iterator[tuple[Bucket, Formula]]:
    """The buckets that a grant is on: the one it names, all of them for the default location, perhaps any where the name is not known."""
    bucket = known.bucket_named(name)
    if bucket is not None:
        yield bucket, TRUE
    elif not name:
        yield from ((each, TRUE) for each in known.buckets)
    elif has_hole(name):
        which = Unresolved(f"which bucket the access grant {grant.origin} is on")
        yield from ((each, which) for each in known.buckets)


def _within(place: Place, prefix: str) -> bool:
    """Whether a grant's prefix reaches objects of the place; a table is read in whole as soon as one of its objects is."""
    return place.prefix.startswith(prefix) or (place.is_table and prefix.startswith(place.prefix))


def _given(
    questions: Questions,
    grant: AccessGrant,
    bucket: Bucket,
    where: tuple[Place, ...],
    principal: Principal,
    action: Action,
    role: Principal | None,
    asking: Answer,
) -> Iterator[Access]:
    of_grant = f"{grant.origin} grants {grant.permission} on {shown(grant.scope)}"
    if role is None:
        reason = f"what {shown(grant.role)}, the role of an access grant's location, may do, which no template defines"
        verdict = Answer(all_of([asking.allowed, Unresolved(reason)]), (of_grant, *asking.because))
        yield from accesses(principal, where, action, Door.ACCESS_GRANT, verdict)
        return
    for found, own in Objects(questions, bucket, where).verdicts(role, action):
        verdict = Answer(all_of([asking.allowed, own.allowed]), (of_grant, *asking.because, *own.because))
        if verdict.allowed != FALSE:
            yield from accesses(principal, found, action, Door.ACCESS_GRANT, verdict)


def _grantees(questions: Questions, grant: AccessGrant) -> tuple[Principal, ...]:
    if grant.grantee_kind != "IAM":
        name = f"{grant.grantee_kind.lower().replace('_', ' ')} {grant.grantee}"
        named = tuple(each for each in questions.estate.principals if each.arn == grant.grantee)
        return named or (Principal(arn=grant.grantee, kind=PrincipalKind.FEDERATED, account=grant.account, name=name),)
    found = questions.principals.get(grant.grantee)
    if found is not None:
        return (found,)
    patterns = (each for each in questions.estate.principals if each.kind is PrincipalKind.PERMISSION_SET)
    return tuple(each for each in patterns if match(each.arn, grant.grantee) is not Truth.FALSE)


def _may_ask(questions: Questions, grant: AccessGrant, bucket: Bucket, principal: Principal) -> Answer:
    """Whether the grantee gets credentials of the location's role at all."""
    instance = f"arn:{partition_of_region(bucket.region)}:s3:{bucket.region}:{grant.account}:access-grants/default"
    trusted = _is_trusted(questions, grant)
    if principal.kind is PrincipalKind.FEDERATED:
        return Answer(trusted, ("an application asks for a user or group of the directory",))
    decision = questions.decide(principal, "s3:GetDataAccess", instance, owner=principal.account)
    allowed = decision.allowed
    if principal.account != grant.account:
        reason = f"whether the Access Grants instance of {grant.account} is shared with {principal.account}, which no template says"
        allowed = all_of([allowed, Unresolved(reason)])
    return Answer(all_of([trusted, allowed]), reasons(decision, "s3:GetDataAccess", instance))


def _is_trusted(questions: Questions, grant: AccessGrant) -> Formula:
    role = questions.principals.get(grant.role)
    if role is None or role.trust is None:
        return TRUE
    context = {
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (_SERVICE.arn,),
        "aws:sourceaccount": (grant.account,),
    }
    return questions.may(_SERVICE, "sts:AssumeRole", grant.role, context=context)
