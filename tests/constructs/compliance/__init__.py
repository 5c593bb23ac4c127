"""Assertions on constructs_lib.compliance."""
