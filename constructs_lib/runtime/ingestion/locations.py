"""Where a run's files stand: below a prefix of its own in each zone, so that no run can touch what another wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import SpecError
from .files import join

if TYPE_CHECKING:
    from .spec import JobSpec

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def run_location(root: str, spec: JobSpec, run_id: str) -> str:
    """Where a run's files of the table stand in a zone.

    Raises:
        SpecError: If the run id could not be the name of a directory.
    """
    if not _RUN_ID.fullmatch(run_id):
        message = f"run id {run_id!r}: expected 1 to 128 letters, digits, dots, underscores or hyphens, a letter or digit first"
        raise SpecError(message)
    return join(root, spec.prefix, f"run_id={run_id}")
