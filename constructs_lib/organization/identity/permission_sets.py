"""Identity Center's permission sets for personas, and who has them in which account."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import Aws, CfnTag, Duration, Stack, Token, aws_iam as iam, aws_sso as sso
from constructs import Construct

from constructs_lib.core import misuse
from constructs_lib.query.permissions import Reach, metadata_arns
from lakemodel.limits import Quota, limit
from lakemodel.naming import pascal_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NAME = re.compile(r"[\w+=,.@-]{1,32}")
_INSTANCE = re.compile(r"(sso)?ins-[a-zA-Z0-9-.]{16}")
_GROUP = re.compile(r"([0-9a-f]{10}-)?[A-Fa-f0-9]{8}(-[A-Fa-f0-9]{4}){3}-[A-Fa-f0-9]{12}")
_RESULTS = re.compile(r"[a-z0-9][a-z0-9.-]{2,61}[a-z0-9.*-]")
_LONGEST_SESSION = 12 * 3600
_SHORTEST_SESSION = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkgroupAccess:
    """Where a persona's people query: an Athena workgroup of one account.

    Attributes:
        account: The account.
        region: Its Region.
        workgroup: The workgroup's name, such as `lake-data_analyst`; its results stand below a prefix of that name.
        results_bucket: The name of the results' bucket, or how it begins, with `*` at its end. CloudFormation names a bucket
            `<stack>-<logical id>-<random>` in lower case, so `dev-analyticsstorage-results*` says enough.
        key_alias: The alias of the key that encrypts the results, as `alias/...`: no other key can be used then, whatever bucket has a name
            that begins alike; any key of the account, for those buckets, when None.
        catalog_accounts: Other accounts whose catalogs are seen through resource links; none when left out.
    """

    account: str
    region: str
    workgroup: str
    results_bucket: str
    key_alias: str | None = None
    catalog_accounts: tuple[str, ...] = ()


class PersonaPermissionSet(Construct):
    """A permission set with which the people of a persona query in their workgroup, in exactly the accounts named here.

    Its stack is in the management account or Identity Center's delegated administrator, in the instance's Region. What the people see
    is decided by Lake Formation; the set opens no object but the results of their own queries.

    The rights are an inline policy. A customer managed policy has to be in an account before the set is assigned there, while the
    account's own stacks need the role that the assignment makes.

    See https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html

    Args:
        instance: Id of the Identity Center instance, such as `ssoins-1234567890abcdef`.
        name: Name of the set, at most 32 characters. The role in an account is `AWSReservedSSO_<name>_<random>`.
        access: Where its people query; the same workgroup name everywhere.
        session: How long a session lasts, from 1 to 12 hours; 4 hours when left out.
        description: What the set is for; the name of the workgroup in a sentence when left out.
        permissions_boundary: Bounds the roles: ARN of a managed policy of AWS's, or the name of a customer managed policy, which has to
            be in every account before the set is assigned there; no boundary when left out.
        tags: Tags of the set; none when left out.

    Attributes:
        resource: The permission set.
        permission_set_arn: Its ARN.
        policy: What its inline policy says.

    Raises:
        DataLakeError: `permission_set_name`, `identity_center_instance`, `session_length`, `workgroup_access`, `policy_too_long`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        instance: str,
        name: str,
        access: Sequence[WorkgroupAccess],
        session: Duration | None = None,
        description: str | None = None,
        permissions_boundary: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        session = Duration.hours(4) if session is None else session
        tags = {} if tags is None else tags
        self._check(name, session, access)
        workgroup = access[0].workgroup
        description = f"Queries in the Athena workgroup {workgroup}" if description is None else description
        self.instance_arn = instance_arn(self, instance)
        self.access = tuple(access)
        self.policy = iam.PolicyDocument(statements=self._reach(workgroup).statements())
        self._check_length()
        self.resource = sso.CfnPermissionSet(
            self,
            "Resource",
            instance_arn=self.instance_arn,
            name=name,
            description=description,
            session_duration=session.to_iso_string(),
            inline_policy=self.policy,
            permissions_boundary=_boundary(permissions_boundary),
            tags=[CfnTag(key=key, value=value) for key, value in sorted(tags.items())] or None,
        )
        self.permission_set_arn: str = self.resource.attr_permission_set_arn

    def assign(self, construct_id: str, *, group: str, accounts: Mapping[str, str]) -> list[sso.CfnAssignment]:
        """Gives the set to a group.

        Args:
            construct_id: Id below this construct, of the group; the accounts' names follow below it.
            group: The group's id in Identity Center.
            accounts: The accounts' ids, by names that stay.

        Raises:
            DataLakeError: `group_id`, `assigned_elsewhere`.
        """
        if not Token.is_unresolved(group) and not _GROUP.fullmatch(group):
            msg = f"got group {group!r}; allowed is its id as Identity Center shows it, such as 11111111-2222-3333-4444-555555555555"
            raise misuse(self, msg, code="group_id")
        if others := sorted(set(accounts.values()) - {each.account for each in self.access}):
            msg = (
                f"got accounts {', '.join(others)}, in which the set reaches no workgroup; add a WorkgroupAccess for each, or leave it out"
            )
            raise misuse(self, msg, code="assigned_elsewhere")
        below = Construct(self, construct_id)
        return [
            sso.CfnAssignment(
                below,
                pascal_case(name),
                instance_arn=self.instance_arn,
                permission_set_arn=self.permission_set_arn,
                principal_type="GROUP",
                principal_id=group,
                target_type="AWS_ACCOUNT",
                target_id=account,
            )
            for name, account in accounts.items()
        ]

    def _check(self, name: str, session: Duration, access: Sequence[WorkgroupAccess]) -> None:
        if not Token.is_unresolved(name) and not _NAME.fullmatch(name):
            msg = f"got permission set {name!r}; allowed are 1 to 32 letters, digits and +=,.@-_"
            raise misuse(self, msg, code="permission_set_name")
        if not _SHORTEST_SESSION <= session.to_seconds() <= _LONGEST_SESSION:
            msg = f"got sessions of {session.to_iso_string()}; Identity Center allows from 1 to 12 hours"
            raise misuse(self, msg, code="session_length")
        names = sorted({each.workgroup for each in access})
        if len(names) != 1 or "*" in names[0]:
            msg = f"got workgroups {', '.join(names) or 'none'}; allowed is one name, in every account: make a permission set for each"
            raise misuse(self, msg, code="workgroup_access")
        for each in access:
            if not Token.is_unresolved(each.results_bucket) and not _RESULTS.fullmatch(each.results_bucket):
                msg = f"got results bucket {each.results_bucket!r}; allowed is a bucket's name, or how it begins and a * at its end"
                raise misuse(self, msg, code="workgroup_access")

    def _reach(self, workgroup: str) -> Reach:
        stack, access = Stack.of(self), self.access
        accounts = sorted({each.account for each in access})
        buckets = _distinct(f"arn:{Aws.PARTITION}:s3:::{each.results_bucket}" for each in access)
        # What S3 encrypts for: the bucket where it has a bucket key, the object where it has none.
        contexts = _distinct(each for bucket in buckets for each in (bucket, f"{bucket}/{workgroup}/*"))

        def named(service: str, resource: str, name: str) -> list[str]:
            return _distinct(
                stack.format_arn(service=service, region=each.region, account=each.account, resource=resource, resource_name=name)
                for each in access
            )

        return Reach(
            workgroups=named("athena", "workgroup", workgroup),
            data_catalogs=named("athena", "datacatalog", "AwsDataCatalog"),
            metadata=_distinct(
                arn for each in access for arn in metadata_arns(stack, sorted({each.account, *each.catalog_accounts}), region=each.region)
            ),
            buckets=buckets,
            prefix=f"{workgroup}/",
            keys=named("kms", "key", "*"),
            endpoints=_distinct(f"s3.{each.region}.{Aws.URL_SUFFIX}" for each in access),
            bucket_conditions={"StringEquals": {"aws:ResourceAccount": accounts}},
            key_conditions={"StringLike": {"kms:EncryptionContext:aws:s3:arn": contexts}, **_aliases(access)},
        )

    def _check_length(self) -> None:
        longest = limit(Quota.PERMISSION_SET_INLINE_POLICY_CHARACTERS)
        length = len(_minified(Stack.of(self).resolve(self.policy.to_json())))
        if length > longest.value:
            msg = f"got an inline policy of {length:,} characters; {longest}: name fewer accounts, or make a set for each environment"
            raise misuse(self, msg, code="policy_too_long")


