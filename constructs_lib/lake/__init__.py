"""The whole lake in one construct, for the usual case."""
