"""The Glue Data Catalog: whether engines can read what tables declare, and whether Iceberg tables stay in order."""
