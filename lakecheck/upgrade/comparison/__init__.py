"""Two states of an app side by side: which resource is which, what differs, what becomes of each; `comparison.compare` does it."""
