"""The constructs: guardrails as policies of the organisation, attached to its root, units or accounts."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Aws, Token, aws_organizations as organizations
from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.organization.guardrails.identities import exempt_roles_kept
from constructs_lib.organization.guardrails.model import Exemptions
from constructs_lib.organization.guardrails.packing import ANY_PARTITION, document, pack
from constructs_lib.organization.guardrails.tags import BLOCKED_BUCKETS, CLOSED_INSTANCES, tag_document
from lakemodel.limits import Quota, limit
from lakemodel.naming import physical_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_lib.organization.guardrails.model import Guardrail, ResourceGuardrail
    from constructs_lib.organization.guardrails.tags import TagRule

_ATTACHED: Final = "governed-lake:organization-policies"
_SCP: Final = "SERVICE_CONTROL_POLICY"
_RCP: Final = "RESOURCE_CONTROL_POLICY"
_PER_TARGET: Final = {_SCP: Quota.SERVICE_CONTROL_POLICIES, _RCP: Quota.RESOURCE_CONTROL_POLICIES}
_ALWAYS_THERE: Final = {_SCP: 1, _RCP: 1}
"""FullAWSAccess and RCPFullAWSAccess, which AWS attaches everywhere; without the first nothing is allowed."""


class ServicePolicies(Construct):
    """Service control policies: what nobody in the accounts may do, but who is exempt.

    They limit roles, users and root users of member accounts. They never limit the management account, service-linked roles, services and
    principals of other organisations. Put nothing into the management account, and see `ResourcePolicies` for the others.

    Guardrails are merged and parted among as few policies as their size allows, in the order given: one that is added at the end moves no
    other. Whenever one of them exempts somebody, `keep_exempt_roles` is added, before all others: nobody becomes exempt by making or
    changing a role of that name.

    Args:
        guardrails: What is denied, from the ready sets or of your own.
        targets: Ids of the root, units or accounts to attach them to.
        exemptions: Who is exempt: `Exemptions()` when left out.
        name: What the policies are called in the console, unique in the organisation; the construct's path when left out.
        description: What they are for; the guardrails in them when left out.

    Raises:
        DataLakeError: `guardrails_missing`, `policy_target_missing`; `guardrail_too_large`, `guardrail_twice`, see `packing.pack`;
            `too_many_policies`, when a target would get more than it can have.

    Attributes:
        documents: The policies, as data.
        policies: The policies.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        guardrails: Sequence[Guardrail],
        targets: Sequence[str],
        exemptions: Exemptions | None = None,
        name: str | None = None,
        description: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        exemptions = Exemptions() if exemptions is None else exemptions
        self.exemptions = exemptions
        self.documents = _documents(
            self,
            [each.statement(exemptions) for each in exempt_roles_kept(guardrails, exemptions)],
            quota=Quota.SERVICE_CONTROL_POLICY_CHARACTERS,
        )
        self.policies = _policies(self, _SCP, self.documents, targets=targets, name=name, description=description)


class ResourcePolicies(Construct):
    """Resource control policies: what nobody may do to the accounts' resources, from wherever they come.

    They protect the resources of member accounts, never those of the management account, and limit everybody but service-linked roles;
    for the services that support them only.

    Args:
        guardrails: What is denied, from the ready sets or of your own.
        targets: Ids of the root, units or accounts to attach them to.
        name: What the policies are called in the console, unique in the organisation; the construct's path when left out.
        description: What they are for; the guardrails in them when left out.

    Raises:
        DataLakeError: As `ServicePolicies`.

    Attributes:
        documents: The policies, as data.
        policies: The policies.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        guardrails: Sequence[ResourceGuardrail],
        targets: Sequence[str],
        name: str | None = None,
        description: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.documents = _documents(self, [each.statement() for each in guardrails], quota=Quota.RESOURCE_CONTROL_POLICY_CHARACTERS)
        self.policies = _policies(self, _RCP, self.documents, targets=targets, name=name, description=description)


class TagPolicy(Construct):
    """How tags are written in the accounts: keys in one spelling, values from a list.

    Args:
        rules: One for each tag.
        targets: Ids of the root, units or accounts to attach it to.
        name: What it is called in the console, unique in the organisation; the construct's path when left out.
        description: What it is for; the tags in it when left out.

    Raises:
        DataLakeError: `tag_rule_twice`; `guardrails_missing`, `policy_target_missing`, `policy_too_large`, `too_many_policies`.

    Attributes:
        document: The policy, as data.
        policy: The policy.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        rules: Sequence[TagRule],
        targets: Sequence[str],
        name: str | None = None,
        description: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if not rules:
            raise misuse(self, "got no rule; a policy needs at least one", code="guardrails_missing")
        self.document = tag_document(rules)
        description = f"Tags: {', '.join(each.key for each in rules)}" if description is None else description
        self.policy = _management_policy(
            self, "Resource", "TAG_POLICY", self.document, targets=targets, name=_name(self, name), description=description
        )


