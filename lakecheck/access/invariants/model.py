"""The typed shape of `access.yaml`. Unknown keys are refused; `invariants.loader` reads it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr, StringConstraints, model_validator

from lakecheck.access.model import Action, Door  # noqa: TC001 - pydantic reads the annotations

_ID: Final = r"^[a-z][a-z0-9-]{2,63}$"
_IAM_ACTION: Final = r"^[a-z0-9-]+:[A-Za-z0-9]+$"
_PERMISSION: Final = r"^[A-Z][A-Z_]+$"

PATTERN_RULES: Final = {
    _ID: "an id is a lower-case letter, then lower-case letters, digits or hyphens, 3 to 64 characters in all",
    _PERMISSION: "a permission is as Lake Formation calls it, such as SELECT",
    _IAM_ACTION: "an action is service:Name without wildcards, such as cloudtrail:StopLogging",
}
"""What each pattern asks for in words."""

Text = Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=1)]
Reason = Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=10)]
IamAction = Annotated[StrictStr, StringConstraints(pattern=_IAM_ACTION)]
Permission = Annotated[StrictStr, StringConstraints(pattern=_PERMISSION)]
Names = Annotated[list[Text], Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Who(_Model):
    """Principals: those that fit every key that is given; all of them when none is."""

    persona: Names | None = None
    """Personas of lake.yaml by name; `*` for every persona."""
    principal: Names | None = None
    """Globs over the principal's name (`role/PiiReader`), its ARN, or the path of its construct."""
    account: Names | None = None
    """Account ids."""
    environment: Names | None = None
    """Environments, as the Stages are called."""


class Data(_Model):
    """Data: what fits every key that is given; all of it when none is."""

    classification: Names | None = None
    """Values of the classification. What has none counts as the most restricted."""
    zone: Names | None = None
    """Zones."""
    domain: Names | None = None
    """Domains."""
    tag: dict[str, Names] | None = None
    """Values of further LF-Tags by key."""
    table: Names | None = None
    """Globs over `database.table`."""
    column: Names | None = None
    """Globs over column names."""
    account: Names | None = None
    """Account ids of the data's owner."""
    environment: Names | None = None
    """Environments the data is in."""
    kind: list[Literal["table", "bucket"]] | None = None
    """`table`: data that a table describes. `bucket`: data that none does."""


class Resources(_Model):
    """Resources that are no data, such as a trail: what fits every key that is given."""

    type: Names | None = None
    """CloudFormation types, such as `AWS::CloudTrail::Trail`."""
    path: Names | None = None
    """Globs over the paths of constructs, or over ARNs."""


class Rule(_Model):
    """Who does what to which data, or which IAM action on which resources."""

    who: Who = Who()
    """Who. Not stated: everybody."""
    do: Annotated[list[Action], Field(min_length=1)] | None = None
    """What is done to data. Not stated: everything, unless `actions` are; reading where it is required."""
    data: Data | None = None
    """To which data. Not stated: all of it."""
    door: Annotated[list[Door], Field(min_length=1)] | None = None
    """The doors that the data leaves through, or that the way begins with. Not stated: any."""
    crossing: Literal["environment", "account"] | None = None
    """Only where the principal is in another environment, or another account, than the data."""
    actions: Annotated[list[IamAction], Field(min_length=1)] | None = None
    """IAM actions, instead of `do`, `data` and `door`."""
    resources: Resources | None = None
    """On which resources, with `actions`."""

    @model_validator(mode="after")
    def _one_kind(self) -> Rule:
        if self.actions is not None and (self.do is not None or self.data is not None or self.door is not None):
            msg = "actions go with resources and who; do, data and door are about data: write two invariants"
            raise ValueError(msg)
        if self.actions is None and self.resources is not None:
            msg = "resources go with actions"
            raise ValueError(msg)
        return self


class Exemption(_Model):
    """One principal that a rule is not about, or what the lake itself reads and writes data with, with the reason."""

    persona: Text | None = None
    """A persona of lake.yaml."""
    principal: Text | None = None
    """A glob over name, ARN or construct path that fits one principal at most in each account."""
    location_roles: Literal[True] | None = None
    """Roles that locations are registered with and that Lake Formation alone can assume, each on the data of its own location."""
    pipeline: Text | None = None
    """A glob in which `{product}` stands for `Domain-Product` of each contract, such as `*/{product}/JobRole/*`: one principal for each
    product in each account, on the data below that product's own prefix."""
    because: Reason
    """Why it is right; at least ten characters."""

    @model_validator(mode="after")
    def _one(self) -> Exemption:
        if sum(each is not None for each in (self.persona, self.principal, self.location_roles, self.pipeline)) != 1:
            msg = "an exception names one of persona, principal, location_roles and pipeline"
            raise ValueError(msg)
        if self.pipeline is not None and "{product}" not in self.pipeline:
            msg = "pipeline is a glob with {product} in it; use principal for one that is not of a product"
            raise ValueError(msg)
        return self

    @property
    def who(self) -> str:
        """Whom it names, as written."""
        return self.persona or self.principal or self.pipeline or "roles of registered locations"


