"""Lambda handlers about networks. Nothing but boto3 and the standard library."""
