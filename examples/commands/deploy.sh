make demo
.venv/bin/cdk diff 'Dev/*'
.venv/bin/cdk deploy 'Dev/*'
.venv/bin/cdk deploy 'Staging/*'
.venv/bin/cdk deploy 'Prod/*'
