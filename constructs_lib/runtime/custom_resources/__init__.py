"""What every handler behind a custom resource stands on: CloudFormation's protocol, and calling AWS again when it says so."""
