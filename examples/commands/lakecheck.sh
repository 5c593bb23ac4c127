lakecheck run                                        # judge cdk.out
lakecheck run --app "python app.py"                  # synthesize into cdk.out first, then judge
lakecheck run other/cdk.out --json report.json       # somebody else's app, and a report for machines
lakecheck run template.yaml                          # one template
lakecheck run cdk.out --base base/cdk.out            # what would deploying it over the base do?
lakecheck run cdk.out --html report.html             # one page for people, with everything in it
lakecheck run --as-of 2027-01-01                     # what will have expired by then?
lakecheck run --require-pack AwsSolutions --require-pack HIPAA.Security
lakecheck upgrade base/cdk.out cdk.out               # what the change would delete, take away or weaken; nothing else
lakecheck access cdk.out                             # who can read which column, through which door
lakecheck access diff base/cdk.out cdk.out           # who gains, who loses; 1 on a gain that nobody approved
lakecheck access check cdk.out                       # the invariants of config/access.yaml
lakecheck policy check-no-new-access --reference old.json new.json    # does a policy allow what another one does not?
lakecheck policy check-access-not-granted --actions s3:DeleteBucket --resources '*' new.json
