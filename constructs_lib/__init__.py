"""Constructs for a governed data lake. Import from the modules: `from constructs_lib.storage import LakeStorage`."""
