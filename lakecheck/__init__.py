"""What judges a cloud assembly before it is deployed, from any CDK app: it imports no CDK and nothing of `constructs_lib`.

Where is what, in the order in which data flows; a package imports from none that comes after it:

- `values`, `formula`: what is not known in a template, and what a verdict still depends on.
- `assembly`: reads assemblies and templates, and resolves their resources as far as they tell.
- `iam`: reads policies, decides one request, compares policies; it knows no template.
- `estate`: makes accounts, principals, data and rights of the resources, with what `estate.yaml` states beside them.
- `access`: asks both who can do what. In it `questions` asks IAM about the estate, `lake_formation` and `doors` find everybody's accesses,
  `closure` and `composition` whom somebody can become, `matrix` puts all of it together, `difference` compares two, `invariants` judges.
- `checks`: judges an assembly without asking about access: CloudFormation's rules, compliance, quotas, acknowledgements.
- `report`: says all of it, as text, JSON, Markdown and HTML.

`cli` and the modules called `..._command` are the commands.
"""
