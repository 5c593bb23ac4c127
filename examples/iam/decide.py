"""Asks whether a role may read an object, and what that depends on."""

# --8<-- [start:decide]
from lakecheck.iam import decide

reader = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/${aws:PrincipalTag/team}/*"},
}
bucket = {
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "OnlyFromTheNetwork",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::lake/*",
        "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
    },
}
request = {
    "principal": "arn:aws:iam::111122223333:role/Reader",
    "action": "s3:GetObject",
    "resource": "arn:aws:s3:::lake/sales/orders.parquet",
    "identity": [reader],
    "resource_policy": bucket,
    "principal_tags": {"team": "sales"},
}

decision = decide(**request, context={"aws:SourceVpce": "vpce-1a2b3c4d"})
print(decision.word, [matched.policy.name for matched in decision.allows])

decision = decide(**request)
print(decision.word, [matched.statement.sid for matched in decision.denies])

decision = decide(**request, complete=False)
print(decision.word, decision.allowed)
# --8<-- [end:decide]
