make demo
.venv/bin/lakecheck run cdk.out --base cdk.base --html review.html
.venv/bin/lakecheck run cdk.out --acknowledged
.venv/bin/lakecheck run cdk.out --as-of 2027-06-30 --json report.json
.venv/bin/lakecheck access diff cdk.base cdk.out
