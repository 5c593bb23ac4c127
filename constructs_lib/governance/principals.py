"""Who a grant is for: roles, permission sets, groups, accounts, parts of the organisation. Never everybody."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn
from weakref import WeakKeyDictionary

from aws_cdk import Aws, Token, aws_iam as iam

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_ROLE = re.compile(r"arn:[\w-]+:iam::[0-9]{12}:role/\S+")
_HOME = re.compile(r"[^:]+:[^:]+:iam::([0-9]{12}):")
_ACCOUNT = re.compile(r"[0-9]{12}")
_PERMISSION_SET = re.compile(r"[\w+=,.@-]{1,32}")
_ORGANIZATION = re.compile(
    r"arn:[\w-]+:organizations::[0-9]{12}:(organization/o-[a-z0-9]{10,32}|ou/o-[a-z0-9]{10,32}/ou-[a-z0-9]{4,32}-[a-z0-9]{8,32})"
)
_OF_ORGANIZATIONS = ":organizations::"
_GROUP = re.compile(r"([0-9a-f]{10}-)?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_SAML = re.compile(r"arn:[\w-]+:iam::[0-9]{12}:saml-provider/[^:]+:(user|group)/.+")
_SUFFIX = "?" * 16  # as many characters as Identity Center appends, so that no set whose name begins alike is meant
_EVERYBODY = re.compile(r"\s*(IAM_ALLOWED_PRINCIPALS|.*:IAMPrincipals|\*)\s*", re.IGNORECASE)
_ANY_SET = re.compile(r".*:role/aws-reserved/sso\.amazonaws\.com/\*AWSReservedSSO_[\w+=,.@-]+_(\*|\?{16})")
_IN_IAM = re.compile(r"[^:]+:[^:]+:iam::([^:]*):(.+)")
_ASSIGNED = re.compile(r"role/aws-reserved/sso\.amazonaws\.com/(?:[\w-]+/|\*)?AWSReservedSSO_(.+)_(?:[0-9a-f]{16}|\*|\?{16})")
_REFERENCE = "${Token["  # asking CDK would cross the language border for each grant
OWN_ACCOUNT = re.compile(r"\$\{Token\[AWS\.AccountId\.[0-9]+\]\}")
"""`Aws.ACCOUNT_ID` in a text: the account of the stack, whose id may be known."""


@dataclass(frozen=True, slots=True)
class DataPrincipal:
    """A principal of Lake Formation's. Make one with the static methods; each refuses what means everybody.

    Attributes:
        identifier: What stands in the template as `DataLakePrincipalIdentifier`.
        account_id: The account, when the principal is a whole one: it gets rights to pass on.
        arn: The ARN as far as it is known at synth, where the identifier is a reference to a role of the app.

    Raises:
        DataLakeError: `principal_not_allowed` for what means everybody, and for a wildcard other than that of a permission set's role.
    """

    identifier: str
    account_id: str | None = None
    arn: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if _EVERYBODY.fullmatch(self.identifier):
            _refuse(self.identifier, "one principal that is named")
        is_pattern = "*" in self.identifier or "?" in self.identifier
        if is_pattern and not _ANY_SET.fullmatch(self.identifier):
            _refuse(self.identifier, "one principal without wildcards")

    def called(self, account: str) -> str:
        """One name for the principal, however it is spelled: by reference, by ARN with or without partition, by account or without.

        Args:
            account: The account of who asks; it is meant where the principal names none.

        Example:
            >>> DataPrincipal.role_arn("arn:aws:iam::444455556666:role/Analyst").called("111122223333")
            'role/Analyst of account 444455556666'
        """
        match = _IN_IAM.fullmatch(self.identifier if self.arn is None else self.arn)
        if match is None:
            return OWN_ACCOUNT.sub(account, self.identifier)
        home, name = OWN_ACCOUNT.sub(account, match[1]), match[2]
        assigned = _ASSIGNED.fullmatch(name)
        return f"{name if assigned is None else f'permission set {assigned[1]}'} of account {home}"

    @property
    def is_account(self) -> bool:
        """Whether it stands for a whole account, which passes on what it is granted."""
        return self.account_id is not None

    @property
    def passes_on(self) -> bool:
        """Whether it stands for accounts, which pass on what they are granted: an account, the organisation or a part of it."""
        return self.is_account or _OF_ORGANIZATIONS in self.identifier

    @property
    def home(self) -> str | None:
        """The account of a role, a permission set or a SAML principal, as far as its ARN says it."""
        match = _HOME.match(self.identifier if self.arn is None else self.arn)
        return None if match is None else match.group(1)

    @staticmethod
    def from_role(role: iam.IRole) -> DataPrincipal:
        """A role of this app, or an imported one."""
        arn = role.role_arn
        if _REFERENCE not in arn or arn.startswith("arn:"):
            return DataPrincipal(arn)
        if role not in _KNOWN:
            _KNOWN[role] = _arn_at_synth(role)
        return DataPrincipal(arn, arn=_KNOWN[role])

    @staticmethod
    def of(principal: DataPrincipal | iam.IRole) -> DataPrincipal:
        """The principal itself, or the one of a role: what every `grants` method accepts."""
        return principal if isinstance(principal, DataPrincipal) else DataPrincipal.from_role(principal)

    @staticmethod
    def role_arn(arn: str) -> DataPrincipal:
        """A role known by its ARN.

        Raises:
            DataLakeError: `principal_not_allowed`, if it is no role's ARN.

        Example:
            >>> DataPrincipal.role_arn("arn:aws:iam::444455556666:role/Analyst").identifier
            'arn:aws:iam::444455556666:role/Analyst'
        """
        return DataPrincipal(_checked(arn, _ROLE, "the ARN of a role"))

    @staticmethod
    def account(account_id: str) -> DataPrincipal:
        """A whole account: its administrators pass on what it is granted.

        Raises:
            DataLakeError: `principal_not_allowed`, if it is not 12 digits.
        """
        return DataPrincipal(_checked(account_id, _ACCOUNT, "an account id of 12 digits"), account_id)

    @staticmethod
    def permission_set(name: str, *, account_id: str | None = None) -> DataPrincipal:
        """Everyone assigned an Identity Center permission set in one account.

        The role behind it is called `AWSReservedSSO_<name>_<suffix>`, and nobody knows the suffix before it is assigned. So the template
        carries a pattern, which the handler resolves when it deploys. Only for grants in the very account it is assigned in. A set that
        is assigned anew gets another suffix: deploy a change of the grants then.

        Args:
            name: The permission set's name.
            account_id: The account; the one of the stack when left out.

        Raises:
            DataLakeError: `principal_not_allowed`, if it is no permission set's name.

        Example:
            >>> DataPrincipal.permission_set("DataAnalyst", account_id="444455556666").identifier.split(":role/")[1]
            'aws-reserved/sso.amazonaws.com/*AWSReservedSSO_DataAnalyst_????????????????'
        """
        _checked(name, _PERMISSION_SET, "a permission set's name")
        account_id = Aws.ACCOUNT_ID if account_id is None else account_id
        role = f"role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{name}_{_SUFFIX}"
        return DataPrincipal(f"arn:{Aws.PARTITION}:iam::{account_id}:{role}")

    @staticmethod
    def identity_center_group(group_id: str) -> DataPrincipal:
        """A group of Identity Center, for engines that propagate the user's identity.

        See https://docs.aws.amazon.com/lake-formation/latest/dg/grant-permissions-sso.html.

        Args:
            group_id: Its id in the identity store, as `906a1b2c3d-` and a UUID or the UUID alone; not its name.

        Raises:
            DataLakeError: `principal_not_allowed`, if it is no group's id.
        """
        return DataPrincipal(f"arn:{Aws.PARTITION}:identitystore:::group/{_checked(group_id, _GROUP, 'the id of a group')}")

    @staticmethod
    def saml(arn: str) -> DataPrincipal:
        """A user or group of a SAML provider: `arn:...:saml-provider/<provider>:group/<name>`.

        Raises:
            DataLakeError: `principal_not_allowed`, if it is no such ARN.
        """
        return DataPrincipal(_checked(arn, _SAML, "the ARN of a SAML user or group"))

    @staticmethod
    def organization(arn: str) -> DataPrincipal:
        """A whole organisation, or an organisational unit, by its ARN: the same as each of its accounts, now and later.

        Like an account it gets rights to pass on, never without grant option. By LF-Tags as well as by name, as the settings' version of
        sharing is at least 3.

        See https://docs.aws.amazon.com/lake-formation/latest/dg/cross-account-named-resource.html.

        Raises:
            DataLakeError: `principal_not_allowed`, if it is no such ARN.
        """
        what = "the ARN of an organisation or an organisational unit, written out but for its partition"
        if _OF_ORGANIZATIONS not in arn:  # a mere reference would be taken for somebody who reads
            _refuse(arn, what)
        return DataPrincipal(_checked(arn, _ORGANIZATION, what))


def _arn_at_synth(role: iam.IRole) -> str | None:
    """The ARN of a role of the app, with the name that it is made with; without a name but with its account when it has none."""
    made = role.node.default_child
    named = made.role_name if isinstance(made, iam.CfnRole) else None
    path = made.path if isinstance(made, iam.CfnRole) and made.path is not None else "/"
    name = role.role_arn if named is None or Token.is_unresolved(named) else f"role{path}{named}"
    return f"arn:{Aws.PARTITION}:iam::{role.env.account}:{name}"


_KNOWN: MutableMapping[iam.IRole, str | None] = WeakKeyDictionary()


def _checked(value: str, allowed: re.Pattern[str], what: str) -> str:
    if not (Token.is_unresolved(value) or allowed.fullmatch(value)):
        _refuse(value, what)
    return value


def _refuse(value: str, what: str) -> NoReturn:
    msg = f"got principal {value!r}; allowed here is {what}"
    if _EVERYBODY.fullmatch(value):
        msg += "; a grant to everybody takes the decision away from Lake Formation: name who is meant"
    raise DataLakeError(msg, code="principal_not_allowed")
