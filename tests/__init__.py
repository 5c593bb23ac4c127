"""Tests. They mirror the packages: tests/unit for what is pure, tests/constructs for constructs_lib, tests/lakecheck."""
