"""The checks, one module each; every one takes an assembly and returns a `CheckResult`."""

from lakecheck.checks.base import CheckResult

__all__ = ["CheckResult"]
