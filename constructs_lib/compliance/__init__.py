"""Judging at synth: the compliance packs that every reference app runs, and nothing that builds resources."""

from constructs_lib.compliance.packs import PACKS, add_compliance_packs

__all__ = ["PACKS", "add_compliance_packs"]