def instance_arn(scope: Construct, instance: str) -> str:
    """The ARN of an Identity Center instance.

    Args:
        scope: Whose error it is.
        instance: Its id, such as `ssoins-1234567890abcdef`.

    Raises:
        DataLakeError: `identity_center_instance`.
    """
    if not Token.is_unresolved(instance) and not _INSTANCE.fullmatch(instance):
        msg = f"got Identity Center instance {instance!r}; allowed is an id such as ssoins-1234567890abcdef"
        raise misuse(scope, msg, code="identity_center_instance")
    return f"arn:{Aws.PARTITION}:sso:::instance/{instance}"


def _boundary(policy: str | None) -> sso.CfnPermissionSet.PermissionsBoundaryProperty | None:
    if policy is None:
        return None
    if Token.is_unresolved(policy) or policy.startswith("arn:"):
        return sso.CfnPermissionSet.PermissionsBoundaryProperty(managed_policy_arn=policy)
    reference = sso.CfnPermissionSet.CustomerManagedPolicyReferenceProperty(name=policy, path="/")
    return sso.CfnPermissionSet.PermissionsBoundaryProperty(customer_managed_policy_reference=reference)


def _aliases(access: Sequence[WorkgroupAccess]) -> dict[str, Any]:
    """The keys by their aliases, where every account has one.

    See https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases
    """
    aliases = _distinct(each.key_alias for each in access if each.key_alias is not None)
    if not all(each.key_alias is not None for each in access):
        return {}
    return {"ForAnyValue:StringEquals": {"kms:ResourceAliases": aliases[0] if len(aliases) == 1 else aliases}}


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _minified(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))
