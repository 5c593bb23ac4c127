"""Personas of lake.yaml held against the matrix: that each reads what is stated, nothing else, and can query it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.access.doors.keys import ALIASES, OF_OBJECT
from lakecheck.access.invariants.candidates import Candidate, best, possibility
from lakecheck.access.invariants.forbidden import candidate, columns_at_issue
from lakecheck.access.invariants.requirements import Given
from lakecheck.access.invariants.verdicts import Counterexample
from lakecheck.access.model import ALL_ROWS, Action, Dataset, DatasetKind
from lakecheck.formula import FALSE, Truth, all_of
from lakemodel.config.model import Products, Zone
from lakemodel.contracts.role_reads import reads_domain, role_reads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.access.invariants.candidates import Situation
    from lakecheck.access.invariants.subjects import Part
    from lakecheck.access.model import Access
    from lakecheck.estate.model import Principal, Workgroup
    from lakecheck.formula import Formula
    from lakemodel.config.model import LakeConfig, Persona
    from lakemodel.contracts.role_reads import RoleRead

_NO_DATA = ""
"""The zone of a bucket of which access.yaml says that it holds no zone's data."""


def missing_principals(situation: Situation) -> Iterator[Candidate]:
    """Personas that an environment of the estate has not."""
    for name, environment in expected(situation):
        if situation.who.of_persona(name, environment) is None:
            summary = f"the persona {name} is nobody in {environment}: no template and no supplement has its principal"
            yield Candidate(
                principal=None,
                example=Counterexample(summary=summary, environment=environment, remedy="Describe it in estate.yaml."),
                possible=Truth.TRUE,
            )


def missing_reads(situation: Situation) -> Iterator[Candidate]:
    """What a persona is to read and cannot."""
    given = Given(situation)
    named = named_reads(situation)
    yield from missing_principals(situation)
    for name, environment, persona, principal in _present(situation):
        for dataset in situation.matrix.datasets:
            if dataset.kind is not DatasetKind.TABLE or not _is_of(situation, dataset, environment):
                continue
            if persona.read.products is Products.NAMED:
                read = named.get((name, dataset.name))
                if read is not None:
                    yield given.requirement(principal, dataset, Action.READ, read.columns, rows=read.rows or ALL_ROWS)
            else:
                parts = [part for part in situation.data.parts(dataset) if is_stated(situation, persona, part)]
                columns = tuple(sorted(column for part in parts for column in part.columns or ()))
                if columns:
                    yield given.requirement(principal, dataset, Action.READ, columns)


def beyond_what_is_stated(situation: Situation) -> Iterator[Candidate]:
    """What a persona can do with the lake's data that nobody said it could."""
    named = named_reads(situation)
    personas = {id(principal): (name, persona) for name, _, persona, principal in _present(situation)}
    for access in situation.matrix.accesses:
        if id(access.principal) not in personas:
            continue
        name, persona = personas[id(access.principal)]
        parts = situation.data.parts(access.dataset)
        if persona.read.products is Products.NAMED:
            columns = _beyond_named(situation, access, persona, named.get((name, access.dataset.name)))
        else:
            beyond = [part.columns for part in parts if not _is_harmless(situation, access, persona, part)]
            columns = columns_at_issue(access, beyond)
        if columns is not None:
            yield candidate(access, columns)


def missing_queries(situation: Situation) -> Iterator[Candidate]:
    """Personas that have no workgroup in which they can start a query, see its result and leave it where it goes."""
    yield from missing_principals(situation)
    for _, environment, _, principal in _present(situation):
        workgroups = [each for each in situation.questions.estate.workgroups if each.account == principal.account]
        found = best(possibility(_can_query(situation, principal, workgroup)) for workgroup in workgroups)
        possible = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.OPEN: Truth.OPEN}[found.truth]
        example = Counterexample(
            summary=f"{principal.name} has no workgroup of {principal.account} in which it can query and see the result",
            environment=environment,
            reasons=found.reasons,
            remedy="Attach the workgroup's member policy.",
        )
        yield Candidate(principal=principal, example=example, possible=possible)


