"""Column types: one small model, read from contracts and written as Glue, Iceberg and Spark types."""
