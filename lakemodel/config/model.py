"""The typed shape of `lake.yaml`. Unknown keys are refused; checks that span several keys are in `checks.py`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictBool, StringConstraints, Tag

_ACCOUNT_ID: Final = r"^[0-9]{12}$"
_NAME: Final = r"^[a-z][a-z0-9_]{0,29}$"
_EMAIL: Final = r"^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
_ORGANIZATION_ID: Final = r"^o-[a-z0-9]{10,32}$"
_ROOT_ID: Final = r"^r-[0-9a-z]{4,32}$"
_INSTANCE: Final = r"^(ssoins|sso)-[a-zA-Z0-9-.]{16}$"
_GROUP: Final = r"^([0-9a-f]{10}-)?[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}$"
_CONTROL: Final = r"^[A-Za-z0-9_.-]{3,64}$"
_PERMISSION_SET: Final = r"^[A-Za-z0-9_+=,.@-]{1,32}$"
_ROLE: Final = r"^[A-Za-z0-9_+=,.@-]{1,64}$"
_DEPLOYER: Final = r"^([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{8,64}\*?$"
_DECIMAL: Final = r"^[0-9]{1,2},[0-9]{1,2}$"

PATTERN_RULES: Final = {
    _ACCOUNT_ID: 'an AWS account id is 12 digits in quotes, such as "444444444401"',
    _NAME: "a name is a lower-case letter, then lower-case letters, digits or underscores, at most 30 characters in all",
    _EMAIL: "an address is like sales-data@example.com: letters, digits and . _ + - before the @, a domain after it",
    _ORGANIZATION_ID: "an organisation id is o- and 10 to 32 lower-case letters or digits, such as o-exampleorgid",
    _ROOT_ID: "a root's id is r- and 4 to 32 lower-case letters or digits, such as r-exam; `aws organizations list-roots` shows it",
    _INSTANCE: "an Identity Center instance is ssoins- and 16 characters, such as ssoins-1234567890abcdef",
    _GROUP: "a group's id is as Identity Center shows it, such as 11111111-2222-3333-4444-555555555555",
    _CONTROL: "a control is its id in the control catalogue, such as AWS-GR_S3_BUCKET_PUBLIC_READ_PROHIBITED",
    _PERMISSION_SET: "a permission set's name has 1 to 32 of A-Z a-z 0-9 _ + = , . @ -",
    _ROLE: "a role's name has 1 to 64 of A-Z a-z 0-9 _ + = , . @ -",
    _DEPLOYER: "a role that deploys is its name with its path, with a * at its end at most, after 8 characters or more of the name",
    _DECIMAL: 'a decimal is "precision,scale", such as "38,2"',
}
"""What each pattern asks for in words; errors and editors show them."""


def _text(pattern: str) -> Any:
    return Field(json_schema_extra={"patternErrorMessage": PATTERN_RULES[pattern]})


AccountId = Annotated[str, StringConstraints(pattern=_ACCOUNT_ID), _text(_ACCOUNT_ID)]
Name = Annotated[str, StringConstraints(pattern=_NAME), _text(_NAME)]
EmailAddress = Annotated[str, StringConstraints(pattern=_EMAIL), _text(_EMAIL)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Protection(StrEnum):
    """How strictly an environment is kept: `STRICT` never destroys data and is never weaker than any other."""

    STANDARD = "standard"
    STRICT = "strict"


class Zone(StrEnum):
    """Where data stands on its way from producer to reader."""

    LANDING = "landing"
    RAW = "raw"
    CURATED = "curated"
    CONSUMPTION = "consumption"
    QUARANTINE = "quarantine"

    @property
    def is_governed(self) -> bool:
        """Whether Lake Formation decides who reads it."""
        return self in {Zone.CURATED, Zone.CONSUMPTION, Zone.QUARANTINE}


GovernedZone = Literal[Zone.CURATED, Zone.CONSUMPTION, Zone.QUARANTINE]


class Products(StrEnum):
    """How it is decided which data products a persona reads."""

    ALL = "all"
    NAMED = "named"


class Singleton(StrEnum):
    """Who owns something that an account has only one of."""

    CREATE = "create"
    ADOPT = "adopt"
    ORGANIZATION = "organization"


class Owner(StrEnum):
    """Who makes something that the organisation has only one of."""

    CREATE = "create"
    ADOPT = "adopt"


class Response(StrEnum):
    """What becomes of a finding: told, acted upon in words only, or contained."""

    NONE = "none"
    DRY_RUN = "dry_run"
    CONTAIN = "contain"


class OrganizationBaseline(_Model):
    """What the stage `Organization` makes in the management, log archive and security accounts."""

    region: str
    """The home Region: of Identity Center, the trail and the delegated administration, such as eu-west-1."""
    root: Annotated[str, StringConstraints(pattern=_ROOT_ID), _text(_ROOT_ID)]
    """The organisation's root, as `aws organizations list-roots` shows it."""
    place_accounts: StrictBool = False
    """Whether a unit `DataLake` is made, with one for each environment and one for the shared accounts, and the accounts of this file are
    moved there. Not stated: accounts stay where they are, and the policies are attached to each of them."""
    allowed_regions: list[str] = []
    """Regions that people may work in besides those of this file. Global services are always possible."""
    guardrails: Owner = Owner.CREATE
    """Service, resource and tag policies: made, or somebody else's."""
    deployers: list[Annotated[str, StringConstraints(pattern=_DEPLOYER), _text(_DEPLOYER)]] = []
    """Roles of these accounts that may become the CDK's roles, by name with their path: nobody else in them deploys, or publishes what is
    deployed. Not stated: whoever may assume roles in an account may, and the guardrails stop no administrator for long."""
    audit_trail: Owner = Owner.CREATE
    """The organisation's trail: made, or one that is there."""
    threat_detection: Owner = Owner.CREATE
    """GuardDuty, Security Hub, Config and Access Analyzer, run by the security account: enabled, or as they are."""
    config_recorder: Owner = Owner.CREATE
    """AWS Config's recorder in the log archive and security accounts: made, or one that is there, such as Control Tower's."""
    discover_sensitive_data: StrictBool = False
    """Whether Macie looks into zones with restricted data. Charged by the gigabyte."""
    response: Response = Response.DRY_RUN
    """What responders do about a finding. `dry_run`: they say what they would do. `contain`: they do it. `none`: there are none."""
    break_glass: Owner = Owner.CREATE
    """The role for emergencies: made in every account of this file but the management account, or one that is there."""
    identity_center: Annotated[str, StringConstraints(pattern=_INSTANCE), _text(_INSTANCE)] | None = None
    """The Identity Center instance in which the personas' permission sets are made. Not stated: they are made elsewhere."""
    control_tower_controls: list[Annotated[str, StringConstraints(pattern=_CONTROL), _text(_CONTROL)]] = []
    """Control Tower controls to enable on the units, by id. Only with place_accounts, in a landing zone."""
    alerts: EmailAddress | None = None
    """Who is written to on alarms and findings. Not stated: subscribe to the topics yourself."""


