"""`DataFrame.mapInArrow`, also where pandas is not installed.

Spark checks that pandas is there before it makes any vectorised function, this one included, which never touches it: only Arrow batches
pass between Python and Java. Glue has pandas; a laptop need not have 150 MB for a check.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pyarrow as pa
    from pyspark.sql import DataFrame

_CHECK = "pyspark.sql.pandas.functions.require_minimum_pandas_version"


def map_in_arrow(frame: DataFrame, function: Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]], schema: str) -> DataFrame:
    """What `function` makes of the frame's batches, with the columns of `schema`."""
    if importlib.util.find_spec("pandas") is not None:
        return frame.mapInArrow(function, schema)
    with mock.patch(_CHECK):
        return frame.mapInArrow(function, schema)
