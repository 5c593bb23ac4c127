"""IAM: the policies that AWS itself manages, which are in every account, and names of the roles of its services."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import SERVICE_NAME_CONVERSION, AWSManagedPolicy, IAMBackend


def install() -> None:
    """Lets accounts have AWS's own policies: moto brings them and leaves them out, so that attaching one fails.

    Each comes into an account when it is first asked for; all at once would cost every account much time. So a list of AWS's policies has
    only those that somebody asked for.
    """
    # The emulator makes other names of some services' roles than AWS does.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
    SERVICE_NAME_CONVERSION.update({"config": "Config", "ram": "ResourceAccessManager"})
    for operation in ("get_policy", "attach_role_policy", "attach_user_policy", "attach_group_policy"):
        setattr(IAMBackend, operation, _bringing(getattr(IAMBackend, operation)))


def _bringing(original: Any) -> Any:
    def operation(self: Any, policy_arn: str, *rest: Any, **named: Any) -> Any:
        prefix, _, path = policy_arn.partition(":policy/")
        known = _known().get(path.rpartition("/")[2])
        if prefix.endswith(":iam::aws") and known is not None and policy_arn not in self.managed_policies:
            policy = AWSManagedPolicy.from_data(path.rpartition("/")[2], self.account_id, self.region_name, known)
            if policy.arn == policy_arn:
                self.managed_policies[policy_arn] = policy
                self.aws_managed_policies.append(policy)
        return original(self, policy_arn, *rest, **named)

    return operation


@cache
def _known() -> dict[str, Any]:
    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies
