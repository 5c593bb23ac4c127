"""Governance constructs."""
