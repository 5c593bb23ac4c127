"""IAM evaluation as AWS documents it: one request against every layer of policies, concretely or with what is not known left open.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""
