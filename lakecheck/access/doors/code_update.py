"""The door of changed code: who can change what runs as a role, or run something of theirs in it.

Invoking a function is none of it. `glue:StartJobRun` is: a run may name a script of its own (`--scriptLocation`).
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
A script that a job loads from a bucket is code, too: whoever writes that object acts as the job.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import NO, Answer, doubtful, every, some
from lakecheck.access.doors.objects import key_ring
from lakecheck.access.doors.pass_role import PASS, may_pass
from lakecheck.access.doors.rights import Rights, partition_of
from lakecheck.access.doors.ways import ANY_OF_SERVICE, CHANGED, SELF
from lakecheck.access.doors.widening import owns
from lakecheck.access.model import Door, Edge, Step
from lakecheck.estate.model import Executor, PrincipalKind
from lakecheck.iam.model import Effect, Policy, Statement
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Bucket, Principal, Workgroup

PUT: Final = "s3:PutObject"
_POLICY: Final = "s3:PutBucketPolicy"

_RELOADED: Final = frozenset({"glue_job", "airflow", "emr", "sagemaker_notebook"})
"""Kinds that load their code anew at every run; others have it from their last deployment."""

_ENCRYPTION: Final = "s3:x-amz-server-side-encryption"
_KEY_ID: Final = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_DEPLOYER: Final = re.compile(r"role/cdk-[a-z0-9]+-cfn-exec-role-")
_DEPLOYING: Final = (
    ("cloudformation:UpdateStack",),
    ("cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
    ("cloudformation:ExecuteChangeSet",),
)


def code_update(questions: Questions) -> Iterator[Edge]:
    """An edge from everybody who can change what runs as a role, or run something in it, to that role.

    Args:
        questions: About the estate.
    """
    yield from Rights.of(questions).kept("code_update", _edges)


def _edges(rights: Rights) -> Iterator[Edge]:
    estate = rights.questions.estate
    notebooks = (_of_workgroup(each) for each in estate.workgroups if each.role)
    for executor in (*estate.executors, *notebooks):
        if not executor.role:
            continue
        role = rights.somebody(executor.role, f"the role of {executor.origin}")
        for source, answer in _changers(rights, executor, role):
            yield from _edge(source, role, f"{executor.kind.replace('_', ' ')} {executor.origin}", answer)
    yield from _through_stacks(rights)


def _of_workgroup(workgroup: Workgroup) -> Executor:
    """An Athena workgroup for Spark runs its notebooks as its role."""
    return Executor(kind="athena_workgroup", arn=workgroup.arn, account=workgroup.account, role=workgroup.role, origin=workgroup.origin)


def _edge(source: Principal, role: Principal, what: str, answer: Answer) -> Iterator[Edge]:
    if not answer.refused and source is not role:
        step = Step(Door.CODE_UPDATE, f"{what} as {role.name}", answer.because)
        yield Edge(source=source, target=role, account=role.account, step=step, conditions=answer.allowed)


def _changers(rights: Rights, executor: Executor, role: Principal) -> Iterator[tuple[Principal, Answer]]:
    answers: dict[int, tuple[Principal, list[Answer]]] = {}
    for way in CHANGED.get(executor.kind, ()):
        for source in _candidates(rights, executor, way[0][0]):
            answers.setdefault(id(source), (source, []))[1].append(_has_way(rights, source, executor, role, way))
    for source, answer in _writers(rights, executor):
        answers.setdefault(id(source), (source, []))[1].append(answer)
    for source, several in answers.values():
        yield source, some(several)


def _candidates(rights: Rights, executor: Executor, action: str) -> Iterable[Principal]:
    """Whoever could: its account's own, and whom its resource policy names."""
    named = rights.named(executor.invokers, action, executor.account)
    found = {id(each): each for each in named if each.account != executor.account or not rights.could(each, action)}
    found |= {id(each): each for each in rights.holders(action) if each.account == executor.account or id(each) in found}
    return [each for each in found.values() if not (each.account == executor.account and owns(rights, each))]


def _has_way(rights: Rights, source: Principal, executor: Executor, role: Principal, way: Iterable[tuple[str, str]]) -> Answer:
    answers: list[Answer] = []
    for action, place in way:
        if action == PASS:
            answers.append(may_pass(rights, source, role, place))
        elif place == SELF and executor.arn:
            answers.append(rights.ask(source, action, executor.arn))
        elif place in (SELF, ANY_OF_SERVICE):
            answers.append(rights.ask_any(source, action))
        else:
            service = action.partition(":")[0]
            answers.append(rights.ask_any(source, action, f"arn:{partition_of(executor.arn)}:{service}:*{place}*"))
        if answers[-1].refused:
            return NO
    return every(answers)


