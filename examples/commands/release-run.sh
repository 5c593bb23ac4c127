aws stepfunctions start-execution --state-machine-arn "$STATE_MACHINE" \
  --input '{"sweep": {"table": "routes"}, "run": "0f3c2a52a7d94a0e8ad1c1d1f5a0c9b7", "release": true}'
