"""Judging at synth, with the compliance packs that every reference app runs, and at run time, with a pack of AWS Config's."""

from constructs_lib.compliance.access import AccessInvariants, add_access_invariants
from constructs_lib.compliance.conformance import LakeConformancePack, conformance_table, pack_template
from constructs_lib.compliance.lake_rules import LakeRules, add_lake_rules
from constructs_lib.compliance.packs import PACKS, add_compliance_packs
from constructs_lib.compliance.policy_sizes import PolicySizes, add_policy_sizes

__all__ = [
    "PACKS",
    "AccessInvariants",
    "LakeConformancePack",
    "LakeRules",
    "PolicySizes",
    "add_access_invariants",
    "add_compliance_packs",
    "add_lake_rules",
    "add_policy_sizes",
    "conformance_table",
    "pack_template",
]
