"""Assertions on what each construct synthesizes, module by module."""