# --- code in buckets -------------------------------------------------------------------------------------------------------------------


def _writers(rights: Rights, executor: Executor) -> Iterator[tuple[Principal, Answer]]:
    """Whoever may write the object that the code is in."""
    if not executor.code.startswith("s3://"):
        return
    bucket = rights.questions.bucket_at(executor.code)
    name, _, key = executor.code.removeprefix("s3://").partition("/")
    arn = bucket.arn if bucket is not None else f"arn:{partition_of(executor.arn)}:s3:::{name}"
    policy = bucket.policy if bucket is not None else None
    candidates = (each for action in (PUT, _POLICY) for each in rights.candidates(policy, action, executor.account))
    for source in {id(each): each for each in candidates}.values():
        if source.kind is PrincipalKind.ANYONE or not (source.account == executor.account and owns(rights, source)):
            answer = writes(rights, source, bucket, f"{arn}/{key}", executor.account)
            if answer.refused and bucket is not None and bucket.origin is not None:
                answer = _after_edit(rights, source, bucket, f"{arn}/{key}")
            if executor.kind not in _RELOADED:
                answer = doubtful(answer, f"whether {shown(str(executor.origin))} is deployed again from {shown(executor.code)}")
            if not answer.refused:
                yield source, answer


def _after_edit(rights: Rights, source: Principal, bucket: Bucket, resource: str) -> Answer:
    """Whether somebody may write an object once it has let itself in by the bucket's policy."""
    edit = rights.ask(source, _POLICY, bucket.arn) if rights.could(source, _POLICY) else NO
    if edit.refused:
        return NO
    key = (id(source), bucket.arn)
    if key not in rights.edited:
        questions = rights.questions
        let = Statement(index=0, effect=Effect.ALLOW, actions=("*",), resources=("*",), principals={"AWS": (questions.caller(source).arn,)})
        wanted = replace(bucket, policy=Policy(name=f"the policy that {source.name} writes", statements=(let,)), unknown_policy="")
        buckets = tuple(wanted if each is bucket else each for each in questions.estate.buckets)
        rights.edited[key] = Rights.of(questions.about(replace(questions.estate, buckets=buckets)))
    after = rights.edited[key]
    return every((edit, writes(after, source, after.questions.buckets[bucket.arn], resource)))


def writes(rights: Rights, source: Principal, bucket: Bucket | None, resource: str, owner: str = "") -> Answer:
    """Whether somebody may write an object; the encryption is the writer's choice where the policies leave it open.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html
    """
    questions = rights.questions
    if bucket is None or (bucket.policy is None and bucket.unknown_policy):
        answer = rights.ask_identity(source, PUT, resource, owner)
        return doubtful(answer, f"the policy of the bucket of {shown(resource)}, which no template defines")
    if bucket.encryption != "SSE_KMS":
        return rights.ask(source, PUT, resource)
    plain = rights.ask(source, PUT, resource, {_ENCRYPTION: ("AES256",), _KEY_ID: ()})
    if plain.allowed.truth is plain.allowed.truth.TRUE:
        return plain
    choices: list[Mapping[str, tuple[str, ...]]] = [{_ENCRYPTION: (), _KEY_ID: ()}]
    if bucket.key:
        choices.append({_ENCRYPTION: ("aws:kms",), _KEY_ID: (bucket.key,)})
    encrypted = some(rights.ask(source, PUT, resource, context) for context in choices)
    if encrypted.refused:
        return plain
    allowed, because = key_ring(questions).may(source, "GenerateDataKey", bucket, resource)
    return some((plain, every((encrypted, Answer(allowed, because)))))


# --- stacks ----------------------------------------------------------------------------------------------------------------------------


def _through_stacks(rights: Rights) -> Iterator[Edge]:
    """Whoever updates a stack that CDK deployed acts as the role that it was deployed with.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
    """
    deployers = [each for each in rights.acting if _DEPLOYER.search(each.arn)]
    for role in deployers:
        for way in _DEPLOYING:
            for source in rights.holders(way[0]):
                if source.account == role.account and source is not role and not owns(rights, source):
                    answer = every(rights.ask_any(source, action) for action in way)
                    doubt = doubtful(answer, f"whether stacks in {shown(role.account)} are deployed with {role.name}")
                    yield from _edge(source, role, "stacks", doubt)
