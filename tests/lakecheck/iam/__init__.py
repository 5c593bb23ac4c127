"""What lakecheck knows of IAM: documents, conditions, decisions, patterns, comparisons."""
