aws lambda invoke --function-name "$UNDO_FUNCTION" --cli-binary-format raw-in-base64-out \
  --payload '{"action": "0123456789abcdef", "reason": "Ticket 4711: the scanner was ours."}' answer.json
