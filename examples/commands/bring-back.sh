make contracts-lock
.venv/bin/cdk import 'Dev/MainCatalog'
.venv/bin/cdk deploy 'Dev/*'
