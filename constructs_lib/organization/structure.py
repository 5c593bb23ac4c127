"""The organisation and its units, made here or imported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aws_cdk import Aws, RemovalPolicy, Token, aws_organizations as organizations
from constructs import Construct

from constructs_lib.core import misuse
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    import re as regex

_ORGANIZATION_ID = re.compile(r"o-[a-z0-9]{10,32}")
_ROOT_ID = re.compile(r"r-[0-9a-z]{4,32}")
_UNIT_ID = re.compile(r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}")
_LONGEST_NAME = 128


class Place(Protocol):
    """Something that units and accounts stand below: the organisation's root, or a unit."""

    @property
    def place_id(self) -> str:
        """The root's or the unit's id."""
        ...


class AnyOrganization(Place, Protocol):
    """An organisation, made here or imported."""

    @property
    def organization_id(self) -> str:
        """Its id, `o-` and what follows."""
        ...

    @property
    def root_id(self) -> str:
        """The id of its root, `r-` and what follows."""
        ...


class AnyUnit(Place, Protocol):
    """A unit of an organisation, made here or imported."""

    @property
    def unit_id(self) -> str:
        """Its id, `ou-` and what follows."""
        ...

    @property
    def unit_arn(self) -> str:
        """Its ARN, of the management account."""
        ...


class Organization(Construct):
    """The organisation, made in the account that then manages it. Most have one: `from_id` imports it.

    It is never deleted with its stack: its accounts would be on their own, without a policy over them.

    See https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_org.html

    Attributes:
        resource: The organisation.
        organization_id: Its id.
        root_id: The id of its root.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.resource = organizations.CfnOrganization(self, "Resource", feature_set="ALL")
        self.resource.apply_removal_policy(RemovalPolicy.RETAIN)
        self.organization_id: str = self.resource.attr_id
        self.root_id: str = self.resource.attr_root_id

    @property
    def place_id(self) -> str:
        """The root's id."""
        return self.root_id

    @staticmethod
    def from_id(organization_id: str, root_id: str) -> AnyOrganization:
        """An organisation that exists already; nothing is made.

        Args:
            organization_id: As `aws organizations describe-organization` shows it.
            root_id: As `aws organizations list-roots` shows it.

        Raises:
            DataLakeError: `organization_id`, `root_id`.
        """
        _check(organization_id, _ORGANIZATION_ID, "an organisation's id, such as o-exampleorgid", "organization_id")
        _check(root_id, _ROOT_ID, "a root's id, such as r-exam", "root_id")
        return _ImportedOrganization(organization_id, root_id)


class OrganizationalUnit(Construct):
    """A unit of the organisation. Its stack is in the management account.

    CloudFormation deletes a unit only when nothing is left in it. Another parent replaces the unit, which fails while it has accounts.

    See https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_ous.html

    Args:
        name: Unique below its parent, at most 128 characters.
        parent: The organisation or another unit.

    Attributes:
        resource: The unit.
        unit_id: Its id.
        unit_arn: Its ARN.

    Raises:
        DataLakeError: `unit_name`.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str, parent: Place) -> None:
        super().__init__(scope, construct_id)
        if not Token.is_unresolved(name) and not 0 < len(name) <= _LONGEST_NAME:
            msg = f"got a unit's name of {len(name)} characters; allowed are 1 to {_LONGEST_NAME}"
            raise misuse(self, msg, code="unit_name")
        self.unit_name = name
        self.resource = organizations.CfnOrganizationalUnit(self, "Resource", name=name, parent_id=parent.place_id)
        self.unit_id: str = self.resource.attr_id
        self.unit_arn: str = self.resource.attr_arn

    @property
    def place_id(self) -> str:
        """The unit's id."""
        return self.unit_id

    @staticmethod
    def from_id(organization: AnyOrganization, unit_id: str) -> AnyUnit:
        """A unit that exists already, for stacks in the management account; nothing is made.

        Args:
            organization: What it belongs to.
            unit_id: As `aws organizations list-organizational-units-for-parent` shows it.

        Raises:
            DataLakeError: `unit_id`.
        """
        _check(unit_id, _UNIT_ID, "a unit's id, such as ou-exam-11111111", "unit_id")
        return _ImportedUnit(organization.organization_id, unit_id)


@dataclass(frozen=True, slots=True)
class _ImportedOrganization:
    """An organisation that is there."""

    organization_id: str
    root_id: str

    @property
    def place_id(self) -> str:
        return self.root_id


@dataclass(frozen=True, slots=True)
class _ImportedUnit:
    """A unit that is there."""

    organization_id: str
    unit_id: str

    @property
    def place_id(self) -> str:
        return self.unit_id

    @property
    def unit_arn(self) -> str:
        return f"arn:{Aws.PARTITION}:organizations::{Aws.ACCOUNT_ID}:ou/{self.organization_id}/{self.unit_id}"


def _check(value: str, pattern: regex.Pattern[str], allowed: str, code: str) -> None:
    if not Token.is_unresolved(value) and not pattern.fullmatch(value):
        msg = f"got {value!r}; allowed is {allowed}"
        raise DataLakeError(msg, code=code)
