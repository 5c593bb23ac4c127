"""Pipelines: whether what starts, waits, fails or runs again is noticed and ends."""
