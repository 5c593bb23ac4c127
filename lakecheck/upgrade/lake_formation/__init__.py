"""Judges of access that Lake Formation gives: compared by meaning, `single_rights`, over all that states it; and what dies or is undone."""
