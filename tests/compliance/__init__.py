"""The compliance packs over each module's constructs, and a canary that proves the packs awake."""
