"""Column types: read from many spellings, written in three."""
