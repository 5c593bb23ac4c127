"""The Lake Formation handlers."""
