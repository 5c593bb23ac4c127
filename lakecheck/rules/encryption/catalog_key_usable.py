"""The role that encrypts the Data Catalog may use its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules.base import Cases, Complaint, Rule, value
from lakecheck.rules.encryption._cases import KEY_ARN, key, role
from lakecheck.rules.encryption._keys import key_of, not_known, refused
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.snapshot import Snapshot

_SETTINGS = "AWS::Glue::DataCatalogEncryptionSettings"
_REST = "DataCatalogEncryptionSettings.EncryptionAtRest"
_ROLE = f"{_REST}.CatalogEncryptionServiceRole"
_KEY = f"{_REST}.SseAwsKmsKeyId"
_BY_ROLE = "SSE-KMS-WITH-SERVICE-ROLE"
_NEEDED = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")


def _subjects(snapshot: Snapshot) -> Iterator[Resource]:
    for found in snapshot.by_type.get(_SETTINGS, ()):
        if value(found, f"{_REST}.CatalogEncryptionMode") == _BY_ROLE:
            yield found


def _judge(found: Resource, snapshot: Snapshot) -> Iterator[Complaint]:
    named, written = value(found, _ROLE), value(found, _KEY)
    if named is None:
        yield Complaint(at=_ROLE, message=f"is missing; mode {_BY_ROLE} needs it")
        return
    reader, used = snapshot.questions.principals.get(named) if isinstance(named, str) else None, key_of(written, found, snapshot)
    if used is None:
        yield not_known(written, _KEY)
    elif reader is None or reader.origin is None:
        yield Complaint(at=_ROLE, message=f"the policies of {shown(named)} are in no template", is_unknown=True)
    else:
        context = {"kms:viaservice": (f"glue.{found.region}.amazonaws.com",), "kms:calleraccount": (found.account,)}
        said = {action: snapshot.questions.decide(reader, action, used.arn, context=context).truth for action in _NEEDED}
        then = "no metadata of the catalog can be read or written"
        yield from refused(said, reader.name, used, path=_ROLE, then=then, is_role=True)


def _settings(*actions: str, mode: str = _BY_ROLE, reader: Any = None) -> dict[str, Any]:
    rest = {
        "CatalogEncryptionMode": mode,
        "SseAwsKmsKeyId": KEY_ARN,
        **({} if reader is None else {"CatalogEncryptionServiceRole": reader}),
    }
    properties = {"CatalogId": "444455556666", "DataCatalogEncryptionSettings": {"EncryptionAtRest": rest}}
    return {"Settings": {"Type": _SETTINGS, "Properties": properties}, **role("Reader", "glue.amazonaws.com", *actions), **key()}


_READER = {"Fn::GetAtt": ["Reader", "Arn"]}

RULE = Rule(
    id="encryption.catalog_key_usable",
    title="The service role of the Data Catalog's encryption may use the catalog's key",
    rationale=(
        "With a service role Glue encrypts and decrypts all metadata of the account as that role. If it may not use the key, no database "
        "and no table can be read or changed any more, by nobody: all queries, jobs and deployments of the account stand still."
    ),
    source="https://docs.aws.amazon.com/glue/latest/dg/encrypt-glue-data-catalog.html",
    severity=Severity.ERROR,
    remedy="Allow the role kms:Decrypt, kms:Encrypt and kms:GenerateDataKey on the key, in its own policy or in the key's.",
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_settings("kms:*", reader=_READER),),
        failing=(_settings("kms:Decrypt", reader=_READER), _settings("kms:*")),
        not_applicable=(key(), _settings(mode="SSE-KMS")),
    ),
    controls=("NIST.800.53.R5 SC-12",),
)
