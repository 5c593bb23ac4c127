"""Rules about IAM actions on resources that are no data, such as stopping a trail."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from lakecheck.access.closure import Closure
from lakecheck.access.invariants.candidates import UNCONFIRMED, Candidate, Possibility, best, possibility
from lakecheck.access.invariants.requirements import nothing_to_require
from lakecheck.access.invariants.verdicts import Asked, Counterexample
from lakecheck.access.questions import Questions
from lakecheck.access.words import who as called
from lakecheck.estate.protected import TYPES as PROTECTED
from lakecheck.formula import FALSE, TRUE, Truth, all_of
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.access.closure import Way
    from lakecheck.access.invariants.candidates import Situation
    from lakecheck.access.invariants.model import Resources, Rule
    from lakecheck.assembly.resources import Origin
    from lakecheck.estate.model import Principal
    from lakecheck.formula import Formula
    from lakecheck.iam.model import Decision

BUCKET: Final = "AWS::S3::Bucket"
_KEY: Final = "AWS::KMS::Key"
_WORKGROUP: Final = "AWS::Athena::WorkGroup"

KINDS: Final = frozenset({*PROTECTED, BUCKET, _KEY, _WORKGROUP})
"""CloudFormation types that a rule about actions can name."""

_ON_OBJECTS: Final = frozenset(
    {"abortmultipartupload", "listmultipartuploadparts", "bypassgovernanceretention", "objectowneroverridetobucketowner"}
)

_Target = tuple[str, str, str, "Origin | None"]
"""CloudFormation type, ARN, account and place of a resource."""


def forbidden_actions(situation: Situation, rule: Rule) -> Iterator[Candidate]:
    """Every principal that can take one of the actions on one of the resources, itself or as somebody whom it can become."""
    closure = Closure(situation.matrix.edges, situation.questions.estate.principals)
    targets = _targets(situation, rule.resources)
    for principal in situation.questions.estate.principals:
        if situation.who.fits(principal, rule.who, forbidden=True):
            ways = list(closure.ways(principal))
            for kind, arn, account, origin in targets:
                for action in rule.actions or ():
                    yield from _possible(situation, principal, ways, action, (kind, arn, account, origin))


def missing_actions(situation: Situation, rule: Rule) -> Iterator[Candidate]:
    """Every principal of the rule that cannot take one of the actions on one of the resources."""
    opposite = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.OPEN: Truth.OPEN}
    principals = [each for each in situation.questions.estate.principals if situation.who.fits(each, rule.who, forbidden=False)]
    targets = _targets(situation, rule.resources)
    if not principals or not targets:
        yield nothing_to_require("whom it is about" if not principals else "a resource it is about")
    for principal in principals:
        for target in targets:
            for action in rule.actions or ():
                yield from _required(situation, principal, action, target, opposite)


def _required(
    situation: Situation, principal: Principal, action: str, target: _Target, opposite: Mapping[Truth, Truth]
) -> Iterator[Candidate]:
    _, arn, _, origin = target
    found = possibility(_asked(situation.questions, principal, action, target)[0])
    example = Counterexample(
        summary=f"{called(principal)} cannot do {action} on {shown(arn)}",
        environment=origin.environment if origin is not None else "",
        reasons=found.reasons,
        remedy="Allow it in a policy of the principal.",
    )
    yield Candidate(principal=principal, example=example, possible=opposite[found.truth])


def _asked(questions: Questions, principal: Principal, action: str, target: _Target) -> tuple[Formula, Decision]:
    """Whether a principal may take an action on a resource; one on objects is asked about every object of a bucket."""
    kind, arn, account, _ = target
    if kind == BUCKET and is_on_objects(action):
        reach = questions.may_any(principal, action, f"{arn}/*", owner=account)
        return reach.allowed, reach.decision
    decision = questions.decide(principal, action, arn, owner=account)
    return decision.allowed, decision


def is_on_objects(action: str) -> bool:
    """Whether an action of S3 is on objects and not on their bucket.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    """
    service, _, name = action.lower().partition(":")
    return service == "s3" and (("object" in name and "bucket" not in name) or name in _ON_OBJECTS)


def _possible(situation: Situation, principal: Principal, ways: list[Way], action: str, target: _Target) -> Iterator[Candidate]:
    _, arn, account, origin = target
    own, decision = _asked(situation.questions, principal, action, target)
    routes: list[tuple[Principal | None, str, Formula]] = [(principal, "", own)]
    for way in ways:
        allowed: Formula = TRUE if way.account == account else FALSE
        if way.target is not None:
            allowed, _ = _asked(situation.questions, way.target, action, target)
        name = f" as {called(way.target) if way.target else f'anybody in {way.account}'}"
        routes.append((way.target, name, all_of((way.conditions, allowed))))
    found = [(actor, route, possibility(conditions)) for actor, route, conditions in routes if conditions != FALSE]
    if not found:
        return
    most = best(each for _, _, each in found)
    actor, route = next((actor, name) for actor, name, each in found if each is most)
    requests = _requests(situation, actor, action, target, most) if actor is not None and most.truth is Truth.TRUE else ()
    if actor is not None and most.truth is Truth.TRUE and not requests:
        most = Possibility(truth=Truth.OPEN, context={}, reasons=(UNCONFIRMED,))
    example = Counterexample(
        requests=requests,
        summary=f"{called(principal)} can do {action} on {shown(arn)}{route}",
        environment=origin.environment if origin is not None else "",
        context=most.context,
        reasons=most.reasons,
        because=tuple(f"{each.policy.name} statement {each.statement.index + 1}" for each in decision.allows),
        remedy="Remove what allows it, or name the principal under `except` with the reason.",
        source=origin.source if origin is not None else "",
    )
    yield Candidate(principal=principal, example=example, possible=most.truth)


def _requests(situation: Situation, actor: Principal, action: str, target: _Target, found: Possibility) -> tuple[Asked, ...]:
    """The request itself, asked again with every condition key known; none when it is not allowed after all."""
    again = Questions(situation.questions.estate, assuming=found.context)
    allowed, decision = _asked(again, actor, action, target)
    if possibility(allowed).truth is not Truth.TRUE:
        return ()
    because = tuple(f"{each.policy.name} statement {each.statement.index + 1}" for each in decision.allows)
    return (Asked(principal=shown(actor.arn), action=action, resource=shown(target[1]), context=found.context, because=because),)


def _targets(situation: Situation, wanted: Resources | None) -> list[_Target]:
    estate = situation.questions.estate
    found: list[_Target] = [(each.type, each.arn, each.account, each.origin) for each in estate.protected]
    found += [(BUCKET, each.arn, each.account, each.origin) for each in estate.buckets]
    found += [(_KEY, each.arn, each.account, each.origin) for each in estate.keys]
    found += [(_WORKGROUP, each.arn, each.account, each.origin) for each in estate.workgroups]
    distinct = {target[1]: target for target in found if target[1]}
    return [target for target in distinct.values() if _is_wanted(target, wanted)]


def _is_wanted(target: _Target, wanted: Resources | None) -> bool:
    kind, arn, _, origin = target
    if wanted is None:
        return True
    if wanted.type is not None and kind not in wanted.type:
        return False
    names = [shown(arn), *([str(origin)] if origin is not None else [])]
    return wanted.path is None or any(fnmatchcase(name, glob) for glob in wanted.path for name in names)
