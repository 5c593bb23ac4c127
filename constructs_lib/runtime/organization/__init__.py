"""Lambda handlers for what an organisation has and CloudFormation has no resource for. Nothing but boto3 and the standard library."""
