.venv/bin/lakecheck access diff cdk.base cdk.out
