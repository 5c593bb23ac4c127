"""Data contracts (Open Data Contract Standard) as typed data products, tables and columns."""
