.venv/bin/lakecheck contracts validate config/contracts/sales
