"""CloudTrail records in the shapes that AWS publishes, for filters and for questions."""

from __future__ import annotations

from typing import Any

LAKE, CONSUMER, OUTSIDE = "444444444401", "444444444402", "999999999999"


def role(account: str, name: str, session: str, *, unique: str = "AROAEXAMPLE") -> dict[str, Any]:
    """The identity of a role's session."""
    return {
        "type": "AssumedRole",
        "principalId": f"{unique}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        "accountId": account,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": unique,
                "arn": f"arn:aws:iam::{account}:role/{name}",
                "accountId": account,
                "userName": name,
            },
            "attributes": {"creationDate": "2026-11-18T09:00:00Z", "mfaAuthenticated": "false"},
        },
    }


def event(service: str, name: str, identity: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One record; `more` in CloudTrail's own names."""
    record = {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": "2026-11-18T10:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-cli/2.32.0",
        "requestParameters": None,
        "responseElements": None,
        "requestID": "11111111-2222-3333-4444-555555555555",
        "eventID": f"{service}-{name}-{len(str(more))}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": identity.get("accountId", LAKE),
        "eventCategory": "Management",
    }
    return {**record, **more}


def root(account: str = LAKE) -> dict[str, Any]:
    """The root user, signed in."""
    return {"type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root", "accountId": account, "accessKeyId": ""}


def user(name: str, account: str = LAKE) -> dict[str, Any]:
    """An IAM user."""
    arn = f"arn:aws:iam::{account}:user/{name}"
    return {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": arn, "accountId": account, "userName": name}
