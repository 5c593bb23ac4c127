"""The parts of judging a row: casting it, checking it, looking its references up, telling it from others. `validation.judge` joins them."""
