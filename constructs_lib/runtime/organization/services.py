"""What an organisation lets services do: policy types, trusted access, sharing with the organisation, delegated administrators.

What is there already is adopted. A delegated administrator other than the declared one fails the request before anything is changed.
What is no longer declared, or goes with a delete, becomes what it was before it was declared here, unless somebody has changed it since.
Two things are not given back, because others come to depend on them unseen: a policy type under which there are policies, and sharing
with the organisation, without which every share of every account with it would end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

from ..custom_resources.cfn_response import LOG, handle
from ..custom_resources.retry import CLIENT_CONFIG, Retry, code_of
from .administrators import OWN_CALLS, AdministratorError, Administrators, taken
from .memory import Memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..custom_resources.cfn_response import Deadline, LambdaContext, Request

_ON = "on"
_POLICY_TYPE, _ACCESS, _SHARING, _ADMINISTRATOR = "policy-type", "access", "sharing", "administrator"
_ALL_FEATURES = "ALL"
_RAM = "ram.amazonaws.com"
_RAM_ROLE = "AWSServiceRoleForResourceAccessManager"
_SETTLES = 12  # looks at what was just changed


class ServicesError(Exception):
    """Something that could not be brought about; says why and what to do."""


class Item(NamedTuple):
    """One thing that is on or off, or held by an account."""

    kind: str
    name: str
    region: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in self if part)

    @classmethod
    def of(cls, text: str) -> Item:
        """The item with that text."""
        return cls(*text.split(" "))


class _Change(NamedTuple):
    """What an item is to become, from what it is."""

    item: Item
    value: str
    now: str


class Clients(NamedTuple):
    """boto3 clients in the management account, and how to make one for a Region."""

    organizations: Any
    ram: Any
    iam: Any
    ssm: Any
    regional: Any


class Services:
    """The services of one organisation.

    Args:
        clients: Whom to ask.
        retry: How to call them.
        memory: Name of the SSM parameter that remembers what was there before.
        root: The organisation's root.
        regions: Where services with an administrator for each Region get one.
    """

    def __init__(self, clients: Clients, retry: Retry, *, memory: str, root: str, regions: list[str]) -> None:
        self._clients = clients
        self._retry = retry
        self._memory = Memory(clients.ssm, retry, memory, about="what the organisation lets services do")
        self._root = root
        self._administrators = Administrators(clients.organizations, clients.regional, retry, regions)
        self._named: dict[str, set[str]] = {}

    def apply(self, request: Request) -> dict[str, str]:
        """Brings about what the request declares, and gives back what it no longer does.

        Raises:
            AdministratorError: If somebody else is a delegated administrator.
            ServicesError: If something does not become what was asked for.
            SecondOwnerError: If another stack declares the organisation's services.
        """
        self._memory.load()
        if not self._memory.claim(request):
            return {}
        known = self._memory.contents.setdefault("Items", {})
        earlier = {**declared(request.old_properties), **(declared(request.properties) if request.kind == "Delete" else {})}
        wanted = {} if request.kind == "Delete" else declared(request.properties)
        if wanted:
            self._check_features()
        self._named = _administrators_named(wanted, earlier, known)
        there = {item: self._read(item, (value, _ours(known, item), earlier.get(item, ""))) for item, value in wanted.items()}
        kept = self._refuse(wanted, there, known, earlier)
        for item, value in wanted.items():  # written down first: a repeated request does not take for theirs what is ours
            known.setdefault(str(item), {"Before": there[item], "Ours": value})
        self._memory.save()
        self._bring_about([_Change(item, value, there[item]) for item, value in wanted.items() if item not in kept], known, earlier)
        for item, value in wanted.items():
            known[str(item)]["Ours"] = value
        self._give_back([Item.of(text) for text in known if Item.of(text) not in wanted], known, earlier)
        if request.kind == "Delete":
            self._memory.forget()
            return {}
        self._memory.contents["Items"] = {text: record for text, record in known.items() if Item.of(text) in wanted}
        self._memory.save()
        return {"Kept": ", ".join(map(str, sorted(kept)))}

    def _refuse(
        self, wanted: Mapping[Item, str], there: Mapping[Item, str], known: Mapping[str, Any], earlier: Mapping[Item, str]
    ) -> set[Item]:
        """Refuses to replace another administrator, but for one that came since this very declaration was brought about: it is kept.

        An update back to what was declared before may be CloudFormation rolling back, which must not fail.
        """
        kept = set()
        for item, value in wanted.items():
            ours = _ours(known, item)
            if item.kind != _ADMINISTRATOR or there[item] in {"", value, ours, earlier.get(item, "")}:
                continue
            if ours != value:
                raise AdministratorError(taken(item.name, self._administrators.region_of(item.name, there[item]), there[item], value))
            LOG.warning("%s is %s by now, declared is %s: it is kept", item, there[item], value)
            kept.add(item)
        return kept

    def _give_back(self, gone: list[Item], known: Mapping[str, Any], earlier: Mapping[Item, str]) -> None:
        """Administrators first: access stays while somebody administers the service."""
        for is_administrator in (True, False):
            changes = []
            for item in gone:
                if (item.kind == _ADMINISTRATOR) is not is_administrator:
                    continue
                before, ours = known[str(item)]["Before"], {known[str(item)]["Ours"], earlier.get(item, ""), ""}
                now = self._read(item, (*ours, before))
                if now in ours and not (now and self._is_needed(item)):
                    changes.append(_Change(item, before, now))
            self._bring_about(changes, known, earlier)

    def _is_needed(self, item: Item) -> bool:
        """Whether others depend on it; of sharing that cannot be known."""
        lookups = {_POLICY_TYPE: self._has_policies, _ACCESS: self._administrators.any_of}
        needed = lookups[item.kind](item.name) if item.kind in lookups else item.kind == _SHARING
        if needed:
            LOG.warning("%s stays: others may depend on it", item)
        return needed

    def _bring_about(self, changes: list[_Change], known: Mapping[str, Any], earlier: Mapping[Item, str]) -> None:
        """Whoever goes, goes first, in every Region: a service takes a new administrator only when it has none left."""
        administrators = [change for change in changes if change.item.kind == _ADMINISTRATOR]
        for item, value, now in administrators:
            if now not in {"", value}:
                self._administrators.remove(item.name, item.region, now)
                self._settled(item, "", (value, now))
        for item, value, _ in administrators:
            for account in {_ours(known, item), earlier.get(item, "")} - {"", value}:
                self._administrators.release(item.name, account)
        for item, value, now in changes:
            if value == now:
                continue
            if item.kind != _ADMINISTRATOR:
                self._switch(item, on=bool(value))
            elif value:
                self._administrators.put(item.name, item.region, value)
            self._settled(item, value, (value, now))

    def _read(self, item: Item, values: Iterable[str]) -> str:
        if item.kind == _ADMINISTRATOR:
            named = self._named.get(item.name, set()) if item.name in OWN_CALLS else set()
            return self._administrators.of(item.name, item.region, [value for value in (*values, *sorted(named)) if value])
        readers = {_POLICY_TYPE: self._policy_types, _ACCESS: self._trusted, _SHARING: self._shared}
        return _ON if item.name in readers[item.kind]() else ""

    def _settled(self, item: Item, value: str, values: Iterable[str]) -> None:
        for attempt in range(_SETTLES):
            if self._read(item, values) == value:
                return
            self._retry.pause(attempt)
        msg = f"{item} did not become {value or 'off'}: something else in the organisation changes it; make it stop and deploy again"
        raise ServicesError(msg)

    def _switch(self, item: Item, *, on: bool) -> None:
        organizations = self._clients.organizations
        if item.kind == _POLICY_TYPE:
            operation = organizations.enable_policy_type if on else organizations.disable_policy_type
            self._tolerant({"PolicyTypeAlreadyEnabledException", "PolicyTypeNotEnabledException"}, operation, item.name)
        elif item.kind == _ACCESS:
            operation = organizations.enable_aws_service_access if on else organizations.disable_aws_service_access
            self._retry.call(operation, ServicePrincipal=item.name)
        else:
            self._retry.call(self._clients.ram.enable_sharing_with_aws_organization)

    def _tolerant(self, codes: set[str], operation: Any, policy_type: str) -> None:
        try:
            self._retry.call(operation, RootId=self._root, PolicyType=policy_type)
        except ClientError as error:
            if code_of(error) not in codes:
                raise

    def _check_features(self) -> None:
        there = self._retry.call(self._clients.organizations.describe_organization)["Organization"]
        if there.get("FeatureSet", _ALL_FEATURES) != _ALL_FEATURES:
            msg = (
                f"the organisation {there['Id']} has consolidated billing alone, without policies and trusted access; nothing was changed: "
                "enable all features, which every account has to confirm, then deploy again"
            )
            raise ServicesError(msg)

    def _policy_types(self) -> set[str]:
        found = self._all(self._clients.organizations.list_roots, "Roots")
        root = next((each for each in found if each["Id"] == self._root), None)
        if root is None:
            there = ", ".join(str(each["Id"]) for each in found)
            msg = f"got the root {self._root}; this organisation's is {there}: declare that one, and deploy to the management account"
            raise ServicesError(msg)
        return {str(each["Type"]) for each in root.get("PolicyTypes") or [] if each["Status"] == "ENABLED"}

    def _has_policies(self, policy_type: str) -> bool:
        policies = self._all(self._clients.organizations.list_policies, "Policies", Filter=policy_type)
        return any(not each.get("AwsManaged") for each in policies)

    def _trusted(self) -> set[str]:
        found = self._all(self._clients.organizations.list_aws_service_access_for_organization, "EnabledServicePrincipals")
        return {str(each["ServicePrincipal"]) for each in found}

    def _shared(self) -> set[str]:
        """Whether RAM shares with the organisation: trusted access alone, without RAM's role, does not do."""
        if _RAM not in self._trusted():
            return set()
        try:
            self._retry.call(self._clients.iam.get_role, RoleName=_RAM_ROLE)
        except ClientError as error:
            if code_of(error) != "NoSuchEntity":
                raise
            return set()
        return {_RAM}

    def _all(self, operation: Any, at: str, **arguments: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self._retry.call(operation, **arguments)
            found += page.get(at) or []
            if not page.get("NextToken"):
                return found
            arguments["NextToken"] = page["NextToken"]


def declared(properties: Mapping[str, Any]) -> dict[Item, str]:
    """What a resource's properties declare, in the order it has to be brought about."""
    items = {Item(_POLICY_TYPE, str(name)): _ON for name in properties.get("PolicyTypes") or []}
    items |= {Item(_ACCESS, str(name)): _ON for name in properties.get("TrustedAccess") or []}
    if str(properties.get("ShareWithOrganization", "false")).lower() == "true":
        items[Item(_SHARING, _RAM)] = _ON
    for service, account in (properties.get("DelegatedAdministrators") or {}).items():
        regions = properties.get("Regions") or [] if service in OWN_CALLS else [""]
        items |= {Item(_ADMINISTRATOR, str(service), str(region)): str(account) for region in regions}
    return items


def _administrators_named(wanted: Mapping[Item, str], earlier: Mapping[Item, str], known: Mapping[str, Any]) -> dict[str, set[str]]:
    """Whom this declaration names or named, by service: a registration of theirs is no stranger's, whatever the Region."""
    named: dict[str, set[str]] = {}
    ours = {Item.of(text): str(record["Ours"]) for text, record in known.items()}
    for items in (wanted, earlier, ours):
        for item, account in items.items():
            if item.kind == _ADMINISTRATOR:
                named.setdefault(item.name, set()).add(account)
    return named


def _ours(known: Mapping[str, Any], item: Item) -> str:
    return str(known.get(str(item), {}).get("Ours", ""))


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Lambda's entry: one create, update or delete of the organisation's services."""

    def apply(request: Request, deadline: Deadline) -> dict[str, str]:
        make: Any = boto3.client

        def client(service: str, region: str | None = None) -> Any:
            return make(service, region_name=region, config=CLIENT_CONFIG)

        services = Services(
            Clients(client("organizations"), client("ram"), client("iam"), client("ssm"), regional=client),
            Retry(deadline),
            memory=str(request.properties["MemoryParameter"]),
            root=str(request.properties["RootId"]),
            regions=[str(region) for region in request.properties.get("Regions") or []],
        )
        return services.apply(request)

    handle(event, context, apply)
