"""Judges of what is more open than before, or less watched: single properties by tables, policies as IAM would decide them."""
