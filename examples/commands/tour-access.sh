.venv/bin/lakecheck access cdk.out --environment Prod --table 'sales.*' --principal '*Analyst'
