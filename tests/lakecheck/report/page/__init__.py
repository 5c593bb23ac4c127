"""The page that `lakecheck run` writes, as text and in a browser."""
