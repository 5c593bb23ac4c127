make synth
.venv/bin/lakecheck upgrade cdk.base cdk.out
