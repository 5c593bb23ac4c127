"""What changed between two states of the contracts, and whom each change breaks. Start at `compare.py`; `rules.py` has every rule."""
