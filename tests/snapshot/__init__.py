"""One readable, normalised template for each kind of stack; they guard refactoring, not correctness."""
