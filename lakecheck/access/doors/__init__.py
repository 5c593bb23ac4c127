"""The doors to data other than Lake Formation: what finds direct accesses, and what finds that one principal can act as another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.access.doors.access_grants import access_grants, made_grants
from lakecheck.access.doors.access_points import access_points
from lakecheck.access.doors.assumed_role import assumed_role
from lakecheck.access.doors.assumptions import assumptions
from lakecheck.access.doors.athena_results import athena_results
from lakecheck.access.doors.code_update import code_update
from lakecheck.access.doors.data_plane import data_plane
from lakecheck.access.doors.loosened import loosened, loosened_edges
from lakecheck.access.doors.made_points import made_points
from lakecheck.access.doors.own_table import own_table
from lakecheck.access.doors.pass_role import pass_role
from lakecheck.access.doors.policy_edit import policy_edit
from lakecheck.access.doors.redshift import redshift
from lakecheck.access.doors.replicas import replicas
from lakecheck.access.doors.resource_edit import resource_edit
from lakecheck.access.doors.retag import retag
from lakecheck.access.doors.s3 import s3
from lakecheck.access.doors.self_grant import self_grant
from lakecheck.access.doors.temporary_files import temporary_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakecheck.access.model import Access, Edge, Leak
    from lakecheck.access.questions import Questions

DIRECT: tuple[Callable[[Questions], Iterable[Access]], ...] = (
    s3,
    access_points,
    access_grants,
    replicas,
    resource_edit,
    made_points,
    made_grants,
    loosened,
    self_grant,
    own_table,
    retag,
)
"""Each gives the principals' own accesses through one door."""

EDGES: tuple[Callable[[Questions], Iterable[Edge]], ...] = (assumed_role, pass_role, code_update, policy_edit, loosened_edges, redshift)
"""Each gives the ways in which one principal can become another, or an administrator."""

LEAKS: tuple[Callable[[Questions], Iterable[Leak]], ...] = (temporary_files, athena_results)
"""Each gives the ways in which one principal reads what another one has read."""

__all__ = ["DIRECT", "EDGES", "LEAKS", "assumptions", "data_plane"]
