"""The doors to data, each with what opens and what closes it."""