class AllowedGrants(_Model):
    """Grants of Lake Formation that there may be: to whom, of which permissions, on which data."""

    persona: Text | None = None
    """A persona of lake.yaml, `*` for each: on what lake.yaml, and the contracts, state that it reads, and on the databases it is in."""
    pipeline: Text | None = None
    """A glob in which `{product}` stands for `Domain-Product` of each contract: on the product's own tables, databases and locations."""
    accounts: Literal["of_personas"] | None = None
    """Accounts of lake.yaml: on what their personas read, to pass on."""
    principal: Text | None = None
    """A glob over name, ARN or construct path: on `data`."""
    permissions: Annotated[list[Permission], Field(min_length=1)]
    """Permissions, as Lake Formation calls them. `ALL` has to be named to be allowed."""
    grantable: list[Permission] = []
    """Those that may be passed on. Not stated: none."""
    data: Data | None = None
    """With `principal`: the data. Not stated: all of it."""

    @model_validator(mode="after")
    def _one(self) -> AllowedGrants:
        if sum(each is not None for each in (self.persona, self.pipeline, self.accounts, self.principal)) != 1:
            msg = "allowed grants name one of persona, pipeline, accounts and principal"
            raise ValueError(msg)
        if self.data is not None and self.principal is None:
            msg = "data goes with principal; the others are about their own data"
            raise ValueError(msg)
        if self.pipeline is not None and "{product}" not in self.pipeline:
            msg = "pipeline is a glob with {product} in it; use principal for one that is not of a product"
            raise ValueError(msg)
        return self


class Invariant(_Model):
    """One rule that holds in every environment."""

    id: Annotated[StrictStr, StringConstraints(pattern=_ID)]
    """Its name in reports."""
    says: Text
    """What it says, in a sentence."""
    forbid: Rule | None = None
    """What must not be possible."""
    require: Rule | None = None
    """What must be possible, for every principal and everything that the rule names."""
    personas: Literal["read_what_is_stated", "read_nothing_else", "query", "accounts_hold_nothing_else"] | None = None
    """`read_what_is_stated`: every persona reads what lake.yaml (and the contracts, where they name it) says. `read_nothing_else`: and no
    more of the lake's data. `query`: it can start a query in its workgroup and see the result. `accounts_hold_nothing_else`: no account is
    given more of a lake than its personas read, to pass on."""
    grants: Annotated[list[AllowedGrants], Field(min_length=1)] | None = None
    """The only grants of Lake Formation that there may be, whatever IAM makes of them."""
    exceptions: Annotated[list[Exemption], Field(alias="except")] = []
    """Whom `forbid` and `read_nothing_else` are not about."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, populate_by_name=True)

    @model_validator(mode="after")
    def _one_rule(self) -> Invariant:
        if sum(each is not None for each in (self.forbid, self.require, self.personas, self.grants)) != 1:
            msg = "an invariant has one of forbid, require, personas and grants"
            raise ValueError(msg)
        if self.require is not None and (self.require.crossing is not None or self.require.door is not None):
            msg = "crossing and door go with forbid: what is required may come by any way"
            raise ValueError(msg)
        if self.exceptions and self.forbid is None and self.personas != "read_nothing_else":
            msg = "exceptions go with forbid; what is required is required of those that are named"
            raise ValueError(msg)
        return self


class BucketData(_Model):
    """What stands in buckets that no table describes. A bucket that is not listed counts as the most restricted class, in no zone."""

    where: Text
    """A glob over the path of the bucket's construct, or over the bucket's name."""
    zone: Text | None = None
    """The zone that it is."""
    classification: Text | None = None
    """The class of what is in it. Not stated: the most restricted one."""
    because: Reason | None = None
    """Why it is of a lower class; needed where one is stated."""

    @model_validator(mode="after")
    def _reasoned(self) -> BucketData:
        if self.classification is not None and self.because is None:
            msg = "a classification needs because: without it, the data counts as the most restricted"
            raise ValueError(msg)
        return self


class TagKeys(_Model):
    """Which LF-Tags say what data is."""

    classification: Text = "classification"
    """The key of the tag that says its class. Not stated: classification."""
    zone: Text = "zone"
    """The key of the tag that says its zone. Not stated: zone."""
    domain: Text = "domain"
    """The key of the tag that says its domain. Not stated: domain."""


class AccessRules(_Model):
    """`access.yaml` as a whole."""

    version: Literal[1]
    """The version of this file's form: 1."""
    lake: Text | None = None
    """Path of lake.yaml, from this file, for personas and classes. Not stated: no rule may name a persona."""
    contracts: Text | None = None
    """Path of the folder of data contracts, from this file, for what they leave to personas that read named products only."""
    classifications: Names | None = None
    """Classes from least to most restricted. Not stated: those of lake.yaml."""
    tags: TagKeys = TagKeys()
    """Which LF-Tags say what data is. Not stated: classification, zone and domain."""
    buckets: list[BucketData] = []
    """Data that no table describes."""
    invariants: Annotated[list[Invariant], Field(min_length=1)]
    """The rules."""

    @model_validator(mode="after")
    def _distinct(self) -> AccessRules:
        seen: set[str] = set()
        for invariant in self.invariants:
            if invariant.id in seen:
                msg = f"the id {invariant.id} stands twice"
                raise ValueError(msg)
            seen.add(invariant.id)
        return self
