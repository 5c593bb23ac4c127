"""Judges of names: what may be there only once, what a deployment collides with, and what others know by a name that changes."""
