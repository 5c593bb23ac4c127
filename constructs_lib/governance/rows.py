"""Row expressions of data cells filters: what can be known of them without Lake Formation."""

from lakemodel.rows import problems

__all__ = ["problems"]
