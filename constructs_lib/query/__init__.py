"""Athena: workgroups with enforced settings, their results, saved queries."""

from constructs_lib.query.members import permission_set_pattern
from constructs_lib.query.named_query import NamedQuery
from constructs_lib.query.results import QueryResults, ResultsBucket
from constructs_lib.query.workgroup import QueryWorkgroup, Workgroup, WorkgroupGrants

__all__ = [
    "NamedQuery",
    "QueryResults",
    "QueryWorkgroup",
    "ResultsBucket",
    "Workgroup",
    "WorkgroupGrants",
    "permission_set_pattern",
]
