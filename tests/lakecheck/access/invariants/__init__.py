"""Tests of the invariants over the access matrix."""
