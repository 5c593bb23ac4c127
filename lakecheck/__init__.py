"""What judges a cloud assembly before it is deployed, from any CDK app: it imports no CDK and nothing of `constructs_lib`.

Where is what, in the order in which data flows; a package imports from none that comes after it:

- `values`, `formula`: what is not known in a template, and what a verdict still depends on.
- `assembly`: reads assemblies and templates, and resolves their resources as far as they tell.
- `iam`: reads policies, decides one request, compares policies; it knows no template.
- `estate`: makes accounts, principals, data and rights of the resources, with what `estate.yaml` states beside them.
- `access`: asks both who can do what. In it `questions` asks IAM about the estate, `lake_formation` and `doors` find everybody's accesses,
  `closure` and `composition` whom somebody can become, `matrix` puts all of it together, `difference` compares two, `invariants` judges.
- `snapshot`: all of the above of one assembly, each made once, when somebody asks for it.
- `upgrade`: compares two snapshots. In it `comparison` says what becomes of each resource, the judges (`data`, `lake_formation`,
  `security`, `identity`) name what that endangers, `review` holds it against the register; `deployed` reads what CloudFormation has.
- `rules`: what no other tool looks at, a module for each rule in a package for each family; `base` says what a rule is, `own` loads those
  of users.
- `checks`: everything that judges a snapshot, in one shape: packs, CloudFormation's rules, linters, rules, quotas, invariants, changes,
  acknowledgements.
- `run`: all checks once, and the verdict. `settings` is lakecheck.yaml, `findings` and `evidence` are what checks say, `synthesis` runs
  an app.
- `report`: says all of it, as text, JSON, JUnit, SARIF, Markdown, CSV, and in `page` as one HTML page.

`cli` and the modules called `..._command` are the commands; `progress` tells on stderr what goes on.
"""
