.venv/bin/cdk bootstrap aws://444444444401/eu-west-1 --trust 333333333333 \
  --cloudformation-execution-policies arn:aws:iam::aws:policy/AdministratorAccess
.venv/bin/cdk bootstrap aws://444444444402/eu-west-1 --trust 333333333333 \
  --cloudformation-execution-policies arn:aws:iam::aws:policy/AdministratorAccess
