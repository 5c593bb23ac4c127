"""Assertions on constructs_lib.core."""
