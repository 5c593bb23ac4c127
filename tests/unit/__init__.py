"""Pure code: no AWS CDK, no network."""
