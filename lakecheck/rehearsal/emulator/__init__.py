"""The emulator: a process of its own with moto's APIs on loopback, our CloudFormation in it, and the services that run code."""
