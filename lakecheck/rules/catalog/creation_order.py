"""What names a database or table of its own stack is made after it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.sources import listed, lower
from lakecheck.rules._lake import is_unclear
from lakecheck.rules.base import Cases, Complaint, Rule, once, value
from lakecheck.rules.catalog._cases import BUCKET, iceberg, optimizer, table
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

    Named = Mapping[tuple[str, str, str, str], str]

_NAMED_IN_TEXT: Final = re.compile(r"\$\{([A-Za-z0-9]+)")
_DATABASE, _TABLE, _OPTIMIZER, _PARTITION = (f"AWS::Glue::{name}" for name in ("Database", "Table", "TableOptimizer", "Partition"))


@once
def _defined(snapshot: Snapshot) -> Named:
    """The logical id of each database and table, by stack, type and names in lower case; a database has no table's name."""
    found = {}
    for resource in snapshot.by_type.get(_DATABASE, ()):
        found[resource.origin.stack, _DATABASE, lower(value(resource, "DatabaseInput.Name"), resource.ref), ""] = resource.origin.logical_id
    for resource in snapshot.by_type.get(_TABLE, ()):
        name = value(resource, "TableInput.Name")
        own = lower(resource.properties.get("Name") if name is None else name, resource.ref)
        database = lower(resource.properties.get("DatabaseName"))
        found[resource.origin.stack, _TABLE, database, own] = resource.origin.logical_id
    return found


def _wanted(resource: Resource, snapshot: Snapshot) -> str | None:
    """The logical id of what it names in its own stack; None when that is elsewhere."""
    database, name = resource.properties.get("DatabaseName"), resource.properties.get("TableName")
    if is_unclear(database):
        return None
    if resource.type == _TABLE:
        return _defined(snapshot).get((resource.origin.stack, _DATABASE, lower(database), ""))
    return None if is_unclear(name) else _defined(snapshot).get((resource.origin.stack, _TABLE, lower(database), lower(name)))


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for kind in (_TABLE, _OPTIMIZER, _PARTITION):
        yield from (each for each in snapshot.by_type.get(kind, ()) if _wanted(each, snapshot) is not None)


@once
def _templates(snapshot: Snapshot) -> Mapping[str, Mapping[str, Any]]:
    return {stack.path: stack.resources for stack in snapshot.assembly.stacks}


def _judge(resource: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    wanted, resources = _wanted(resource, snapshot), _templates(snapshot).get(resource.origin.stack, {})
    if wanted is None or resource.origin.logical_id not in resources:
        return
    todo, seen = [resource.origin.logical_id], {resource.origin.logical_id}
    while todo:
        for name in _needs(resources.get(todo.pop())):
            if name == wanted:
                return
            if name not in seen and name in resources:
                seen.add(name)
                todo.append(name)
    what = "table" if resource.type != _TABLE else "database"
    yield Complaint(message=f"names the {what} {wanted} of its stack by text alone; CloudFormation may make it before that exists")


def _needs(written: Any) -> Iterator[str]:
    """The logical ids that a definition refers to, or depends on."""
    todo = [written.get("Properties"), *({"Ref": each} for each in listed(written.get("DependsOn")))] if isinstance(written, dict) else []
    while todo:
        each = todo.pop()
        if isinstance(each, list | tuple):
            todo += each
        elif isinstance(each, dict):
            yield from _referred(each)
            todo += each.values()


def _referred(function: Mapping[str, Any]) -> Iterator[str]:
    ref, attribute, text = (function.get(name) for name in ("Ref", "Fn::GetAtt", "Fn::Sub"))
    if isinstance(ref, str):
        yield ref
    first = listed(attribute)[:1]
    if first and isinstance(first[0], str):
        yield first[0].partition(".")[0]
    first = listed(text)[:1]
    if first and isinstance(first[0], str):
        yield from _NAMED_IN_TEXT.findall(first[0])


def _after(optimized: dict[str, Any], needs: str) -> dict[str, Any]:
    return {name: {**definition, "DependsOn": [needs]} for name, definition in optimized.items()}


_SALES: Final = {"Sales": {"Type": _DATABASE, "Properties": {"CatalogId": "444455556666", "DatabaseInput": {"Name": "sales"}}}}

RULE = Rule(
    id="catalog.creation_order",
    title="Tables, partitions and optimizers depend on what they name in their own stack",
    rationale=(
        "A name that is written as text is no dependency. CloudFormation makes what does not depend on each other at the same time, so "
        "that the first deployment fails with EntityNotFoundException, or works here and fails in the next account."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html",
    severity=Severity.WARNING,
    remedy="Name it by Ref, or add a DependsOn; in CDK node.add_dependency(database).",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            {**_SALES, **_after(table(), "Sales")},
            {**iceberg(), **_after(optimizer("retention"), "Table")},
        ),
        failing=({**_SALES, **table()}, {**iceberg(), **optimizer("retention")}),
        not_applicable=(BUCKET, table(), optimizer("retention")),
    ),
)
