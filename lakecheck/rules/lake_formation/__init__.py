"""Lake Formation: who is granted what, on what, and what would let IAM decide instead."""
