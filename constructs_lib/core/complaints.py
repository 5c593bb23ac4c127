"""How a construct complains about misuse of its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from constructs import IConstruct


def misuse(scope: IConstruct, message: str, *, code: str) -> DataLakeError:
    """The error to raise: `message` says what was got, what is allowed and the remedy; the construct's path goes before it."""
    return DataLakeError(message, code=code, where=scope.node.path)
