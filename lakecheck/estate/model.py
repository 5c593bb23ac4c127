"""The typed estate; `estate.build` makes it from resolved resources and a supplement. Nothing here decides anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.assembly.resources import Origin
    from lakecheck.iam.model import Policy

IAM_ALLOWED_PRINCIPALS = "IAM_ALLOWED_PRINCIPALS"
"""Lake Formation's group of all whom IAM allows."""

EVERY_PERMISSION = frozenset({"ALL", "SUPER", "SUPER_USER"})
"""What Lake Formation calls all permissions on something at once; the last one is on catalogs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One account.

    Attributes:
        id: Twelve digits, or a hole for an assembly without environment.
        environments: The Stages with stacks in it, in order; empty for an account that is only named.
        organization: Id of its organisation; None when it is not known.
        organization_paths: Values of `aws:PrincipalOrgPaths` for its principals; None when they are not known.
        is_management: Whether it manages the organisation, so that no SCP or RCP applies; None when it is not known.
        scps: Level by level from the root to the account; None when none are known to apply.
        rcps: Those that apply to its resources.
    """

    id: str
    environments: tuple[str, ...] = ()
    organization: str | None = None
    organization_paths: tuple[str, ...] | None = None
    is_management: bool | None = None
    scps: tuple[tuple[Policy, ...], ...] | None = None
    rcps: tuple[Policy, ...] = ()


class PrincipalKind(StrEnum):
    """Kinds of principals."""

    ROLE = "role"
    USER = "user"
    PERMISSION_SET = "permission_set"
    """Identity Center's role of a permission set, whose ARN is a pattern: its suffix is known after deployment only."""
    SERVICE_LINKED_ROLE = "service_linked_role"
    ACCOUNT = "account"
    """A whole account that is not part of the estate, by its root ARN: everybody whom its own administrators let."""
    ORGANIZATION = "organization"
    """An organisation or one of its units, by ARN, as Lake Formation shares to them."""
    SERVICE = "service"
    FEDERATED = "federated"
    """A SAML or OIDC provider, or a QuickSight or Identity Center user or group, by ARN."""
    ANYONE = "anyone"
    """`*`: everybody, without credentials too."""


