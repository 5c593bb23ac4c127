"""What holds for a whole organisation: its units and accounts, the guardrails on them, its people, its trail and its detectors.

Nothing is imported here: each part is imported by its own path (constructs_lib.organization.structure, and so on).
"""
