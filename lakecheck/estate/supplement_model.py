"""The form of `estate.yaml`, which says what templates cannot; `estate.supplement` reads it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr, StringConstraints

_ACCOUNT: Final = r"^[0-9]{12}$"
_ARN: Final = r"^arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:.+$"
_ORGANIZATION: Final = r"^o-[a-z0-9]{10,32}$"
_PLACE: Final = r"^(r|ou)-[a-z0-9-]+$"
_TABLE: Final = r"^[^.\s]+\.[^.\s]+$"
_GRANT_OPERATION: Final = r"^[A-Z][A-Za-z]+$"

WORDS: Final = {
    _ACCOUNT: 'an account is twelve digits in quotes, such as "444455556666"',
    _ARN: "an ARN is expected, such as one that begins with arn:",
    _ORGANIZATION: "an organisation's id is o- and 10 to 32 letters and digits, such as o-exampleorgid",
    _PLACE: "a root is r-..., a unit is ou-..., as Organizations shows them",
    _TABLE: "a table is database.table, such as sales.orders; sales.* for all tables of a database",
    _GRANT_OPERATION: "a grant's operation is one such as Decrypt or GenerateDataKey, without kms:",
}

Text = Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=1)]
AccountId = Annotated[StrictStr, StringConstraints(pattern=_ACCOUNT)]
Arn = Annotated[StrictStr, StringConstraints(pattern=_ARN)]
PlaceId = Annotated[StrictStr, StringConstraints(pattern=_PLACE)]
TableName = Annotated[StrictStr, StringConstraints(pattern=_TABLE)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Document(_Model):
    """A policy: its document here, or in a JSON file beside this one. One of the two."""

    name: Text | None = None
    """What reports call it. Not stated: the place where it stands."""
    document: dict[str, Any] | None = None
    """The policy document itself."""
    file: Text | None = None
    """A JSON file with it, relative to this file."""


class ControlPolicy(Document):
    """A service or resource control policy."""

    accounts: Literal["all"] | list[AccountId] = "all"
    """The accounts it applies to. Not stated: all of the organisation but the one that manages it."""
    at: PlaceId | None = None
    """The root or unit it is attached to. Not stated: each account itself, or the root when it applies to all."""


class Member(_Model):
    """An account of the organisation."""

    path: list[PlaceId]
    """The root and the units above it, from the root down."""


class Organization(_Model):
    """The organisation that the accounts are in."""

    id: Annotated[StrictStr, StringConstraints(pattern=_ORGANIZATION)]
    """Its id."""
    management: AccountId
    """The account that manages it: no control policy applies to it."""
    accounts: dict[AccountId, Member] = Field(default_factory=dict)
    """Where accounts are in it. One that is not listed is in it, at a place that is not known."""
    scps: list[ControlPolicy] = Field(default_factory=list)
    """Service control policies, beside FullAWSAccess, which is taken to be attached everywhere."""
    rcps: list[ControlPolicy] = Field(default_factory=list)
    """Resource control policies."""


class PrincipalEntry(_Model):
    """A role, a user or a permission set with what no template says about it. One of arn and permission_set."""

    arn: Arn | None = None
    """A role or a user."""
    permission_set: Text | None = None
    """Name of an Identity Center permission set."""
    accounts: list[AccountId] = Field(default_factory=list)
    """The accounts that the permission set is assigned to; goes with permission_set."""
    managed_policies: list[Text] = Field(default_factory=list)
    """ARNs; or names of customer managed policies, which templates make in each of the accounts."""
    inline_policies: list[Document] = Field(default_factory=list)
    """Its own policies."""
    boundary: Text | None = None
    """Its permissions boundary, as in managed_policies."""
    trust: Document | None = None
    """A role's trust policy. Not stated: as in its template; not known for one that no template defines."""
    tags: dict[Text, StrictStr] | None = None
    """Its tags. Not stated: not known."""
    complete: StrictBool = True
    """Whether it has no policies beyond these and those of the templates."""


