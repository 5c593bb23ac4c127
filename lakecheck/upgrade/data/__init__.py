"""Judges of data: what holds something (`stateful`), what a change deletes or starts anew of it, and what keeps it for less time."""
