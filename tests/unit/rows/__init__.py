"""Row expressions: what is let through, what is refused."""