class AccountDefaults(Construct):
    """What services hold in every account by themselves, whatever anybody does there: S3 blocks public access, EC2 shares nothing publicly.

    These are declarative policies: no call is denied, the service keeps the setting. Deployments and the break-glass role are no exception.
    The policy types `S3_POLICY` and `DECLARATIVE_POLICY_EC2` have to be enabled.

    Args:
        targets: Ids of the root, units or accounts to attach them to.
        block_public_buckets: Whether S3 blocks public access to all buckets; yes when left out.
        close_instances: Whether EC2 blocks public images and snapshots and the serial console, and asks for tokens of new instances'
            metadata service; yes when left out.
        name: What they are called in the console, unique in the organisation; the construct's path when left out.

    Raises:
        DataLakeError: `guardrails_missing`, when both are off; `policy_target_missing`, `too_many_policies`.

    Attributes:
        buckets: The policy on S3; None without one.
        instances: The policy on EC2; None without one.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        targets: Sequence[str],
        block_public_buckets: bool = True,
        close_instances: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if not (block_public_buckets or close_instances):
            raise misuse(self, "got neither buckets nor instances; leave the construct out", code="guardrails_missing")
        name = _name(self, name)
        self.buckets: organizations.CfnPolicy | None = None
        self.instances: organizations.CfnPolicy | None = None
        if block_public_buckets:
            self.buckets = _management_policy(
                self, "Buckets", "S3_POLICY", BLOCKED_BUCKETS, targets=targets, name=f"{name}-s3", description="S3 blocks public access"
            )
        if close_instances:
            self.instances = _management_policy(
                self,
                "Instances",
                "DECLARATIVE_POLICY_EC2",
                CLOSED_INSTANCES,
                targets=targets,
                name=f"{name}-ec2",
                description="EC2 shares nothing publicly and answers metadata requests with tokens only",
            )


def _documents(scope: Construct, statements: list[dict[str, Any]], *, quota: Quota) -> list[dict[str, Any]]:
    if not statements:
        raise misuse(scope, "got no guardrail; a policy needs at least one", code="guardrails_missing")
    if Token.is_unresolved(json.dumps(statements)):
        msg = "got a guardrail with a value that is known at deployment only; its size could not be counted: pass plain texts"
        raise misuse(scope, msg, code="guardrail_not_plain")
    bound = limit(quota)
    return [document(each) for each in pack(statements, max_characters=bound.value, of=bound.of)]


def _policies(
    scope: Construct, kind: str, documents: list[dict[str, Any]], *, targets: Sequence[str], name: str | None, description: str | None
) -> list[organizations.CfnPolicy]:
    _attach(scope, kind, targets, len(documents))
    base = _name(scope, name)
    policies = []
    for number, content in enumerate(documents, 1):
        sids = f"Guardrails: {', '.join(each['Sid'] for each in content['Statement'])}"
        policies.append(
            _policy(
                scope,
                _numbered("Resource", number),
                kind,
                content,
                targets=targets,
                name=base if number == 1 else f"{base}-{number}",
                description=sids if description is None else description,
            )
        )
    # One at a time, as Organizations asks for, the last first: when guardrails are added, what has moved on is there before it goes.
    for earlier, later in pairwise(policies):
        earlier.node.add_dependency(later)
    return policies


def _numbered(construct_id: str, number: int) -> str:
    """The first has the plain id."""
    return construct_id if number == 1 else f"{construct_id}{number}"


def _management_policy(
    scope: Construct, construct_id: str, kind: str, content: dict[str, Any], *, targets: Sequence[str], name: str, description: str
) -> organizations.CfnPolicy:
    bound = limit(Quota.MANAGEMENT_POLICY_CHARACTERS)
    size = len(json.dumps(content, separators=(",", ":")))
    if size > bound.value:
        msg = f"the policy has {size:,} characters; {bound}: part its rules among several"
        raise misuse(scope, msg, code="policy_too_large")
    _attach(scope, kind, targets, 1)
    return _policy(scope, construct_id, kind, content, targets=targets, name=name, description=description)


def _policy(
    scope: Construct, construct_id: str, kind: str, content: dict[str, Any], *, targets: Sequence[str], name: str, description: str
) -> organizations.CfnPolicy:
    return organizations.CfnPolicy(
        scope,
        construct_id,
        name=name,
        type=kind,
        content=_in_partition(content),
        description=description[: limit(Quota.ORGANIZATION_POLICY_DESCRIPTION_CHARACTERS).value],
        target_ids=list(dict.fromkeys(targets)),
    )


def _in_partition(value: Any) -> Any:
    """ARNs with the partition of the deployment: a `*` in its place would match across the parts of an ARN."""
    match value:
        case str():
            return value.replace(ANY_PARTITION, f"arn:{Aws.PARTITION}:")
        case list():
            return [_in_partition(each) for each in value]
        case dict():
            return {key: _in_partition(each) for key, each in value.items()}
        case _:
            return value


def _name(scope: Construct, name: str | None) -> str:
    """The name, or one made of the path, with room for a number."""
    if name is not None:
        return name
    room = limit(Quota.ORGANIZATION_POLICY_NAME_CHARACTERS).value - len("-ec2")
    return physical_name(*scope.node.path.split("/"), max_length=room)


def _attach(scope: Construct, kind: str, targets: Sequence[str], count: int) -> None:
    """Notes at the root of the tree what each target gets, and refuses more than it can have."""
    if not targets:
        raise misuse(
            scope,
            "got no target; a policy that is attached nowhere does nothing: name the root, units or accounts",
            code="policy_target_missing",
        )
    bound = limit(_PER_TARGET.get(kind, Quota.MANAGEMENT_POLICIES))
    root = scope.node.root.node
    attached: Counter[str] = Counter()
    for entry in root.metadata:
        if entry.type == _ATTACHED and entry.data["kind"] == kind:
            attached[entry.data["target"]] += int(entry.data["count"])
    for target in dict.fromkeys(targets):
        total = attached[target] + count + _ALWAYS_THERE.get(kind, 0)
        if total > bound.value:
            msg = f"{target} would have {total} policies of kind {kind}; {bound}: attach some to a unit above it, or drop guardrails"
            raise misuse(scope, msg, code="too_many_policies")
        root.add_metadata(_ATTACHED, {"kind": kind, "target": target, "count": count})
