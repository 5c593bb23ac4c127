"""Temporary folders: a job leaves rows of what it reads there, and whoever reads the folder reads them.

Glue writes shuffles, spills and staged loads to `--TempDir`, other engines likewise, and removes nothing by itself. So the reader of a
job's temporary folder reads, in effect, whatever the job's role reads. The folder is no table: only what the role may read tells what is
in it.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.access.doors.readers import readers
from lakecheck.access.model import Door, Leak, Step
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakecheck.access.questions import Questions


def temporary_files(questions: Questions) -> Iterable[Leak]:
    """Who reads what which job's role has read.

    Args:
        questions: Asks IAM about the estate.
    """
    seen: set[tuple[str, str]] = set()
    for executor in questions.estate.executors:
        role = questions.principals.get(executor.role)
        if not executor.temporary or role is None or (executor.role, executor.temporary) in seen:
            continue
        seen.add((executor.role, executor.temporary))
        for principal, verdict in readers(questions, executor.temporary).items():
            if principal is not role:
                why = f"{executor.kind} {shown(executor.arn)} runs as {role.name} and leaves temporary files in {shown(executor.temporary)}"
                step = Step(Door.TEMPORARY_FILES, shown(executor.temporary), (why, *verdict.because))
                yield Leak(source=principal, member=role, step=step, conditions=verdict.allowed)
