"""A saved query of a workgroup."""

from __future__ import annotations

from aws_cdk import aws_athena as athena
from constructs import Construct

from constructs_lib.core import misuse

_MOST_BYTES = 262_144


class NamedQuery(Construct):
    """A saved query, seen by the members of a workgroup.

    Every property is create-only: a changed query is made anew and the old one deleted, so its id changes too. Find it by name.

    Args:
        workgroup_name: The workgroup it belongs to.
        database: The database that names without one in the query refer to.
        query: One SQL statement, at most 262,144 bytes.
        name: What members see in the list; the construct's id when left out.
        description: What it answers.

    Raises:
        DataLakeError: `named_query`, if the statement is empty or too long.

    See https://docs.aws.amazon.com/athena/latest/ug/saved-queries.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        workgroup_name: str,
        database: str,
        query: str,
        name: str | None = None,
        description: str = "",
    ) -> None:
        super().__init__(scope, construct_id)
        name = construct_id if name is None else name
        size = len(query.encode())
        if not query.strip() or size > _MOST_BYTES:
            msg = f"got a query of {size} bytes; allowed are 1 to {_MOST_BYTES}"
            raise misuse(self, msg, code="named_query")
        self.query_name = name
        self.query = athena.CfnNamedQuery(
            self,
            "Resource",
            database=database,
            query_string=query,
            name=name,
            description=description or None,
            work_group=workgroup_name,
        )
