"""What judges a cloud assembly before it is deployed, from any CDK app: it imports no CDK and nothing of `constructs_lib`."""
