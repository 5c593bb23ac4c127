"""What must never be possible, and what must be: rules over the access matrix, each proved, refuted by a request, or not known."""
