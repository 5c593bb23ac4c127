"""The access matrix as typed data; nothing here decides anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from lakecheck.formula import TRUE, Formula

if TYPE_CHECKING:
    from lakecheck.assembly.resources import Origin
    from lakecheck.estate.model import Principal

ALL_ROWS = ""
"""The row filter of an access that sees every row."""


class Action(StrEnum):
    """What is done to data."""

    READ = "read"
    WRITE = "write"
    """Insert, change or delete rows, or the files they are in."""
    ALTER = "alter"
    DROP = "drop"
    GRANT = "grant"
    """Pass rights on it to others."""


class Door(StrEnum):
    """The ways to data. What a door is and what opens it is said in `docs/reference/access.md`."""

    LAKE_FORMATION = "lake_formation"
    """Through an engine that Lake Formation gives credentials to."""
    IAM_CATALOG = "iam_catalog"
    """Through an engine, by IAM alone: `IAM_ALLOWED_PRINCIPALS` is on the table, or its location is not registered."""
    S3 = "s3"
    """The objects themselves."""
    ACCESS_POINT = "access_point"
    ACCESS_GRANT = "access_grant"
    REPLICA = "replica"
    """A copy in another bucket."""
    TEMPORARY_FILES = "temporary_files"
    """What a job leaves in its temporary folder."""
    ATHENA_RESULTS = "athena_results"
    """What somebody else's query has written."""
    REDSHIFT = "redshift"
    ASSUMED_ROLE = "assumed_role"
    SELF_GRANT = "self_grant"
    """An administrator, or the holder of a grant option, who gives the right first."""
    PASS_ROLE = "pass_role"  # noqa: S105 - the name of a right
    """Starting something that runs as a role that has the right."""
    CODE_UPDATE = "code_update"
    """Changing what runs as such a role."""
    POLICY_EDIT = "policy_edit"
    """Changing the policy that stands in the way, a bucket's or a key's too."""


class DatasetKind(StrEnum):
    """Kinds of data."""

    TABLE = "table"
    BUCKET = "bucket"
    """A bucket, or a prefix of one, that holds data of no table: landing and raw zones, results, replicas, temporary folders."""
    RESOURCE = "resource"
    """Something that is no data but that an invariant may protect, such as a trail."""


@dataclass(frozen=True, order=True, slots=True)
class Dataset:
    """What is accessed.

    Attributes:
        kind: Table, bucket or another resource.
        account: The account that owns it.
        region: The Region.
        name: `database.table`, `s3://bucket/prefix`, or the resource's ARN.
        environment: The Stage it is in.
    """

    kind: DatasetKind
    account: str
    region: str
    name: str
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a way: who becomes what through which door.

    Attributes:
        door: How.
        target: Name of what is reached: a role, a function, a bucket's policy.
        because: The statements that let it, for people.
    """

    door: Door
    target: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One principal's access to columns of one dataset, through one door.

    Attributes:
        principal: Who.
        dataset: To what.
        action: What it may do.
        door: The door through which the data leaves (`lake_formation`, `s3`, ...).
        columns: The columns; None for the whole dataset, whatever columns it has.
        rows: The row filter, as text; `ALL_ROWS` when there is none.
        conditions: `TRUE`, or what remains: context keys, facts that no template tells.
        via: The steps before: roles assumed, policies changed; empty for the principal's own access.
        because: The grants and statements that let it, for people, in a stable order.
        enforced_by_engine: Whether columns and rows beyond these are held back by an engine that was trusted with them.
        origin: Where the widest reason stands; None when it is not known.
    """

    principal: Principal
    dataset: Dataset
    action: Action
    door: Door
    columns: tuple[str, ...] | None = None
    rows: str = ALL_ROWS
    conditions: Formula = TRUE
    via: tuple[Step, ...] = ()
    because: tuple[str, ...] = ()
    enforced_by_engine: bool = False
    origin: Origin | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """One principal can act as another, or as an administrator of an account.

    Attributes:
        source: Who.
        target: Whom it can become; None for `anything in the account`.
        account: The account in which it can do anything, when `target` is None.
        step: How.
        conditions: `TRUE`, or what remains.
    """

    source: Principal
    target: Principal | None
    account: str = ""
    step: Step
    conditions: Formula = TRUE


@dataclass(frozen=True, kw_only=True, slots=True)
class Leak:
    """One principal reads whatever another one reads, because the other leaves copies: results of queries, temporary files, their replicas.

    Only reading passes through a leak, and only what `member` reads itself or reads as a role: `source` never acts as `member`.

    Attributes:
        source: Who reads the copies.
        member: Whose reading leaves copies.
        step: How: the door the copies leave through, and where they lie.
        conditions: `TRUE`, or what remains.
    """

    source: Principal
    member: Principal
    step: Step
    conditions: Formula = TRUE


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadGrant:
    """A grant that gives nothing, with what is missing.

    Attributes:
        principal: Whom it names.
        what: The grant in words.
        missing: The missing piece: `glue:GetTable`, `lakeformation:GetDataAccess`, a key, a location's role, a resource link.
        origin: Where the grant stands.
    """

    principal: str
    what: str
    missing: str
    origin: Origin | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Matrix:
    """Everybody's access to everything.

    Attributes:
        accesses: In a stable order: principal, dataset, action, door.
        edges: Who can become whom.
        leaks: Who reads what another one has read; a saved matrix has none, for its accesses tell of them.
        dead: Grants that give nothing.
        datasets: Everything that was looked at, that nobody reaches too.
        data_plane: ARNs of the principals that touch data as part of the lake's machinery, each with what makes it one.
        columns: The columns of each table.
        environments: By account the Stages with stacks in it.
        assumptions: What the matrix rests on, in words.
        not_known: What could not be told, in words.
    """

    accesses: tuple[Access, ...]
    edges: tuple[Edge, ...] = ()
    leaks: tuple[Leak, ...] = ()
    dead: tuple[DeadGrant, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    data_plane: dict[str, str] = field(default_factory=dict)
    columns: dict[Dataset, tuple[str, ...]] = field(default_factory=dict)
    environments: dict[str, tuple[str, ...]] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    not_known: tuple[str, ...] = ()
