"""The snippets of constructs_lib/core/README.md; each function runs in a test."""

from constructs_lib.core import acknowledge, misuse, removal_policy

__all__ = ["acknowledge", "misuse", "removal_policy"]
