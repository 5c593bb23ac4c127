.venv/bin/lakecheck contracts lock --keep-ids
