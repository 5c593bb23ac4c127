.venv/bin/cdk bootstrap aws://444444444401/eu-west-1 --trust 555555555555 \
  --cloudformation-execution-policies arn:aws:iam::aws:policy/AdministratorAccess
.venv/bin/cdk bootstrap aws://444444444402/eu-west-1 --trust 555555555555 \
  --cloudformation-execution-policies arn:aws:iam::aws:policy/AdministratorAccess
