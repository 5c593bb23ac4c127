"""Delegated administrators: registered with Organizations, or by a call of the service's own where it has one.

GuardDuty, Macie and Security Hub have one administrator for each Region, named by a call in that Region, which registers the account
with Organizations too. Other services know what Organizations says, and some of them several administrators.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ..custom_resources.retry import code_of, message_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..custom_resources.retry import Retry

_GONE = frozenset({"AccountNotRegisteredException", "AccountNotFoundException"})
_UNKNOWN = "InvalidInputException"


class AdministratorError(Exception):
    """Somebody else is the administrator; says who and what to do."""


@dataclass(frozen=True, slots=True)
class OwnCall:
    """How a service names its administrator itself.

    Attributes:
        client: boto3's name of the service.
        argument: What its calls call the account.
        accounts: Where its list has the accounts.
        account: What the list calls an account's id.
    """

    client: str
    argument: str = "AdminAccountId"
    accounts: str = "AdminAccounts"
    account: str = "AdminAccountId"


OWN_CALLS = {
    "guardduty.amazonaws.com": OwnCall("guardduty"),
    "macie.amazonaws.com": OwnCall("macie2", argument="adminAccountId", accounts="adminAccounts", account="accountId"),
    "securityhub.amazonaws.com": OwnCall("securityhub", account="AccountId"),
}
"""Services with a call of their own, by their service principal."""

_MACIE = "macie2"
_NOT_ENABLED = "not enabled"


class Administrators:
    """Who administers services for the organisation.

    Args:
        organizations: A boto3 client, in the management account.
        regional: Makes a boto3 client from a service's and a Region's name.
        retry: How to call them.
        regions: Where the services with calls of their own have their administrator.
    """

    def __init__(self, organizations: Any, regional: Callable[[str, str], Any], retry: Retry, regions: Sequence[str]) -> None:
        self._organizations = organizations
        self._regional = regional
        self._retry = retry
        self._regions = tuple(regions)

    def of(self, service: str, region: str, known: Sequence[str]) -> str:
        """The service's administrator; of several the first of `known`, and empty if none of several is.

        A service with a call of its own has the same one in every Region: who is registered and not among `known` is it here as well.
        """
        own = OWN_CALLS.get(service)
        if own is not None and (here := self._own(own, region)):
            return here
        there = self._registered(service)
        if own is not None:
            return next((each for each in there if each not in known), "")
        return next((each for each in known if each in there), "")

    def region_of(self, service: str, account: str) -> str:
        """A Region in which the account administers the service; empty where it is none of ours, or that is not for a Region."""
        own = OWN_CALLS.get(service)
        return "" if own is None else next((region for region in self._regions if self._own(own, region) == account), "")

    def put(self, service: str, region: str, account: str) -> None:
        """Makes `account` the administrator.

        Raises:
            AdministratorError: If the service takes no further one.
        """
        own = OWN_CALLS.get(service)
        if own is None:
            self._register(service, account)
            return
        client = self._regional(own.client, region)
        if own.client == _MACIE and not self._has_macie(client):
            # Only an account with Macie can name the administrator. It stays on afterwards: others may use it by then.
            self._retry.call(client.enable_macie, status="ENABLED")
        self._retry.call(client.enable_organization_admin_account, **{own.argument: account})

    def remove(self, service: str, region: str, account: str) -> None:
        """Takes the account out."""
        own = OWN_CALLS.get(service)
        if own is None:
            self._deregister(service, account)
        else:
            self._retry.call(self._regional(own.client, region).disable_organization_admin_account, **{own.argument: account})

    def release(self, service: str, account: str) -> None:
        """Takes the account out of Organizations' register too, where the service's own call leaves it, once it has no Region left.

        Until then the service takes nobody else.
        """
        own = OWN_CALLS.get(service)
        if own is not None and all(self._own(own, region) != account for region in self._regions):
            self._deregister(service, account)

    def any_of(self, service: str) -> bool:
        """Whether anybody administers the service; nobody does of one that Organizations knows no administrators of."""
        try:
            return bool(self._registered(service))
        except ClientError as error:
            if code_of(error) != _UNKNOWN:
                raise
            return False

    def _deregister(self, service: str, account: str) -> None:
        try:
            self._retry.call(self._organizations.deregister_delegated_administrator, AccountId=account, ServicePrincipal=service)
        except ClientError as error:
            if code_of(error) not in _GONE:
                raise

    def _own(self, own: OwnCall, region: str) -> str:
        client = self._regional(own.client, region)
        if own.client == _MACIE and not self._has_macie(client):
            return ""
        listed = self._retry.call(client.list_organization_admin_accounts).get(own.accounts) or []
        return str(listed[0][own.account]) if listed else ""  # also one that is just being taken out: until then nobody else is taken

    def _has_macie(self, client: Any) -> bool:
        try:
            client.get_macie_session()  # not by the retry, which waits for refusals to pass: that Macie is off looks like one
        except ClientError as error:
            if _NOT_ENABLED in message_of(error).lower():
                return False
            self._retry.call(client.get_macie_session)
        return True

    def _registered(self, service: str) -> list[str]:
        found: list[str] = []
        arguments: dict[str, Any] = {"ServicePrincipal": service}
        while True:
            page = self._retry.call(self._organizations.list_delegated_administrators, **arguments)
            found += [str(each["Id"]) for each in page.get("DelegatedAdministrators") or []]
            if not page.get("NextToken"):
                return found
            arguments["NextToken"] = page["NextToken"]

    def _register(self, service: str, account: str) -> None:
        try:
            self._retry.call(self._organizations.register_delegated_administrator, AccountId=account, ServicePrincipal=service)
        except ClientError as error:
            if code_of(error) == "AccountAlreadyRegisteredException":
                return
            there = self._registered(service) if code_of(error) == "ConstraintViolationException" else []
            if not there:
                raise
            raise AdministratorError(taken(service, "", ", ".join(there), account)) from error


def taken(service: str, region: str, there: str, wanted: str) -> str:
    """That somebody else is the administrator, and what to do."""
    place = f" in {region}" if region else ""
    return (
        f"{there} is the delegated administrator of {service}{place}, declared is {wanted}; nothing was changed: declare {there}, or take "
        "it out first, as it may have settings for the whole organisation"
    )
