.venv/bin/cdk list 'Prod/*'
.venv/bin/cdk diff 'Prod/*'