IAM_IDENTITIES = frozenset({PrincipalKind.ROLE, PrincipalKind.USER, PrincipalKind.PERMISSION_SET, PrincipalKind.SERVICE_LINKED_ROLE})
"""Those that have policies of their own in an account."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Principal:
    """Somebody who can ask for data.

    Attributes:
        arn: Its ARN (a permission set's is a pattern); `*` for anyone, a service's name for a service.
        kind: What it is.
        account: Its account; empty for services and anyone.
        name: What a reader calls it: `role/PiiReader`, `permission-set/DataAnalyst`.
        policies: Its own policies, inline, attached, and those of its groups.
        boundary: Its permissions boundary.
        trust: Who may become it; None for what nobody assumes and for principals that are only named.
        tags: Its tags; None when they are not known.
        unknown: Why it may have more policies than are seen, such as that no template defines it.
        origin: Where it stands; None for one that is only named somewhere.
        named_in: For one that is only named: where, for people.
    """

    arn: str
    kind: PrincipalKind
    account: str
    name: str
    policies: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    trust: Policy | None = None
    tags: Mapping[str, str] | None = None
    unknown: tuple[str, ...] = ()
    origin: Origin | None = None
    named_in: tuple[str, ...] = ()


# --- storage ---------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Bucket:
    """An S3 bucket.

    Attributes:
        arn: `arn:aws:s3:::name`, perhaps with a hole.
        name: Its name, perhaps with a hole.
        account: Its owner.
        region: Where it is.
        policy: Its bucket policy (several policy resources on one bucket are joined).
        unknown_policy: Why the policy is not known, for a bucket that no template defines.
        encryption: `SSE_KMS`, `SSE_S3` or empty when not known.
        key: ARN of the default key; empty for AWS's own keys.
        bucket_key: Whether S3 bucket keys are on, so that KMS is asked about the bucket and not about each object; None when not known.
        public_access_blocked: Whether the bucket blocks public policies and restricts public buckets; None when not known.
        acl_enabled: Whether ACLs count (ObjectOwnership other than BucketOwnerEnforced); None when not known.
        acl: The canned ACL (`PublicRead`, ...) that a template gives it; empty without one.
        versioned: Whether it keeps versions.
        object_lock: Whether Object Lock is on.
        replicates_to: For each rule: the destination bucket's ARN and the prefix that is copied.
        tags: Its tags.
        origin: Where it stands; None when it is only named.
    """

    arn: str
    name: str
    account: str
    region: str
    policy: Policy | None = None
    unknown_policy: str = ""
    encryption: str = ""
    key: str = ""
    bucket_key: bool | None = None
    public_access_blocked: bool | None = None
    acl_enabled: bool | None = None
    acl: str = ""
    versioned: bool = False
    object_lock: bool = False
    replicates_to: tuple[tuple[str, str], ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    origin: Origin | None = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AccessPoint:
    """An S3 access point: another door to a bucket, with a policy of its own.

    Attributes:
        arn: Its ARN; objects are `<arn>/object/<key>`.
        account: Its owner.
        bucket: ARN of the bucket.
        bucket_account: The bucket's owner, where the access point names it.
        policy: Its policy.
        vpc: The only VPC it can be used from; empty for the internet.
        origin: Where it stands.
    """

    arn: str
    account: str
    bucket: str
    bucket_account: str = ""
    policy: Policy | None = None
    vpc: str = ""
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AccessGrant:
    """An S3 Access Grant: whoever it names gets S3 credentials of the location's role, scoped to the grant.

    Attributes:
        account: The account of the instance.
        scope: `s3://bucket/prefix*`, location and sub-prefix joined.
        permission: `READ`, `WRITE` or `READWRITE`.
        grantee: ARN of an IAM principal, or the directory user's or group's id.
        grantee_kind: `IAM`, `DIRECTORY_USER` or `DIRECTORY_GROUP`.
        role: ARN of the location's role.
        origin: Where it stands.
    """

    account: str
    scope: str
    permission: str
    grantee: str
    grantee_kind: str
    role: str
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AccessGrantsLocation:
    """A location of S3 Access Grants, on which grants may be made.

    Attributes:
        account: The account of the instance.
        scope: `s3://bucket/prefix*`; `s3://` for every bucket.
        role: ARN of the role that reads and writes it.
        origin: Where it stands.
    """

    account: str
    scope: str
    role: str
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Key:
    """A KMS key.

    Attributes:
        arn: Its ARN, perhaps with a hole.
        account: Its owner.
        policy: Its key policy (AWS's default, which delegates everything to IAM, where the template has none).
        aliases: `alias/name` of each.
        origin: Where it stands; None for a key that is only named, whose policy is then not known.
        unknown_policy: Why the policy is not known.
    """

    arn: str
    account: str
    policy: Policy | None = None
    aliases: tuple[str, ...] = ()
    origin: Origin | None = None
    unknown_policy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyGrant:
    """A KMS grant, which only a supplement can tell: operations that a grantee has beside all policies."""

    key: str
    grantee: str
    operations: frozenset[str]
    origin: Origin


# --- catalog ---------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Database:
    """A Glue database or a link to one.

    Attributes:
        account: The catalog it is in.
        region: The catalog's Region.
        name: Its name, lower case.
        location: `s3://` URI of its default location; empty without one.
        target: `(account, database)` that it links to; None for a database of its own. A region other than its own is in `target_region`.
        target_region: The target's Region; its own where not stated.
        table_defaults: What `CreateTableDefaultPermissions` gives to new tables: True when `IAM_ALLOWED_PRINCIPALS` gets something, False
            when it gets nothing, None when the settings decide.
        origin: Where it stands.
    """

    account: str
    region: str
    name: str
    location: str = ""
    target: tuple[str, str] | None = None
    target_region: str = ""
    table_defaults: bool | None = None
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Table:
    """A Glue table or a link to one.

    Attributes:
        account: The catalog it is in.
        region: The catalog's Region.
        database: Its database's name.
        name: Its name, lower case.
        columns: Top-level columns in order, partition columns last; empty for a link.
        location: `s3://bucket/prefix/`, perhaps with holes; empty without one.
        target: `(account, database, table)` that it links to; None for a table of its own.
        target_region: The target's Region; its own where not stated.
        parameters: Its table parameters, those of an Iceberg table's properties too.
        unknown: Why its columns are not all known.
        origin: Where it stands.
    """

    account: str
    region: str
    database: str
    name: str
    columns: tuple[str, ...] = ()
    location: str = ""
    target: tuple[str, str, str] | None = None
    target_region: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Catalog:
    """What one account's catalog in one Region is set to.

    Attributes:
        account: The account.
        region: The Region.
        policy: The Glue resource policy, as far as templates tell.
        key: ARN of the key that encrypts its metadata.
        key_role: ARN of the role that uses that key, so that readers of metadata need not; empty without one.
        settings_known: Whether a template states Lake Formation's settings at all.
        admins: Patterns of principals that administer the lake.
        read_only_admins: Patterns of principals that see all metadata.
        database_defaults: As `Database.table_defaults`, for new databases.
        table_defaults: As `Database.table_defaults`, for tables in databases that do not say.
        external_filtering: Whether engines outside may filter by themselves (`AllowExternalDataFiltering`).
        full_table_access: Whether engines outside get whole tables (`AllowFullTableExternalDataAccess`).
        cross_account_version: Of shares; empty when not stated.
        keeps_other_admins: Whether administrators beyond the listed ones may exist.
        origin: Where the settings stand; None when no template has any.
    """

    account: str
    region: str
    policy: Policy | None = None
    key: str = ""
    key_role: str = ""
    settings_known: bool = False
    admins: tuple[str, ...] = ()
    read_only_admins: tuple[str, ...] = ()
    database_defaults: bool | None = None
    table_defaults: bool | None = None
    external_filtering: bool = False
    full_table_access: bool = False
    cross_account_version: str = ""
    keeps_other_admins: bool = True
    origin: Origin | None = None


# --- Lake Formation --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DataLocation:
    """A registered location.

    Attributes:
        account: The account that registered it.
        region: The Region.
        arn: `arn:aws:s3:::bucket/prefix` without a slash at the end.
        role: ARN of the role that reads it; empty for the service-linked role.
        hybrid: Whether principals that have not opted in keep the IAM door.
        federated: Whether it is a federated location.
        origin: Where it stands.
    """

    account: str
    region: str
    arn: str
    role: str = ""
    hybrid: bool = False
    federated: bool = False
    origin: Origin


class ResourceType(StrEnum):
    """What a Lake Formation right is on."""

    CATALOG = "catalog"
    DATABASE = "database"
    TABLE = "table"
    """Also all tables of a database, `name` being `*`."""
    COLUMNS = "columns"
    CELLS_FILTER = "cells_filter"
    DATABASE_EXPRESSION = "database_expression"
    TABLE_EXPRESSION = "table_expression"
    LOCATION = "location"
    LF_TAG = "lf_tag"


@dataclass(frozen=True, kw_only=True, slots=True)
class GovernedResource:
    """What a grant, a tag association or an opt-in is on.

    Attributes:
        type: Kind.
        catalog: The account whose catalog it is in.
        region: The Region.
        database: The database's name.
        table: The table's name; `*` for all tables of the database.
        columns: The included columns; None for all but `excluded`.
        excluded: The excluded columns.
        filter: The data cells filter's name.
        expression: Of an expression: by tag key the values, any one of which fits; all keys must fit. `*` stands for every value.
            Empty for a saved expression that no template has: it may be any.
        arn: Of a location.
    """

    type: ResourceType
    catalog: str
    region: str = ""
    database: str = ""
    table: str = ""
    columns: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()
    filter: str = ""
    expression: tuple[tuple[str, tuple[str, ...]], ...] = ()
    arn: str = ""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Grant:
    """A Lake Formation grant.

    Attributes:
        account: The account in which it is made (the template's).
        region: The Region.
        principal: ARN, account id, organisation ARN, `IAM_ALLOWED_PRINCIPALS`, `<account>:IAMPrincipals`, or the pattern of a permission
            set's role.
        resource: On what.
        permissions: `SELECT`, `DESCRIBE`, `ALL`, ... in upper case.
        grantable: Those that may be passed on.
        condition: Expression of an attribute-based grant; empty without one.
        origin: Where it stands.
    """

    account: str
    region: str
    principal: str
    resource: GovernedResource
    permissions: frozenset[str]
    grantable: frozenset[str] = frozenset()
    condition: str = ""
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TagAssociation:
    """LF-Tags put on a database, table or columns: one value for each key."""

    account: str
    region: str
    resource: GovernedResource
    tags: tuple[tuple[str, str], ...]
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TagKey:
    """An LF-Tag with its values, as a catalog defines it."""

    account: str
    region: str
    key: str
    values: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CellsFilter:
    """A data cells filter.

    Attributes:
        account: The table's catalog.
        region: The Region.
        database: The table's database.
        table: The table.
        name: The filter's name.
        columns: The included columns; None for all but `excluded`.
        excluded: The excluded columns.
        rows: The row expression; empty for all rows.
        origin: Where it stands.
    """

    account: str
    region: str
    database: str
    table: str
    name: str
    columns: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()
    rows: str = ""
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class OptIn:
    """A principal that has given up the IAM door on a resource in hybrid mode."""

    account: str
    region: str
    principal: str
    resource: GovernedResource
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class IamPrincipalsRevoked:
    """`IAM_ALLOWED_PRINCIPALS` is taken off a resource by desired state, whatever the defaults gave."""

    account: str
    region: str
    resource: GovernedResource
    origin: Origin


# --- what runs and queries -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Executor:
    """Something that runs code as a role: whoever may change its code, or start one with the role, acts as the role.

    Attributes:
        kind: `lambda`, `glue_job`, `glue_crawler`, `glue_dev_endpoint`, `state_machine`, `ec2_instance`, `ecs_task`, `sagemaker_notebook`,
            `codebuild_project`, `cloudformation_stack`, `emr`, ... in the words of `estate.compute`.
        arn: The thing's ARN.
        account: Its account.
        role: ARN of the role it runs as.
        code: `s3://` URI of the script or package that it loads from a bucket, where it does.
        temporary: `s3://` URI of its temporary folder, where it has one.
        invokers: Its own resource policy, such as a function's permissions.
        origin: Where it stands.
    """

    kind: str
    arn: str
    account: str
    role: str
    code: str = ""
    temporary: str = ""
    invokers: Policy | None = None
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Workgroup:
    """An Athena workgroup.

    Attributes:
        arn: Its ARN.
        account: Its account.
        region: Its Region.
        name: Its name.
        output: `s3://` URI of the results; empty when the client names it, or Athena keeps them.
        enforced: Whether clients cannot override it.
        managed_results: Whether Athena keeps the results itself; None when not known.
        key: ARN of the key that encrypts the results.
        role: ARN of its execution role, for Spark.
        origin: Where it stands.
    """

    arn: str
    account: str
    region: str
    name: str
    output: str = ""
    enforced: bool = False
    managed_results: bool | None = None
    key: str = ""
    role: str = ""
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Warehouse:
    """A Redshift cluster or Serverless namespace with its workgroups: whoever may log in reads what its roles read.

    Attributes:
        arn: The cluster's or the namespace's ARN.
        workgroups: ARNs of a namespace's workgroups.
        account: Its account.
        roles: ARNs of the roles it can use, for Spectrum.
        origin: Where it stands.
    """

    arn: str
    workgroups: tuple[str, ...] = ()
    account: str
    roles: tuple[str, ...] = ()
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Protected:
    """Any other resource that an invariant may be about: a trail, a key of the audit, a detector.

    Attributes:
        type: CloudFormation's type.
        arn: Its ARN, where the type has one.
        account: Its account.
        origin: Where it stands.
    """

    type: str
    arn: str
    account: str
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True)
class NotKnown:
    """Something of the input that could not be told, and is therefore in no verdict as a no.

    Attributes:
        reason: What and why.
        origin: Where.
    """

    reason: str
    origin: Origin | None = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Estate:
    """Everything, in the order of the assemblies; `estate.build.build_estate` makes it."""

    accounts: Mapping[str, Account] = field(default_factory=dict)
    principals: tuple[Principal, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    access_grants: tuple[AccessGrant, ...] = ()
    access_grants_locations: tuple[AccessGrantsLocation, ...] = ()
    keys: tuple[Key, ...] = ()
    key_grants: tuple[KeyGrant, ...] = ()
    databases: tuple[Database, ...] = ()
    tables: tuple[Table, ...] = ()
    catalogs: tuple[Catalog, ...] = ()
    locations: tuple[DataLocation, ...] = ()
    grants: tuple[Grant, ...] = ()
    tag_keys: tuple[TagKey, ...] = ()
    tag_associations: tuple[TagAssociation, ...] = ()
    cells_filters: tuple[CellsFilter, ...] = ()
    opt_ins: tuple[OptIn, ...] = ()
    iam_principals_revoked: tuple[IamPrincipalsRevoked, ...] = ()
    executors: tuple[Executor, ...] = ()
    workgroups: tuple[Workgroup, ...] = ()
    warehouses: tuple[Warehouse, ...] = ()
    protected: tuple[Protected, ...] = ()
    endpoints: tuple[Policy, ...] = ()
    """VPC endpoint policies; which path a request takes is not known, so each is a condition that may hold."""
    not_known: tuple[NotKnown, ...] = ()
