"""The organisation's people."""
