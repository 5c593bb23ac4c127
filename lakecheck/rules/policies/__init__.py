"""Policies of principals, resources and roles: who gets in by a statement that says less than its author meant."""
