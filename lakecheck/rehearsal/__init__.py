"""Rehearses what an assembly describes, with no AWS account: deploys it into an emulator, runs it, says what of it was rehearsed.

`course` leads through the steps, which are in `deployment` and `lake`. `emulator` is the process with moto in it, `cloudformation` makes
stacks there, `adapters` their resources; `functions`, `executions` and `spark` run code, `states` interprets state machines. `comparison`
holds what exists against the templates. `deployed` and `pytest_plugin` are for the tests of others. No CDK here, and no credentials.
"""
