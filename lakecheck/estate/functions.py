"""The resource policies of functions, which CloudFormation makes of `AWS::Lambda::Permission`s one statement each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.estate.arns import ACCOUNT
from lakecheck.estate.sources import arn_of, joined, text
from lakecheck.iam.documents import PolicyKind

if TYPE_CHECKING:
    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.sources import Sources
    from lakecheck.iam.model import Policy

_CONDITIONS = {
    "SourceArn": ("ArnLike", "aws:SourceArn"),
    "SourceAccount": ("StringEquals", "aws:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
}


def invocation_policies(sources: Sources) -> dict[str, Policy]:
    """The policy of each function by its ARN.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    functions: dict[tuple[str, str], str] = {}
    for function in sources.of("AWS::Lambda::Function"):
        arn = arn_of(function, "lambda", f"function:{function.ref}")
        functions[function.account, function.ref] = functions[function.account, arn] = arn
    found: dict[str, list[Policy]] = {}
    for permission in sources.of("AWS::Lambda::Permission"):
        named = text(permission.properties.get("FunctionName"))
        arn = functions.get((permission.account, named)) or _arn(permission, named)
        document = {"Version": "2012-10-17", "Statement": [_statement(permission, arn)]}
        policy = sources.policy(document, name=str(permission.origin), origin=permission.origin, kind=PolicyKind.RESOURCE)
        found.setdefault(arn, []).append(policy)
    together = {arn: joined(policies) for arn, policies in found.items()}
    return {arn: policy for arn, policy in together.items() if policy is not None}


def _arn(permission: Resource, named: str) -> str:
    """The ARN of a function that is called by its name, or by account and name, with a version or without."""
    if named.startswith("arn:"):
        return ":".join(named.split(":")[:7])
    account, _, rest = named.partition(":function:")
    if not rest:
        account, rest = permission.account, named
    return f"arn:{permission.partition}:lambda:{permission.region}:{account}:function:{rest.partition(':')[0]}"


def _statement(permission: Resource, arn: str) -> dict[str, Any]:
    properties = permission.properties
    principal = properties.get("Principal")
    principal = str(principal) if isinstance(principal, int) else principal
    whom: Any = "*"
    if isinstance(principal, str) and principal != "*":
        is_service = "." in principal and not principal.startswith("arn:")
        whom = {"Service": principal} if is_service else {"AWS": _root(permission, principal)}
    elif not isinstance(principal, str):
        whom = {"AWS": principal}
    conditions: dict[str, dict[str, Any]] = {}
    for key, (operator, name) in _CONDITIONS.items():
        if key in properties:
            conditions.setdefault(operator, {})[name] = properties[key]
    statement = {"Effect": "Allow", "Principal": whom, "Action": properties.get("Action", "lambda:InvokeFunction"), "Resource": arn}
    return statement | ({"Condition": conditions} if conditions else {})


def _root(permission: Resource, principal: str) -> str:
    return f"arn:{permission.partition}:iam::{principal}:root" if ACCOUNT.match(principal) or principal == permission.account else principal
