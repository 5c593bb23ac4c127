"""The words that a job spec may use."""

from __future__ import annotations

SUPPORTED_VERSION = 2
CHECK_KINDS = ("enum", "minimum", "maximum", "exclusive_minimum", "exclusive_maximum", "pattern", "min_length", "max_length")
TABLE_FORMATS = ("parquet", "iceberg")
SOURCE_FORMATS = ("csv", "jsonl", "parquet")
SEVERITIES = ("error", "warning")
CONFLICT_RULES = ("quarantine", "first", "last", "latest")
EQUAL_ROWS = ("remove", "keep")
GATE_OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
GATE_SEVERITIES = ("block", "warn")
GATE_METRICS = (
    "rows",
    "good_rows",
    "quarantined_ratio",
    "duplicate_ratio",
    "completeness",
    "distinct_ratio",
    "distinct_values",
    "mean",
    "minimum",
    "maximum",
    "valid_ratio",
    "age_hours",
)
METRICS_OF_ROWS = ("rows", "good_rows", "quarantined_ratio", "duplicate_ratio")
"""The others are measured on a column."""
METRIC_FAMILIES = {"mean": ("number",), "minimum": ("number",), "maximum": ("number",), "age_hours": ("moment",)}
"""What the column of a metric has to be, as `spec_problems.family` says it; of any type where it is not here."""
