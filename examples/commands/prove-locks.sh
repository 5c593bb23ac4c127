.venv/bin/lakecheck contracts lock --check --against base/config/contracts
