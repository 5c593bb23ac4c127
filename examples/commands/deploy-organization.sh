make demo FAST=1
.venv/bin/cdk diff 'Organization/*'
.venv/bin/cdk deploy 'Organization/*'
