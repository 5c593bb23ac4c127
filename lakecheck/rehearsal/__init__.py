"""Runs what an assembly describes, with no AWS account: state machines first (`states`). No CDK here, and no credentials."""
