make contracts-lock
.venv/bin/lakecheck contracts adopt sales.orders --account 444444444401 --output adopt.json
.venv/bin/cdk import 'Dev/MainCatalog' --resource-mapping adopt.json
.venv/bin/cdk deploy 'Dev/*'
