lakecheck access template.yaml --supplement estate.yaml --parameters AWS::AccountId=444444444421 --parameters AWS::Region=eu-west-1
lakecheck access check template.yaml --invariants access.yaml --supplement estate.yaml --parameters AWS::AccountId=444444444421 --parameters AWS::Region=eu-west-1
