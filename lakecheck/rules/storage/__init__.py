"""Buckets under tables: whether a lifecycle, a deletion or a lost event takes away what the catalog promises."""
