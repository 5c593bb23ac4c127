"""Compares every resource of a deployed template with what the plain APIs return of it, property by property."""