class Organization(_Model):
    """The AWS organisation and the accounts that every environment shares."""

    id: Annotated[str, StringConstraints(pattern=_ORGANIZATION_ID), _text(_ORGANIZATION_ID)]
    """The organisation's id, as `aws organizations describe-organization` shows it."""
    management: AccountId
    """The account that owns the organisation."""
    log_archive: AccountId
    """The account that keeps the trail's files and replicated access logs."""
    security: AccountId
    """The delegated administrator of GuardDuty, Security Hub, Config and Macie."""
    baseline: OrganizationBaseline | None = None
    """What is made in these accounts. Not stated: nothing, they are somebody else's, and every account has its own trail and detector."""


class ExistingAdmins(StrEnum):
    """What becomes of Lake Formation administrators that are in an account and were declared by nobody here."""

    KEEP = "keep"
    REPLACE = "replace"


class Baseline(_Model):
    """Who owns the account-wide singletons of an environment's accounts."""

    audit_trail: Singleton | None = None
    """CloudTrail: create one per account, adopt one that is there, or rely on the organisation's. Not stated: the organisation's where
    `organization.baseline` is stated, else one per account."""
    threat_detection: Singleton | None = None
    """GuardDuty: create a detector per account, adopt one that is there, or rely on the organisation's. Not stated: the organisation's
    where `organization.baseline` is stated, else one per account."""
    config_recorder: Singleton | None = None
    """AWS Config: create a recorder per account, adopt one that is there, or rely on the organisation's (Control Tower makes one). Not
    stated: created where `organization.baseline` makes the trail, as recorders deliver to its log archive; else left alone."""
    existing_admins: ExistingAdmins = ExistingAdmins.KEEP
    """Lake Formation administrators that are in the accounts already: keep them, or replace them by the lake's own, until its removal."""


