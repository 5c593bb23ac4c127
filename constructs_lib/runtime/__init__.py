"""Code that runs inside AWS: Lambda handlers and the Glue job. Never imports aws_cdk."""
