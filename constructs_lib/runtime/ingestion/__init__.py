"""The ingestion job: delivered files of one table in, good rows and quarantined rows out, every record accounted for."""
