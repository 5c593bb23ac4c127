"""Code that runs inside AWS."""
