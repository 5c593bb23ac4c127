"""`DataFrame.mapInArrow`, also where pandas is not installed.

Spark checks that pandas is there before it makes any vectorised function, this one included, which never touches it: only Arrow batches
pass between Python and Java. Glue has pandas; a laptop need not have 150 MB for a check. In Spark 3.5 the checks need `distutils`
besides, which Python 3.12 no longer has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pyspark.sql import (
        DataFrame,
        types as T,  # noqa: N812 - the name everybody gives it
    )

_DEMANDS = ("require_minimum_pandas_version", "require_minimum_pyarrow_version")


def map_in_arrow(frame: DataFrame, function: Callable[[Iterable[Any]], Iterable[Any]], schema: T.StructType | str) -> DataFrame:
    """What `function` makes of the frame's batches, with the columns of `schema`."""
    from pyspark.sql.pandas import functions  # noqa: PLC0415 - patched just here

    kept = {name: getattr(functions, name) for name in _DEMANDS}
    try:
        for name in _DEMANDS:
            setattr(functions, name, lambda: None)
        return frame.mapInArrow(function, schema)
    finally:
        for name, demand in kept.items():
            setattr(functions, name, demand)