def _can_query(situation: Situation, principal: Principal, workgroup: Workgroup) -> Formula:
    may, questions = situation.questions.may, situation.questions
    needed = [may(principal, f"athena:{name}", workgroup.arn) for name in ("StartQueryExecution", "GetQueryExecution", "GetQueryResults")]
    if workgroup.output:
        bucket = questions.bucket_at(workgroup.output)
        if bucket is None:
            return FALSE
        prefix = workgroup.output.partition("://")[2].partition("/")[2]
        objects = f"{bucket.arn}/{prefix}{'' if not prefix or prefix.endswith('/') else '/'}*"
        needed += [questions.may_any(principal, f"s3:{name}", objects).allowed for name in ("GetObject", "PutObject")]
        key = workgroup.key or bucket.key
        if key:
            service: dict[str, tuple[str, ...]] = {
                "kms:viaservice": (f"s3.{workgroup.region}.{_suffix(bucket.arn)}",),
                "kms:calleraccount": (principal.account,),
                OF_OBJECT: (bucket.arn,),
            }
            if (known := questions.keys.get(key)) is not None:
                service[ALIASES] = known.aliases
            needed += [may(principal, f"kms:{name}", key, context=service) for name in ("Decrypt", "GenerateDataKey")]
    return all_of(needed)


def _suffix(arn: str) -> str:
    return "amazonaws.com.cn" if arn.startswith("arn:aws-cn:") else "amazonaws.com"


def expected(situation: Situation) -> Iterator[tuple[str, str]]:
    """Each persona with each environment of lake.yaml in which the estate has stacks of its account."""
    lake = situation.loaded.lake
    accounts = situation.questions.estate.accounts
    for environment, stated in lake.environments.items() if lake is not None else ():
        for name, persona in lake.personas.items() if lake is not None else ():
            account = accounts.get(stated.accounts.get(persona.account, ""))
            if account is not None and account.environments:
                yield name, environment


def _present(situation: Situation) -> Iterator[tuple[str, str, Persona, Principal]]:
    lake = situation.loaded.lake
    for name, environment in expected(situation):
        principal = situation.who.of_persona(name, environment)
        if principal is not None and lake is not None:
            yield name, environment, lake.personas[name], principal


def _is_of(situation: Situation, dataset: Dataset, environment: str) -> bool:
    """Whether a persona of that environment is to read it: only its own environment's lakes."""
    lake: LakeConfig | None = situation.loaded.lake
    return lake is not None and dataset.account in lake.environments[environment].lakes.values()


def is_stated(situation: Situation, persona: Persona, part: Part) -> bool:
    """Whether lake.yaml says that a persona of all products reads it."""
    lake = situation.loaded.lake
    if lake is None or part.zone is None or part.zone.lower() not in {zone.value for zone in persona.read.zones}:
        return False
    if persona.read.domains is not None and (part.domain is None or not reads_domain(persona, part.domain)):
        return False
    classes = lake.classifications if persona.read.classifications is None else persona.read.classifications
    return part.zone.lower() == Zone.QUARANTINE.value or part.classification in classes


def _is_harmless(situation: Situation, access: Access, persona: Persona, part: Part) -> bool:
    """Whether it is no more than is stated."""
    if _is_of_no_zone(situation, persona, part):
        return True
    return access.action is Action.READ and _is_at_home(situation, access) and is_stated(situation, persona, part)


def _is_of_no_zone(situation: Situation, persona: Persona, part: Part) -> bool:
    """Whether it is a bucket that holds no zone's data and no class above the persona's own, such as one of results."""
    lake = situation.loaded.lake
    if part.columns is not None or part.zone != _NO_DATA:
        return False
    lowest = lake.classifications[:1] if lake is not None else []
    return part.classification in (lowest if persona.read.classifications is None else persona.read.classifications)


def _is_at_home(situation: Situation, access: Access) -> bool:
    return access.dataset.environment in situation.who.environments(access.principal)


def _beyond_named(situation: Situation, access: Access, persona: Persona, read: RoleRead | None) -> tuple[str, ...] | None:
    parts = situation.data.parts(access.dataset)
    if any(_is_of_no_zone(situation, persona, part) for part in parts):
        return None
    everything = tuple(sorted(column for part in parts for column in part.columns or ()))
    is_read = read is not None and access.action is Action.READ and access.rows == (read.rows or ALL_ROWS)
    if read is None or not is_read or not everything or not _is_at_home(situation, access):
        return columns_at_issue(access, [everything or None]) if parts else None
    beyond = tuple(column for column in everything if column not in read.columns)
    return columns_at_issue(access, [beyond]) if beyond else None


def named_reads(situation: Situation) -> Mapping[tuple[str, str], RoleRead]:
    """What contracts leave to personas of named products, by persona and `database.table`."""
    loaded = situation.loaded
    if loaded.lake is None or loaded.contracts is None:
        return {}
    return {(read.persona, f"{read.database}.{read.table}"): read for read in role_reads(loaded.lake, loaded.contracts)}
