aws stepfunctions start-execution --state-machine-arn "$STATE_MACHINE" --input '{"sweep": {"table": "routes"}}'
