"""A stack that has nothing yet still deploys: CloudFormation takes no template without a resource."""

from __future__ import annotations

from aws_cdk import CfnWaitConditionHandle
from constructs import Construct


class Placeholder(Construct):
    """A resource that does nothing and costs nothing, for a stack whose contents the configuration has not named yet.

    The alternative, leaving the stack out, would also leave it out when its contents are taken away: `cdk deploy` does not delete
    what the app no longer has, and a removed persona would keep its role.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-waitconditionhandle.html

    Example:
        >>> from aws_cdk import App, Stack
        >>> Placeholder(Stack(App(), "Empty"), "Nothing").node.path
        'Empty/Nothing'
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        CfnWaitConditionHandle(self, "Resource")
