"""Tests of the network for jobs."""
