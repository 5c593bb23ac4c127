"""Tests of `constructs_lib.runtime.network`."""
