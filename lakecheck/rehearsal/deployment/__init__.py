"""Deploys an assembly into the emulator with the real CDK CLI: a copy of the assembly, bootstrapped accounts, one CLI call a step."""
