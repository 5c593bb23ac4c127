"""Assertions on constructs_lib.baseline."""
