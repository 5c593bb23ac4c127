"""Tests of the measurements against plain JavaScript CDK."""