class Environment(_Model):
    """One copy of the lake: its accounts, its region and how strictly it is kept."""

    lakes: Annotated[dict[Name, AccountId], Field(min_length=1)]
    """Accounts that hold data: a name of your choice and the account's id. Every domain lives in one of them."""
    consumers: Annotated[dict[Name, AccountId], Field(min_length=1)]
    """Accounts that read: a name of your choice and the account's id. Personas and their queries live there."""
    region: str
    """The AWS Region everything of the environment stands in, such as eu-west-1."""
    protection: Protection
    """`strict`: data is never destroyed and nothing is weaker than elsewhere. `standard`: the same, but it may be relaxed."""
    recovery_region: str | None = None
    """A second Region that data is copied to. Not stated: no copy."""
    allow_destroy: StrictBool = False
    """Whether stacks may delete data when they are deleted. Only where protection is standard. Not stated: data is kept."""
    private_network: StrictBool = False
    """Whether jobs run in a VPC without a way to the internet, whose endpoints are charged by the hour. Not stated: in AWS Glue's own."""
    raw_lock_days: Annotated[int, Field(ge=1, le=36_500, strict=True)] | None = None
    """For how many days what arrived cannot be deleted from the zone raw (Object Lock, governance mode). Not stated: it is not locked. A
    lock cannot be taken off a bucket."""
    table_optimizers: StrictBool = True
    """Whether AWS Glue compacts Iceberg tables and expires old snapshots. Must be false in a Region without table optimizers."""
    baseline: Baseline = Baseline()
    """Who owns what an account has only one of. Not stated: this lake creates it."""

    @property
    def accounts(self) -> dict[str, str]:
        """The ids of its lake and consumer accounts, by their names."""
        return {**self.lakes, **self.consumers}


class Domain(_Model):
    """A part of the business that owns data products; it lives in one lake."""

    lake: Name
    """The key of `lakes` that holds the domain's data, in every environment."""
    owner: EmailAddress
    """Who answers for the domain's data; becomes a tag and a catalog property."""


class PermissionSetPrincipal(_Model):
    """Everyone assigned an Identity Center permission set in the persona's account."""

    permission_set: Annotated[str, StringConstraints(pattern=_PERMISSION_SET), _text(_PERMISSION_SET)]
    """The permission set's name in Identity Center."""
    group: Annotated[str, StringConstraints(pattern=_GROUP), _text(_GROUP)] | None = None
    """The Identity Center group it is assigned to, by id. Not stated: it is assigned elsewhere. Only where
    `organization.baseline.identity_center` is stated."""
    session_hours: Annotated[int, Field(ge=1, le=12, strict=True)] = 4
    """How long a session lasts, where this file makes the permission set. Not stated: 4 hours."""


class RolePrincipal(_Model):
    """A role made in the persona's account, which principals of `trusted_account` may assume."""

    role: Annotated[str, StringConstraints(pattern=_ROLE), _text(_ROLE)]
    """The name of the role to make."""
    trusted_account: Name
    """The key of `lakes` or `consumers` whose principals may assume the role."""


Principal = PermissionSetPrincipal | RolePrincipal


def _principal_kind(value: Any) -> str | None:
    """Which principal is meant, so that errors are about that one alone."""
    if isinstance(value, PermissionSetPrincipal) or (isinstance(value, dict) and "permission_set" in value):
        return "@permission_set"
    if isinstance(value, RolePrincipal) or (isinstance(value, dict) and value.keys() & {"role", "trusted_account"}):
        return "@role"
    return None


def _policy_kind(value: Any) -> str:
    return "@settled" if isinstance(value, dict | BaseModel) else "@error"


class ReadScope(_Model):
    """What a persona reads. A domain that is not listed is not read; no list means every domain."""

    zones: Annotated[list[GovernedZone], Field(min_length=1)]
    """Which zones: curated, consumption, quarantine. Landing and raw are the pipelines' own."""
    classifications: Annotated[list[str], Field(min_length=1)] | None = None
    """Which classes of columns. May be left out where only quarantine is read: all of it is in the strictest class."""
    domains: Annotated[list[Name], Field(min_length=1)] | None = None
    """Which domains. Not stated: every domain, later ones too."""
    products: Products = Products.ALL
    """`all`: every product, later ones too. `named`: those whose contract lists the persona in `roles`."""


