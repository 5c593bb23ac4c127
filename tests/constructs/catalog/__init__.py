"""Tests of the catalog constructs."""
