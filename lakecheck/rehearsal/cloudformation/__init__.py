"""A small CloudFormation for the emulator: order, replacement, retention and rollback as AWS has them. The types are in `adapters`."""
