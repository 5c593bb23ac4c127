"""The typed shape of `lake.yaml`. Unknown keys are refused; checks that span several keys are in `checks.py`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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


class Singleton(StrEnum):
    """Who owns something that an account has only one of."""

    CREATE = "create"
    ADOPT = "adopt"
    ORGANIZATION = "organization"


class Organization(_Model):
    """The AWS organisation and the accounts that every environment shares."""

    id: Annotated[str, StringConstraints(pattern=r"^o-[a-z0-9]{10,32}$")]
    management: AccountId
    log_archive: AccountId
    security: AccountId


class Baseline(_Model):
    """Who owns the account-wide singletons of an environment's accounts."""

    audit_trail: Singleton = Singleton.CREATE
    threat_detection: Singleton = Singleton.CREATE


class Environment(_Model):
    """One copy of the lake: its accounts, its region and how strictly it is kept."""

    lakes: Annotated[dict[Name, AccountId], Field(min_length=1)]
    consumers: Annotated[dict[Name, AccountId], Field(min_length=1)]
    region: str
    protection: Protection
    recovery_region: str | None = None
    allow_destroy: bool = False
    baseline: Baseline = Baseline()


class Domain(_Model):
    """A part of the business that owns data products; it lives in one lake."""

    lake: Name
    owner: EmailAddress


class PermissionSetPrincipal(_Model):
    """Everyone assigned an Identity Center permission set in the persona's account."""

    permission_set: Annotated[str, StringConstraints(pattern=r"^[\w+=,.@-]{1,32}$")]


class RolePrincipal(_Model):
    """A role made in the persona's account, which principals of `trusted_account` may assume."""

    role: Annotated[str, StringConstraints(pattern=r"^[\w+=,.@-]{1,64}$")]
    trusted_account: Name


Principal = PermissionSetPrincipal | RolePrincipal


class ReadScope(_Model):
    """What a persona reads. A domain that is not listed is not read; no list means every domain."""

    zones: Annotated[list[Zone], Field(min_length=1)]
    classifications: Annotated[list[str], Field(min_length=1)] | None = None
    domains: Annotated[list[Name], Field(min_length=1)] | None = None


class Persona(_Model):
    """A named set of rights, bound to a principal in one account (a key of `lakes` or `consumers`)."""

    principal: Principal
    account: Name
    read: ReadScope
    scan_limit_gib: Annotated[int, Field(ge=1, le=10_000)] = 100


class NumberWithoutPrecision(_Model):
    """The decimal type to give every number whose contract states none."""

    decimal: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2},[0-9]{1,2}$")]


class MissingDomain(_Model):
    """The domain to give contracts that name none, or one that is not declared."""

    use: Name


class Policies(_Model):
    """What a team decides once about contracts that leave something open. All are errors unless stated."""

    number_without_precision: Literal["error"] | NumberWithoutPrecision = "error"
    unknown_type: Literal["error", "string"] = "error"
    illegal_name: Literal["error", "normalize"] = "error"
    missing_domain: Literal["error"] | MissingDomain = "error"


class LakeConfig(_Model):
    """`lake.yaml`, valid in itself: every reference resolves and no account has two parts to play."""

    version: Literal[1]
    organization: Organization
    break_glass_role: Annotated[str, StringConstraints(pattern=r"^[\w+=,.@-]{1,64}$")]
    environments: Annotated[dict[Name, Environment], Field(min_length=1)]
    domains: Annotated[dict[Name, Domain], Field(min_length=1)]
    classifications: Annotated[list[Name], Field(min_length=1)]
    personas: dict[Name, Persona] = {}
    policies: Policies = Policies()

    @property
    def strictest_classification(self) -> str:
        """What an unclassified column counts as."""
        return self.classifications[-1]
