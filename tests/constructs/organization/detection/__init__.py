"""Assertions on constructs_lib.organization.detection."""
