aws stepfunctions start-execution --state-machine-arn "$STATE_MACHINE" \
  --input '{"replay": {"table": "routes", "since": "2026-11-01T00:00:00Z", "until": "2026-11-08T00:00:00Z"}}'
