"""GuardDuty: its administrator for an organisation, and what members get.

The emulator names an administrator and has none of the operations that follow from it.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from moto.core.exceptions import JsonRESTError
from moto.guardduty import models, responses, urls
from moto.organizations.exceptions import OrganizationsClientError
from moto.organizations.models import organizations_backends
from moto.utilities.utils import get_partition

from lakecheck.rehearsal.emulator.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

_PATHS: Final = ("{0}/detector/(?P<detector_id>[^/]+)/admin$", "{0}/admin/disable$")
_DETECTOR: Final = ("enable", "finding_publishing_frequency", "data_sources", "tags", "features")


def install() -> None:
    """Mends GuardDuty in this process."""
    urls.url_paths.update(dict.fromkeys(_PATHS, responses.GuardDutyResponse.dispatch))
    response: Any = responses.GuardDutyResponse
    response.describe_organization_configuration = _describe
    response.update_organization_configuration = _update
    response.disable_organization_admin_account = _disable
    wrap(models.GuardDutyBackend, "enable_organization_admin_account", _enable)
    wrap(models.GuardDutyBackend, "create_detector", _create)


def _create(original: Callable[..., Any], backend: Any, *given: Any, **named: Any) -> Any:
    """Everything but whether it is on may be left out."""
    told = {**dict(zip(_DETECTOR, given, strict=False)), **named}
    told["finding_publishing_frequency"] = told.get("finding_publishing_frequency") or "SIX_HOURS"
    empty: dict[str, Any] = {"data_sources": {}, "tags": {}, "features": []}
    return original(backend, **{name: empty.get(name) if told.get(name) is None else told[name] for name in _DETECTOR})


def _enable(original: Callable[..., Any], backend: Any, admin_account_id: str) -> Any:
    """Registers the account with Organizations too, and switches GuardDuty on there."""
    if admin_account_id not in backend.admin_account_ids:
        original(backend, admin_account_id)
    organization: Any = organizations_backends[backend.account_id][get_partition(backend.region_name)]
    organization.enable_aws_service_access(ServicePrincipal="guardduty.amazonaws.com")
    organization.register_delegated_administrator(AccountId=admin_account_id, ServicePrincipal="guardduty.amazonaws.com")
    theirs: Any = models.guardduty_backends[admin_account_id][backend.region_name]
    if not theirs.detectors:
        theirs.create_detector(enable=True)


def _disable(response: Any) -> str:
    account, there = response._get_param("adminAccountId"), response.guardduty_backend.admin_account_ids  # noqa: SLF001 - moto's own way
    if account not in there:
        raise _refused("the account is not the delegated administrator")
    there.remove(account)
    return "{}"


def _configuration(response: Any) -> dict[str, Any]:
    backend = response.guardduty_backend
    backend.get_detector(response.path.split("/")[-2])
    try:
        organization = organizations_backends[backend.account_id][get_partition(backend.region_name)].describe_organization()
    except OrganizationsClientError as error:
        raise _refused("the account is in no organization") from error
    management = organization["Organization"]["MasterAccountId"]
    if backend.account_id not in models.guardduty_backends[management][backend.region_name].admin_account_ids:
        raise _refused("the account isn't the delegated administrator")
    if not hasattr(backend, "members"):
        backend.members = {"autoEnableOrganizationMembers": "NONE", "autoEnable": False, "features": []}
    kept: dict[str, Any] = backend.members
    return kept


def _describe(response: Any) -> str:
    return json.dumps({**_configuration(response), "memberAccountLimitReached": False})


def _update(response: Any) -> str:
    kept, given = _configuration(response), json.loads(response.body or "{}")
    kept["autoEnableOrganizationMembers"] = given.get("autoEnableOrganizationMembers", kept["autoEnableOrganizationMembers"])
    kept["autoEnable"] = kept["autoEnableOrganizationMembers"] != "NONE"
    features = {one["name"]: one for one in (*kept["features"], *given.get("features", []))}
    kept["features"] = list(features.values())
    return "{}"


def _refused(reason: str) -> JsonRESTError:
    return JsonRESTError("BadRequestException", f"The request failed because {reason}.")
