.venv/bin/lakecheck config validate
