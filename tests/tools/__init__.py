"""The scripts of tools/ that `make` calls."""