class Persona(_Model):
    """A named set of rights, bound to a principal in one account (a key of `lakes` or `consumers`)."""

    principal: Annotated[
        Annotated[PermissionSetPrincipal, Tag("@permission_set")] | Annotated[RolePrincipal, Tag("@role")], Discriminator(_principal_kind)
    ]
    """Who: an Identity Center permission set, or a role that is made for the purpose."""
    account: Name
    """The key of `lakes` or `consumers` where the principal is, in every environment."""
    read: ReadScope
    """What the persona reads, through Lake Formation only."""
    scan_limit_gib: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 100
    """The most that one Athena query of the persona may scan, in GiB. Not stated: 100."""


class NumberWithoutPrecision(_Model):
    """The decimal type to give every number whose contract states none."""

    decimal: Annotated[str, StringConstraints(pattern=_DECIMAL), _text(_DECIMAL)]
    """As "precision,scale": precision from 1 to 38 digits, scale of them after the point."""


class MissingDomain(_Model):
    """The domain to give contracts that name none, or one that is not declared."""

    use: Name
    """A key of `domains`."""


class Policies(_Model):
    """What a team decides once about contracts that leave something open. All are errors unless stated."""

    number_without_precision: Annotated[
        Annotated[Literal["error"], Tag("@error")] | Annotated[NumberWithoutPrecision, Tag("@settled")], Discriminator(_policy_kind)
    ] = "error"
    """A number without precision and scale: refuse it, or give it this decimal type."""
    unknown_type: Literal["error", "string"] = "error"
    """A type that no mapping knows: refuse it, or read it as text."""
    illegal_name: Literal["error", "normalize"] = "error"
    """A name the catalog cannot hold: refuse it, or spell it in lower case with underscores."""
    missing_domain: Annotated[
        Annotated[Literal["error"], Tag("@error")] | Annotated[MissingDomain, Tag("@settled")], Discriminator(_policy_kind)
    ] = "error"
    """A contract without a domain of this file: refuse it, or give it this one."""


@dataclass(frozen=True, slots=True)
class Singletons:
    """Who owns what the accounts of an environment have only one of."""

    audit_trail: Singleton
    threat_detection: Singleton
    config_recorder: Singleton


def _unless_stated(by_organization: bool, otherwise: Singleton) -> Singleton:  # noqa: FBT001 - a private helper of one caller
    return Singleton.ORGANIZATION if by_organization else otherwise


class LakeConfig(_Model):
    """`lake.yaml`, valid in itself: every reference resolves and no account has two parts to play."""

    version: Literal[1]
    """The version of this file's format: 1."""
    organization: Organization
    """The AWS organisation and the accounts every environment shares."""
    break_glass_role: Annotated[str, StringConstraints(pattern=_ROLE), _text(_ROLE)]
    """The role for emergencies that the organisation keeps in every account. It may open results that only members can read."""
    environments: Annotated[dict[Name, Environment], Field(min_length=1)]
    """The copies of the lake, by names of your choice, in the order changes are promoted."""
    domains: Annotated[dict[Name, Domain], Field(min_length=1)]
    """The parts of the business that own data products; a domain's name is also its database's."""
    classifications: Annotated[list[Name], Field(min_length=1)]
    """Classes of data from least to most protected. An unclassified column counts as the last."""
    personas: dict[Name, Persona] = {}
    """Who reads what, by names of your choice. Not stated: nobody reads."""
    policies: Policies = Policies()
    """What to do with contracts that leave something open. Not stated: they are refused."""

    def singletons(self, environment: str) -> Singletons:
        """Who owns what the accounts of that environment have once, with what is not stated decided."""
        stated, made = self.environments[environment].baseline, self.organization.baseline
        ours = made is not None
        archived = made is not None and made.audit_trail is Owner.CREATE
        return Singletons(
            audit_trail=stated.audit_trail or _unless_stated(ours, Singleton.CREATE),
            threat_detection=stated.threat_detection or _unless_stated(ours, Singleton.CREATE),
            config_recorder=stated.config_recorder or (Singleton.CREATE if archived else Singleton.ADOPT),
        )

    @property
    def strictest_classification(self) -> str:
        """What an unclassified column counts as."""
        return self.classifications[-1]
