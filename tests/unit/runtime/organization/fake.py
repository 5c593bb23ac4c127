"""An organisation as documented, as far as the handlers use it: what is not allowed is refused with the service's own codes."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

from botocore.exceptions import ClientError

ROOT = "r-exam"
MANAGEMENT = "111111111111"
_CALLS = {"guardduty": "guardduty.amazonaws.com", "macie2": "macie.amazonaws.com", "securityhub": "securityhub.amazonaws.com"}


class CrashError(Exception):
    """The handler's process dies."""


def error(code: str, message: str = "") -> ClientError:
    """An error as boto3 raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class Fake:
    """What happens to every client: calls are counted, some fail, one may be the last.

    Attributes:
        calls: The operations that were called.
        failures: Errors to raise, by operation, each once, before anything is done.
        dies_at: Number of the call at which the process dies, from 0; `after` says whether it took effect before.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.failures: dict[str, list[ClientError]] = defaultdict(list)
        self.dies_at: int | None = None
        self.after = False
        self._number = itertools.count()

    def crash(self, at: int, *, after: bool) -> None:
        """Lets the process die at that call from now on."""
        self._number, self.dies_at, self.after = itertools.count(), at, after

    def recover(self) -> None:
        """Lets it live."""
        self.dies_at = None

    def call(self, name: str, operation: Any, arguments: dict[str, Any]) -> Any:
        """One call of an operation."""
        dies = next(self._number) == self.dies_at
        if dies and not self.after:
            raise CrashError
        self.calls.append(name)
        if self.failures[name]:
            raise self.failures[name].pop(0)
        answer = operation(**arguments)
        if dies:
            raise CrashError
        return answer


class Client:
    """A client whose operations are the methods of `served` with an underscore before their names."""

    def __init__(self, served: Any, fake: Fake, **extra: str) -> None:
        self._served, self._fake, self._extra = served, fake, extra

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._served, f"_{name}")
        return lambda **arguments: self._fake.call(name, operation, {**self._extra, **arguments})


