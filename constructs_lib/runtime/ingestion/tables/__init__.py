"""Published tables: what readers see of one, and the one step by which a run becomes visible."""
