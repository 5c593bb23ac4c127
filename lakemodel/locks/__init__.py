"""What is decided once and kept for good: field ids of Iceberg columns, places of tables."""