class Parameters:
    """SSM's parameters."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def _get_parameter(self, Name: str) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        if Name not in self.values:
            raise error("ParameterNotFound")
        return {"Parameter": {"Value": self.values[Name]}}

    def _put_parameter(self, **given: Any) -> None:
        assert given["Overwrite"] is True
        self.values[given["Name"]] = given["Value"]

    def _delete_parameter(self, Name: str) -> None:  # noqa: N803 - boto3's spelling
        if self.values.pop(Name, None) is None:
            raise error("ParameterNotFound")


class World(Fake):
    """One organisation: its accounts' places, what it lets services do, and who administers them."""

    def __init__(self) -> None:
        super().__init__()
        self.parents = {MANAGEMENT: ROOT, "444444444401": "ou-exam-11111111", "444444444402": ROOT}
        self.units = {ROOT, "ou-exam-11111111", "ou-exam-22222222", "ou-exam-33333333"}
        self.above: dict[str, str] = {}  # units that are not at the root
        self.features = "ALL"
        self.types: dict[str, str] = {}
        self.policies: dict[str, list[bool]] = defaultdict(lambda: [True])  # by type, whether each is AWS's own
        self.attached: dict[str, list[str]] = defaultdict(list)  # service control policies of somebody's, by target
        self.trusted: set[str] = set()
        self.delegated: dict[str, set[str]] = defaultdict(set)
        self.regional: dict[tuple[str, str], str] = {}
        self.macie: set[str] = set()
        self.roles: set[str] = set()
        self.most_administrators: dict[str, int] = {}
        self.parameters = Parameters()

    def client(self, service: str, region: str | None = None) -> Any:
        """A client as boto3 makes it."""
        if service == "ssm":
            return Client(self.parameters, self)
        if service in _CALLS:
            return Client(self, self, service=service, region=str(region))
        return Client(self, self)

    def state(self) -> Any:
        """Everything that is to be given back."""
        delegated = {service: sorted(accounts) for service, accounts in self.delegated.items() if accounts}
        return dict(self.parents), dict(self.types), sorted(self.trusted), delegated, dict(self.regional), dict(self.parameters.values)

    # Organizations

    def _describe_organization(self) -> dict[str, Any]:
        return {"Organization": {"Id": "o-exampleorgid", "MasterAccountId": MANAGEMENT, "FeatureSet": self.features}}

    def _list_roots(self) -> dict[str, Any]:
        return {"Roots": [{"Id": ROOT, "PolicyTypes": [{"Type": name, "Status": status} for name, status in self.types.items()]}]}

    def _enable_policy_type(self, RootId: str, PolicyType: str) -> None:  # noqa: N803 - boto3's spelling
        assert RootId == ROOT
        if PolicyType in self.types:
            raise error("PolicyTypeAlreadyEnabledException")
        self.types[PolicyType] = "ENABLED"

    def _disable_policy_type(self, RootId: str, PolicyType: str) -> None:  # noqa: N803 - boto3's spelling
        assert RootId == ROOT
        if self.types.pop(PolicyType, None) is None:
            raise error("PolicyTypeNotEnabledException")

    def _list_policies(self, Filter: str) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        return {"Policies": [{"AwsManaged": ours} for ours in self.policies[Filter]]}

    def _list_aws_service_access_for_organization(self, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        services, at = sorted(self.trusted), int(NextToken)  # one on a page
        page: dict[str, Any] = {"EnabledServicePrincipals": [{"ServicePrincipal": each} for each in services[at : at + 1]]}
        return page | ({"NextToken": str(at + 1)} if at + 1 < len(services) else {})

    def _enable_aws_service_access(self, ServicePrincipal: str) -> None:  # noqa: N803 - boto3's spelling
        self.trusted.add(ServicePrincipal)

    def _disable_aws_service_access(self, ServicePrincipal: str) -> None:  # noqa: N803 - boto3's spelling
        if self.delegated[ServicePrincipal]:
            raise error("ConstraintViolationException", "it has delegated administrators")
        self.trusted.discard(ServicePrincipal)

    def _list_delegated_administrators(self, ServicePrincipal: str) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        return {"DelegatedAdministrators": [{"Id": each} for each in sorted(self.delegated[ServicePrincipal])]}

    def _register_delegated_administrator(self, AccountId: str, ServicePrincipal: str) -> None:  # noqa: N803 - boto3's spelling
        there = self.delegated[ServicePrincipal]
        if AccountId in there:
            raise error("AccountAlreadyRegisteredException")
        if ServicePrincipal not in self.trusted:
            raise error("ConstraintViolationException", "SERVICE_ACCESS_NOT_ENABLED")
        if len(there) >= self.most_administrators.get(ServicePrincipal, 3):
            raise error("ConstraintViolationException", "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED")
        there.add(AccountId)

    def _deregister_delegated_administrator(self, AccountId: str, ServicePrincipal: str) -> None:  # noqa: N803 - boto3's spelling
        if AccountId not in self.delegated[ServicePrincipal]:
            raise error("AccountNotRegisteredException")
        self.delegated[ServicePrincipal].discard(AccountId)

    def _list_parents(self, ChildId: str) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        if ChildId in self.units - {ROOT}:
            return {"Parents": [{"Id": self.above.get(ChildId, ROOT)}]}
        if ChildId not in self.parents:
            raise error("ChildNotFoundException")
        return {"Parents": [{"Id": self.parents[ChildId]}]}

    def _list_policies_for_target(self, TargetId: str, Filter: str, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        if Filter != "SERVICE_CONTROL_POLICY":
            return {"Policies": []}
        there = [{"Id": "p-FullAWSAccess", "Name": "FullAWSAccess", "AwsManaged": True}]
        there += [{"Id": each, "Name": f"name of {each}", "AwsManaged": False} for each in self.attached[TargetId]]
        at = int(NextToken)  # one on a page
        return {"Policies": there[at : at + 1], **({"NextToken": str(at + 1)} if at + 1 < len(there) else {})}

    def _move_account(self, AccountId: str, SourceParentId: str, DestinationParentId: str) -> None:  # noqa: N803 - boto3's spelling
        if DestinationParentId not in self.units:
            raise error("DestinationParentNotFoundException")
        if self.parents[AccountId] != SourceParentId:
            raise error("SourceParentNotFoundException")
        if SourceParentId == DestinationParentId:
            raise error("DuplicateAccountException")
        self.parents[AccountId] = DestinationParentId

    # RAM, IAM

    def _enable_sharing_with_aws_organization(self) -> dict[str, bool]:
        self.trusted.add("ram.amazonaws.com")
        self.roles.add("AWSServiceRoleForResourceAccessManager")
        return {"returnValue": True}

    def _get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        if RoleName not in self.roles:
            raise error("NoSuchEntity")
        return {"Role": {"RoleName": RoleName}}

    # Services with calls of their own

    def _list_organization_admin_accounts(self, service: str, region: str) -> dict[str, Any]:
        there = self.regional.get((service, region))
        if service == "macie2":
            self._get_macie_session(service, region)
            return {"adminAccounts": [{"accountId": there, "status": "ENABLED"}] if there else []}
        if service == "securityhub":
            return {"AdminAccounts": [{"AccountId": there, "Status": "ENABLED"}] if there else []}
        return {"AdminAccounts": [{"AdminAccountId": there, "AdminStatus": "ENABLED"}] if there else []}

    def _enable_organization_admin_account(self, service: str, region: str, **given: str) -> None:
        account = given["adminAccountId" if service == "macie2" else "AdminAccountId"]
        others = self.delegated[_CALLS[service]] - {account}
        if self.regional.get((service, region), account) != account or others:
            raise error("BadRequestException", "another account is the delegated administrator")
        self.trusted.add(_CALLS[service])
        self.delegated[_CALLS[service]].add(account)
        self.regional[service, region] = account

    def _disable_organization_admin_account(self, service: str, region: str, **given: str) -> None:
        assert self.regional.pop((service, region)) in given.values()

    def _get_macie_session(self, service: str, region: str) -> dict[str, str]:
        assert service == "macie2"
        if region not in self.macie:
            raise error("AccessDeniedException", "Macie is not enabled.")
        return {"status": "ENABLED"}

    def _enable_macie(self, service: str, region: str, status: str) -> None:
        assert (service, status) == ("macie2", "ENABLED")
        self.macie.add(region)
