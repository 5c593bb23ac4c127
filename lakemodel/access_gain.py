"""The approval of an access that somebody gains: one principal, one dataset, one door."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Protocol

from pydantic import Field, StrictStr, StringConstraints

from lakemodel.approval_base import Approval, Text

EXACT: Final = r"^[^*]+$"

Action = Literal["read", "write", "alter", "drop", "grant"]
Door = Literal[
    "lake_formation",
    "iam_catalog",
    "s3",
    "access_point",
    "access_grant",
    "replica",
    "temporary_files",
    "athena_results",
    "redshift",
    "assumed_role",
    "self_grant",
    "pass_role",
    "code_update",
    "policy_edit",
]


class Gain(Protocol):
    """What an approval is held against; everything as it is printed."""

    @property
    def principal(self) -> str:
        """What a reader calls it: `role/PiiReader`."""

    @property
    def arn(self) -> str:
        """Its ARN."""

    @property
    def dataset(self) -> str:
        """`database.table` or `s3://bucket/prefix`."""

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns that are gained; None for the whole dataset."""

    @property
    def action(self) -> str:
        """What may be done."""

    @property
    def door(self) -> str:
        """The first door of the way."""

    @property
    def environment(self) -> str:
        """The Stage that the data is in."""

    @property
    def rows(self) -> str:
        """The row filter; empty for all rows."""

    @property
    def conditions(self) -> str:
        """What remains, in words; empty for nothing."""


class AccessGain(Approval):
    """An access that `lakecheck access diff` prints as gained."""

    kind: Literal["access_gain"]
    """What is approved: somebody's access to data."""
    principal: Annotated[StrictStr, StringConstraints(pattern=EXACT)]
    """Who, as printed: role/PiiReader, permission-set/DataAnalyst, or the ARN; no wildcard."""
    dataset: Annotated[StrictStr, StringConstraints(pattern=EXACT)]
    """What, as printed: sales.customers, or s3://bucket/prefix; no wildcard."""
    columns: Annotated[list[Text], Field(min_length=1)] | None = None
    """The columns, as printed. Not stated: the whole dataset."""
    actions: Annotated[list[Action], Field(min_length=1)]
    """What may be done."""
    door: Door
    """The door, as printed; the first one of the way."""
    environments: Annotated[list[Text], Field(min_length=1)]
    """The environments the data is in."""
    rows: StrictStr | None = None
    """The row filter, as printed. Not stated: all rows."""
    conditions: StrictStr | None = None
    """What remains, as printed. Not stated: it may be without any condition."""

    def covers(self, gain: Gain) -> bool:
        """Whether this very access was approved, or a wider one."""
        if self.principal not in (gain.principal, gain.arn) or self.dataset != gain.dataset or self.door != gain.door:
            return False
        if gain.action not in self.actions or gain.environment.lower() not in {name.lower() for name in self.environments}:
            return False
        if (self.rows is not None and self.rows != gain.rows) or (self.conditions is not None and self.conditions != gain.conditions):
            return False
        return self.columns is None or (gain.columns is not None and set(gain.columns) <= set(self.columns))
