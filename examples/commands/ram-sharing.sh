aws ram enable-sharing-with-aws-organization
