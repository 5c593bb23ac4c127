.venv/bin/lakecheck access check cdk.out
