"""Athena: whether workgroups decide, what a query may cost, and where its results go."""
