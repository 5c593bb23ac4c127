"""The Lambda functions behind our custom resources: one role, one policy, one encrypted log each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, aws_iam as iam, aws_lambda as lambda_, aws_logs as logs
from constructs import Construct

import constructs_lib.runtime
from constructs_lib.core.acknowledgements import acknowledge
from constructs_lib.core.trust import trusted_service
from constructs_lib.core.wildcards import acknowledge_wildcards

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_kms as kms

_CODE = Path(constructs_lib.runtime.__file__).parent.parent
_SHARED = "custom_resources"
_TIMEOUT = Duration.minutes(15)

_WITHOUT_VPC = "It calls the public endpoints of AWS's control plane only, and handles no data of the lake."
_WITHOUT_QUEUE = "CloudFormation itself waits for the answer: a request that fails shows as a failed deployment, not as a lost event."


def runtime_code(package: str) -> lambda_.Code:
    """The code of one package of `constructs_lib.runtime`, with what all handlers stand on.

    A handler in it is `runtime.<package>.<module>.handler`.

    Args:
        package: Name of the package, such as `lakeformation`.
    """
    kept = (f"!/runtime/{each}" for each in ("__init__.py", _SHARED, package))
    return lambda_.Code.from_asset(
        str(_CODE), exclude=["/*", "!/runtime", "/runtime/*", *kept, "__pycache__", "*.pyc"], ignore_mode=IgnoreMode.GIT
    )


class HandlerFunction(Construct):
    """A handler of `constructs_lib.runtime`, for CloudFormation to call directly on behalf of a custom resource.

    There is no provider framework in between: the handler answers CloudFormation itself. One invocation runs at a time in an account
    (reserved concurrency 1), so that there is one writer even when several stacks deploy at once; the others wait in Lambda's queue. A
    request that CloudFormation has given up on, and perhaps rolled back from, is dropped there: applied late, it would undo the rollback.

    Args:
        package: The package of `constructs_lib.runtime` that it is in.
        module: The handler's module in that package.
        statements: What its role may do, each with a `Sid`.
        wildcards: Why the wildcards of a statement are right, by its `Sid`.
        service_timeout: How long CloudFormation waits for an answer, as the custom resources state it.
        log_key: Encrypts the log; its policy has to let CloudWatch Logs use it.
        description: What it does, for the Lambda console.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        package: str,
        module: str,
        statements: Sequence[iam.PolicyStatement],
        wildcards: Mapping[str, str],
        service_timeout: Duration,
        log_key: kms.IKey,
        description: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_YEAR, encryption_key=log_key, removal_policy=RemovalPolicy.RETAIN
        )
        self.log_group.node.add_dependency(log_key)
        self.role = iam.Role(self, "Role", assumed_by=trusted_service(self, "lambda.amazonaws.com"), description=description)
        write_log = iam.PolicyStatement(
            sid="WriteLog", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[self.log_group.log_group_arn]
        )
        # A managed policy, and the function after it: an inline default policy would trip three packs, and may come later than the call.
        self.policy = iam.ManagedPolicy(self, "Policy", roles=[self.role], statements=[write_log, *statements])
        acknowledge_wildcards(self.policy, wildcards)
        self.function = lambda_.Function(
            self,
            "Resource",
            description=description,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"runtime.{package}.{module}.handler",
            code=runtime_code(package),
            role=self.role.without_policy_updates(),
            log_group=self.log_group,
            memory_size=256,
            timeout=_TIMEOUT,
            max_event_age=service_timeout,
            retry_attempts=2,
            reserved_concurrent_executions=1,
        )
        self.function.node.add_dependency(self.policy)
        for pack in ("NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"):
            acknowledge(self.function, f"{pack}::{pack}-LambdaInsideVPC", reason=_WITHOUT_VPC)
        for pack in ("NIST.800.53.R5", "HIPAA.Security"):
            acknowledge(self.function, f"{pack}::{pack}-LambdaDLQ", reason=_WITHOUT_QUEUE)
