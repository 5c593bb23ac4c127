"""Assertions on constructs_lib.observability."""
