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
        write_only: What cannot be read back.
        read_only: What only AWS sets.
        identifier: What identifies the resource, one or several.
        unordered: Lists whose order means nothing.
        deletes_first: Whether a replacement deletes the old one before it makes the new one.
    """

    create_only: tuple[Path, ...] = ()
    conditional: tuple[Path, ...] = ()
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
        if any(_concerns(each, path, was, now) for each in self.create_only):
            return Replaces.YES
        return Replaces.PERHAPS if any(_concerns(each, path, was, now) for each in self.conditional) else Replaces.NO


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


_MORE: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    # The schema names the read-only DatabaseName alone, but the name that a template gives is in the input.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-glue-database.html
    "AWS::Glue::Database": {"c": ("DatabaseInput.Name", "CatalogId"), "p": ("CatalogId", "DatabaseInput.Name")},
    "AWS::Glue::Table": {"p": ("CatalogId", "DatabaseName", "TableInput.Name")},
}
"""Where the schemas are known to be wrong or to name what no template can give: `c` is added, `p` stands instead."""


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
    more = _MORE.get(type_name, {})
    return Facts(
        create_only=_paths((*found.get("c", ()), *more.get("c", ()))),
        conditional=_paths(found.get("k", ())),
        write_only=_paths(found.get("w", ())),
        read_only=_paths(found.get("r", ())),
        identifier=_paths(more.get("p", found.get("p", ()))),
        unordered=frozenset(_paths(found.get("s", ()))),
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
    packed = files("lakecheck.upgrade").joinpath(TABLE).read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return archive.read(member).decode()
