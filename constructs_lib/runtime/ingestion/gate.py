"""The quality gate: measures a run's rows by the contract's rules about whole deliveries, and says whether readers may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from pyspark.sql import DataFrame

    from .accounting import Counts
    from .manifest import Gate
    from .spec import JobSpec


def judge_run(judged: DataFrame, spec: JobSpec, counts: Counts, *, now: dt.datetime, released: bool = False) -> Gate:
    """The verdict over a run.

    Args:
        judged: The records as `validation.judge` leaves them.
        counts: The run's settled counts.
        now: What ages are measured against.
        released: Whether somebody lets the run through all the same; what did not hold is still listed.
    """
    raise NotImplementedError((judged, spec, counts, now, released))
