"""What the CloudFormation registry says of resource types: which properties replace a resource, name it, or have no order.

The table is `provider_schemas.zip` beside this file, made by `tools/provider_schemas.py` from the schemas that cfn-lint bundles
(https://github.com/aws-cloudformation/cfn-lint, MIT-0). AWS changes its schemas at any time: what is said here holds as of the table's
date. A type that is not in the table (third-party types, modules, custom resources) is not known, and nothing is guessed of it.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from lakecheck.upgrade.model import Replaces

TABLE: Final = "provider_schemas.zip"

_ANY: Final = "*"

Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of one type; paths are split at their levels, `*` stands for any item of a list.

    Attributes:
        create_only: Whose change replaces the resource.
        conditional: Whose change may replace it.
        disputed: Whose change replaces it, or may, as its page says and its schema does not.
        edited: Whose change replaces the resource, while an item of the list that is added or goes does not.
        write_only: What cannot be read back.
        read_only: What only AWS sets.
        identifier: What identifies the resource, one or several.
        unordered: Lists whose order means nothing.
        deletes_first: Whether a replacement deletes the old one before it makes the new one.
    """

    create_only: tuple[Path, ...] = ()
    conditional: tuple[Path, ...] = ()
    disputed: tuple[Path, ...] = ()
    edited: tuple[Path, ...] = ()
    write_only: tuple[Path, ...] = ()
    read_only: tuple[Path, ...] = ()
    identifier: tuple[Path, ...] = ()
    unordered: frozenset[Path] = frozenset()
    deletes_first: bool = False

    def replaces(self, path: Path, was: Any, now: Any) -> Replaces:
        """Whether a change at a path replaces the resource.

        Args:
            path: Where; a change there is one of everything below as well, as far as it is in one of the values.
            was: The value there before.
            now: The value there after.
        """
        edited = self.edited if was is not None and now is not None else ()
        if any(_concerns(each, path, was, now) for each in (*self.create_only, *edited)):
            return Replaces.YES
        return Replaces.PERHAPS if any(_concerns(each, path, was, now) for each in (*self.conditional, *self.disputed)) else Replaces.NO

    def is_disputed(self, path: Path, was: Any, now: Any) -> bool:
        """Whether only the type's page says that a change at a path replaces the resource."""
        return any(_concerns(each, path, was, now) for each in self.disputed)


def _concerns(stated: Path, path: Path, was: Any, now: Any) -> bool:
    """Whether a stated property is at or above the changed path, or below it and not the same in both values."""
    if not all(one in (_ANY, other) for one, other in zip(stated, path, strict=False)):
        return False
    return len(stated) <= len(path) or _below(stated[len(path) :], was) != _below(stated[len(path) :], now)


def _below(path: Path, value: Any) -> list[Any]:
    """What is at the path below a value; nothing when it has none."""
    found = [value]
    for step in path:
        inner: list[Any] = []
        for each in found:
            if isinstance(each, dict) and step in each:
                inner.append(each[step])
            elif isinstance(each, list) and step == _ANY:
                inner += each
        found = inner
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Correction:
    """Where a schema is known to be wrong, or names what no template can give."""

    create_only: tuple[str, ...] = ()
    conditional: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    identifier: tuple[str, ...] = ()
    unordered: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    """What is updated in place although a page or a schema says otherwise."""
    source: str


_GUIDE: Final = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"

CORRECTIONS: Final[dict[str, _Correction]] = {
    # The schema has the read-only DatabaseName alone; the name that a template gives is in the input.
    "AWS::Glue::Database": _Correction(
        create_only=("DatabaseInput.Name", "CatalogId"),
        identifier=("CatalogId", "DatabaseInput.Name"),
        source=f"{_GUIDE}/aws-properties-glue-database-databaseinput.html",
    ),
    # The identifier's Name is for what no TableInput gives.
    "AWS::Glue::Table": _Correction(
        identifier=("CatalogId", "DatabaseName", "TableInput.Name"), source=f"{_GUIDE}/aws-properties-glue-table-tableinput.html"
    ),
    # The identifiers are made up; what may be there once is named by these.
    "AWS::IAM::Policy": _Correction(identifier=("PolicyName", "Roles", "Users", "Groups"), source=f"{_GUIDE}/aws-resource-iam-policy.html"),
    "AWS::LakeFormation::Resource": _Correction(identifier=("ResourceArn",), source=f"{_GUIDE}/aws-resource-lakeformation-resource.html"),
    # The key of a table and the type of a key's attribute are never changed in place: UpdateTable has no such parameter. Attributes come
    # and go with indexes.
    "AWS::DynamoDB::Table": _Correction(
        create_only=("KeySchema",),
        edited=("AttributeDefinitions.*.AttributeType",),
        unordered=("AttributeDefinitions",),
        source=f"{_GUIDE}/aws-resource-dynamodb-table.html",
    ),
    "AWS::DynamoDB::GlobalTable": _Correction(
        create_only=("KeySchema",),
        edited=("AttributeDefinitions.*.AttributeType",),
        source=f"{_GUIDE}/aws-resource-dynamodb-globaltable.html",
    ),
    # The schema tells nothing of the update policy on which it depends.
    "AWS::OpenSearchService::Domain": _Correction(
        conditional=("EngineVersion",), source=f"{_GUIDE}/aws-resource-opensearchservice-domain.html"
    ),
    # Object Lock can be switched on for existing buckets since November 2023; the page still calls it a replacement.
    "AWS::S3::Bucket": _Correction(
        updated=("ObjectLockEnabled",), source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html"
    ),
}
"""By type what counts instead of the table, each with its source."""


@cache
def facts(type_name: str) -> Facts | None:
    """What is known of a type; None for one that the table does not have.

    Example:
        >>> facts("AWS::Kinesis::Stream").create_only
        (('Name',),)
        >>> facts("Acme::Any::Thing") is None
        True
    """
    found = _types().get(type_name)
    if found is None:
        return None
    more = CORRECTIONS.get(type_name, _Correction(source=""))
    stated = {key: [path for path in found.get(key, ()) if path not in more.updated] for key in "ckm"}
    return Facts(
        create_only=_paths((*stated["c"], *more.create_only)),
        conditional=_paths((*stated["k"], *more.conditional)),
        disputed=_paths([path for path in stated["m"] if path not in more.create_only]),
        edited=_paths(more.edited),
        write_only=_paths(found.get("w", ())),
        read_only=_paths(found.get("r", ())),
        identifier=_paths(more.identifier if len(more.identifier) else found.get("p", ())),
        unordered=frozenset(_paths((*found.get("s", ()), *more.unordered))),
        deletes_first="d" in found,
    )


def as_of() -> str:
    """The day of the table, YYYY-MM-DD."""
    return str(json.loads(_read("index.json"))["as_of"])


def known_types() -> tuple[str, ...]:
    """Every type in the table."""
    return tuple(_types())


def _paths(dotted: Any) -> tuple[Path, ...]:
    return tuple(tuple(each.split(".")) for each in dict.fromkeys(dotted))


@cache
def _types() -> dict[str, dict[str, Any]]:
    types: dict[str, dict[str, Any]] = json.loads(_read("types.json"))
    return types


def _read(member: str) -> str:
    packed = files("lakecheck.upgrade.comparison").joinpath(TABLE).read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return archive.read(member).decode()
