"""Tests of `constructs_lib.query`."""
