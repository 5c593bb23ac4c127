"""Tests of `constructs_lib.pipeline`."""
