"""Assertions on constructs_lib.organization.trail."""
