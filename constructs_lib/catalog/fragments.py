"""Resources written as CloudFormation JSON and included at once: thousands of them cost a few calls into Node, and all are typed L1s."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import RemovalPolicy, cloudformation_include

from constructs_lib.core import misuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import CfnResource
    from constructs import Construct

_POLICIES: Final = {
    RemovalPolicy.RETAIN: {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"},
    RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE: {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"},
    RemovalPolicy.DESTROY: {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"},
}


class Fragment:
    """Part of a template, collected and then included as typed L1s.

    A typed L1 made from Python takes several calls into Node, so that their number grows with that of the tables. A raw `CfnResource` or a
    nested template would be as fast as this, or faster, and unseen by every compliance rule.
    """

    def __init__(self) -> None:
        self._resources: dict[str, dict[str, Any]] = {}
        self._included: cloudformation_include.CfnInclude | None = None

    def add(
        self,
        logical_id: str,
        resource_type: str,
        properties: dict[str, Any],
        *,
        depends_on: Sequence[str] = (),
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Adds a resource.

        Args:
            logical_id: Its id in the template, kept as it is.
            resource_type: Such as `AWS::Glue::Table`.
            properties: In CloudFormation's spelling. Texts may hold CDK's tokens.
            depends_on: Logical ids of resources of this fragment.
            removal_policy: What becomes of it with its stack; CloudFormation's default when left out.
        """
        resource: dict[str, Any] = {"Type": resource_type, "Properties": properties}
        if depends_on:
            resource["DependsOn"] = list(depends_on)
        if removal_policy is not None:
            resource |= _POLICIES[removal_policy]
        self._resources[logical_id] = resource

    def include(self, scope: Construct, construct_id: str) -> cloudformation_include.CfnInclude:
        """Makes the resources, below a construct of that id.

        CDK reads them from a file while it makes the construct, so the file is gone afterwards.
        """
        with tempfile.TemporaryDirectory(prefix="fragment-") as folder:
            file = Path(folder) / "fragment.json"
            file.write_text(json.dumps({"Resources": self._resources}, separators=(",", ":")), encoding="utf-8")
            self._included = cloudformation_include.CfnInclude(scope, construct_id, template_file=str(file))
        self._resources = {}
        return self._included

    def resource(self, logical_id: str) -> CfnResource:
        """The typed L1 of a resource, once the fragment is included."""
        if self._included is None:
            msg = f"{logical_id} is not included yet"
            raise LookupError(msg)
        return self._included.get_resource(logical_id)


def check_removal_policy(scope: Construct, policy: RemovalPolicy) -> RemovalPolicy:
    """Refuses a policy that a catalog table cannot have.

    Raises:
        DataLakeError: `removal_policy`, for a snapshot: a table has none.
    """
    if policy not in _POLICIES:
        msg = f"got removal policy {policy.name}; allowed for a table are {', '.join(sorted(one.name for one in _POLICIES))}"
        raise misuse(scope, msg, code="removal_policy")
    return policy
