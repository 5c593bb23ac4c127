"""Assertions on constructs_lib.storage."""
