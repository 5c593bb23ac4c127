"""The one family of errors that this project raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakemodel.findings import Finding


class DataLakeError(ValueError):
    """Misuse or bad input.

    Args:
        message: What was got, what is allowed, the remedy.
        code: Stable name of the kind of error; public API.
        where: The construct path or file it is about, put before the message.
    """

    def __init__(self, message: str, *, code: str, where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.code = code
        self.where = where


class InvalidInput(DataLakeError):  # noqa: N818 - named for what it tells, like the other errors users meet
    """Files that were refused, with every reason at once.

    Args:
        findings: At least one finding, in the order to show.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)), code="invalid_input")
        self.findings = tuple(findings)
