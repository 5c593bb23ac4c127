lakecheck upgrade before.yaml after.yaml
lakecheck upgrade ../main/cdk.out cdk.out                         # two assemblies, as in a pull request
lakecheck upgrade --deployed cdk.out --role-name LakecheckReader  # against what is deployed
