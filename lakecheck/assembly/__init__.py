"""Cloud assemblies as typed data: every template of every stage, what its constructs are called, what was acknowledged where.

`read_assembly` reads one, `resolve` works out what the resources of several are.
"""

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
from lakecheck.assembly.resolution import Resolution, resolve

__all__ = [
    "NO_ENVIRONMENT",
    "Acknowledgement",
    "Assembly",
    "PluginReport",
    "Resolution",
    "StackTemplate",
    "ValidationReport",
    "Violation",
    "read_assembly",
    "resolve",
]
