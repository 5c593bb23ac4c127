python -m pytest -p lakecheck.rehearsal.pytest_plugin --rehearsal-assembly cdk.out --rehearsal-environment Dev examples/rehearsal
