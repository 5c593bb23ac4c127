"""Nothing moves a table's files to where no query reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.sources import at, listed, text
from lakecheck.rules._lake import Placed, contents, parameters, some
from lakecheck.rules.base import Cases, Complaint, Rule, is_true, value
from lakecheck.rules.catalog._cases import table
from lakecheck.rules.storage._cases import bucket, over, over_iceberg
from lakecheck.rules.storage._lifecycle import AT, rules, unknown
from lakecheck.values import has_hole, shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_ARCHIVES: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_TIERING: Final = "IntelligentTieringConfigurations"
_RESTORED: Final = "read_restored_glacier_objects"


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    yield from (found for found in snapshot.by_type.get("AWS::S3::Bucket", ()) if found.ref in contents(snapshot))


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    reason = unknown(found)
    if reason:
        yield Complaint(at=AT, message=f"whether files of tables are archived is not known: {reason}", is_unknown=True)
    tiered = [rule.prefix for rule in rules(found) if "INTELLIGENT_TIERING" in rule.classes]
    for rule in rules(found):
        to = next((each for each in rule.classes if isinstance(each, str) and each in _ARCHIVES), None)
        if to is not None and not rule.chooses:
            yield from _over_tables(found, rule.prefix, AT, f"rule {shown(rule.name)} moves to {to}", snapshot)
    for each in listed(value(found, _TIERING)) if tiered else ():
        if at(each, "Status") != "Disabled" and at(each, "TagFilters") is None and listed(at(each, "Tierings")):
            what = f"{shown(text(at(each, 'Id'), 'a configuration'))} archives what is not read for a while"
            yield from _over_tables(found, text(at(each, "Prefix")), _TIERING, what, snapshot)


def _over_tables(found: Resource, prefix: str, path: str, what: str, snapshot: Snapshot) -> Iterator[Complaint]:
    if has_hole(prefix):
        return
    tables = [each.name for each in contents(snapshot)[found.ref].touched_by(prefix) if not _reads_restored(each)]
    if tables:
        yield Complaint(at=path, message=f"{what}, where tables are: {shown(some(tables))}; Athena skips archived objects")


def _reads_restored(placed: Placed) -> bool:
    return not placed.is_iceberg and is_true(parameters(placed.resource).get(_RESTORED))


def _moved(storage_class: str, **more: Any) -> dict[str, Any]:
    return {"Transitions": [{"StorageClass": storage_class, "TransitionInDays": 90}], **more}


_ARCHIVED = [{"Id": "archive", "Status": "Enabled", "Tierings": [{"AccessTier": "DEEP_ARCHIVE_ACCESS", "Days": 180}]}]

RULE = Rule(
    id="storage.archive_under_tables",
    title="No lifecycle moves objects of a table to an archive that engines cannot read",
    rationale=(
        "Athena leaves out objects in Glacier Flexible Retrieval and Deep Archive without a word, so that queries return too few rows; "
        "Spark and Iceberg readers fail on them. Glacier Instant Retrieval and Intelligent-Tiering without archive tiers can be read."
    ),
    source="https://docs.aws.amazon.com/athena/latest/ug/querying-glacier.html",
    severity=Severity.ERROR,
    remedy="Move to GLACIER_IR or INTELLIGENT_TIERING, or set read_restored_glacier_objects on a Hive table whose old rows nobody queries.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(
            over(_moved("GLACIER_IR")),
            over(_moved("GLACIER", Prefix="audit/")),
            {**bucket(_moved("GLACIER")), **table(Parameters={_RESTORED: "true"})},
        ),
        failing=(
            over(_moved("GLACIER")),
            over_iceberg(_moved("DEEP_ARCHIVE", Prefix="sales/")),
            over(_moved("INTELLIGENT_TIERING"), IntelligentTieringConfigurations=_ARCHIVED),
        ),
        not_applicable=(bucket(_moved("GLACIER")),),
    ),
)
