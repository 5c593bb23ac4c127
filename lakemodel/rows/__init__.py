"""Row expressions of data cells filters: the part of PartiQL that Lake Formation takes, read and judged without it."""

from lakemodel.rows.check import problems
from lakemodel.rows.parser import Predicate, RowSyntaxError, parse

__all__ = ["Predicate", "RowSyntaxError", "parse", "problems"]
