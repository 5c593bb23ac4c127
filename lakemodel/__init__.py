"""The lake as data: configuration, contracts, types, locks and limits. Pure Python; never imports CDK."""