class KmsGrant(_Model):
    """A KMS grant."""

    key: Arn
    """The key."""
    grantee: Arn
    """Who may use it."""
    operations: list[Annotated[StrictStr, StringConstraints(pattern=_GRANT_OPERATION)]]
    """For what, such as Decrypt."""


class OptInEntry(_Model):
    """A principal that has opted in to Lake Formation where a location is in hybrid access mode."""

    account: AccountId
    """Whose catalog it is."""
    region: Text
    """The catalog's Region."""
    principal: Text
    """Its ARN; or the name of a permission set of the account."""
    database: Text
    """The database."""
    table: Text | None = None
    """The table; `*` for all of the database. Not stated: the database itself."""


class IamAllowedPrincipals(_Model):
    """What IAM_ALLOWED_PRINCIPALS has: where it has rights, IAM alone decides."""

    databases: dict[Text, StrictBool] = Field(default_factory=dict)
    """By database, whether it has rights on it."""
    tables: dict[TableName, StrictBool] = Field(default_factory=dict)
    """By table, whether it has rights on it; `sales.*` for all tables of a database."""
    new_databases: StrictBool | None = None
    """Whether it gets rights on new databases. Not stated: as the templates say."""
    new_tables: StrictBool | None = None
    """Whether it gets rights on new tables. Not stated: as the templates say."""


class CatalogEntry(_Model):
    """What Lake Formation and Glue are set to in one account and Region, beyond the templates."""

    account: AccountId
    """The account."""
    region: Text | None = None
    """The Region. Not stated: each in which the templates have a catalog of the account."""
    admins: list[Text] = Field(default_factory=list)
    """Data lake administrators that no template names: ARNs, or names of permission sets."""
    read_only_admins: list[Text] = Field(default_factory=list)
    """Read-only administrators that no template names."""
    no_other_admins: StrictBool = False
    """Whether nobody administers the lake but these and those of the templates."""
    iam_allowed_principals: IamAllowedPrincipals = Field(default_factory=IamAllowedPrincipals)
    """What IAM_ALLOWED_PRINCIPALS has."""
    policy: Document | None = None
    """The catalog's resource policy beyond what templates write into it."""


class BucketEntry(_Model):
    """A bucket that no template defines."""

    name: Text
    """Its name."""
    account: AccountId
    """Its owner."""
    region: Text | None = None
    """Where it is. Not stated: not known."""
    policy: Document | None = None
    """Its bucket policy. Not stated: it has none."""
    key: Arn | None = None
    """The KMS key it is encrypted with. Not stated: none."""


class ManagedPolicyEntry(Document):
    """A customer managed policy that no template makes."""

    arn: Arn
    """Its ARN, by which templates and this file attach it."""


class KeyEntry(_Model):
    """A KMS key that no template defines."""

    arn: Arn
    """The key."""
    policy: Document
    """Its key policy."""


class SupplementFile(_Model):
    """The file as a whole."""

    version: Literal[1]
    """The version of this file's form: 1."""
    organization: Organization | None = None
    """The organisation."""
    managed_policies: list[ManagedPolicyEntry] = Field(default_factory=list)
    """Customer managed policies that no template makes."""
    principals: list[PrincipalEntry] = Field(default_factory=list)
    """Roles, users and permission sets that templates do not define, or not wholly."""
    kms_grants: list[KmsGrant] = Field(default_factory=list)
    """KMS grants."""
    opt_ins: list[OptInEntry] = Field(default_factory=list)
    """Opt-ins to Lake Formation."""
    lake_formation: list[CatalogEntry] = Field(default_factory=list)
    """Settings of catalogs."""
    buckets: list[BucketEntry] = Field(default_factory=list)
    """Buckets that no template defines."""
    keys: list[KeyEntry] = Field(default_factory=list)
    """Keys that no template defines."""
