"""Cloud assemblies as typed data: every template of every stage, what its constructs are called, what was acknowledged where."""

from lakecheck.assembly.model import (
    NO_ENVIRONMENT,
    Acknowledgement,
    Assembly,
    PluginReport,
    StackTemplate,
    ValidationReport,
    Violation,
)
from lakecheck.assembly.reader import read_assembly

__all__ = [
    "NO_ENVIRONMENT",
    "Acknowledgement",
    "Assembly",
    "PluginReport",
    "StackTemplate",
    "ValidationReport",
    "Violation",
    "read_assembly",
]
