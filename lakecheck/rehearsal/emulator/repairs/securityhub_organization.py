"""Security Hub for an organisation: its administrator, the Region that findings come together in, what policies hold for.

The emulator names an administrator, keeps the organisation's configuration, and has none of these operations.
https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_Operations.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from moto.core.exceptions import JsonRESTError
from moto.organizations.models import organizations_backends
from moto.securityhub import models, responses, urls
from moto.utilities.utils import get_partition

from lakecheck.rehearsal.emulator.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

_SERVICE: Final = "securityhub.amazonaws.com"
_PATHS: Final = (
    "{0}/organization/admin$",
    "{0}/organization/admin/disable$",
    "{0}/findingAggregator/(?P<operation>create|list|update)$",
    "{0}/findingAggregator/(?P<operation>get|delete)/(?P<arn>.+)$",
    "{0}/configurationPolicyAssociation/get$",
)


def install() -> None:
    """Mends Security Hub in this process."""
    urls.url_paths.update(dict.fromkeys(_PATHS, responses.SecurityHubResponse.dispatch))
    response: Any = responses.SecurityHubResponse
    response.list_organization_admin_accounts = _list_administrators
    response.disable_organization_admin_account = _disable
    response.create_finding_aggregator = response.update_finding_aggregator = _put_aggregator
    response.list_finding_aggregators = _list_aggregators
    response.get_finding_aggregator = _get_aggregator
    response.delete_finding_aggregator = _delete_aggregator
    response.get_configuration_policy_association = _association
    wrap(models.SecurityHubBackend, "enable_organization_admin_account", _enable)
    wrap(models.SecurityHubBackend, "update_organization_configuration", _configure)


def _enable(original: Callable[..., Any], backend: Any, admin_account_id: str) -> Any:
    """Registers the account with Organizations too, and switches Security Hub on there."""
    original(backend, admin_account_id)
    organization: Any = organizations_backends[backend.account_id][get_partition(backend.region_name)]
    organization.enable_aws_service_access(ServicePrincipal=_SERVICE)
    organization.register_delegated_administrator(AccountId=admin_account_id, ServicePrincipal=_SERVICE)


def _configure(original: Callable[..., Any], backend: Any, **given: Any) -> Any:
    """The status is the service's to say."""
    if given.get("organization_configuration"):
        given["organization_configuration"] = {"Status": "ENABLED", "StatusMessage": "", **given["organization_configuration"]}
    return original(backend, **given)


def _list_administrators(response: Any) -> str:
    there = response.securityhub_backend._get_org_config()["admin_account_id"]  # noqa: SLF001 - where the emulator keeps it
    return json.dumps({"AdminAccounts": [{"AccountId": there, "Status": "ENABLED"}] if there else []})


def _disable(response: Any) -> str:
    response.securityhub_backend._get_org_config()["admin_account_id"] = None  # noqa: SLF001 - where the emulator keeps it
    return "{}"


def _arn(response: Any) -> str:
    backend = response.securityhub_backend
    partition = get_partition(backend.region_name)
    return f"arn:{partition}:securityhub:{backend.region_name}:{backend.account_id}:finding-aggregator/rehearsal"


def _put_aggregator(response: Any) -> str:
    given, backend = json.loads(response.body), response.securityhub_backend
    backend.aggregator = {
        "FindingAggregatorArn": _arn(response),
        "FindingAggregationRegion": backend.region_name,
        "RegionLinkingMode": given["RegionLinkingMode"],
        "Regions": given.get("Regions", []),
    }
    return json.dumps(backend.aggregator)


def _list_aggregators(response: Any) -> str:
    there = getattr(response.securityhub_backend, "aggregator", None)
    return json.dumps({"FindingAggregators": [{"FindingAggregatorArn": _arn(response)}] if there else []})


def _get_aggregator(response: Any) -> str:
    there = getattr(response.securityhub_backend, "aggregator", None)
    if not there:
        raise _absent()
    return json.dumps(there)


def _delete_aggregator(response: Any) -> str:
    response.securityhub_backend.aggregator = None
    return "{}"


def _association(_response: Any) -> str:
    raise _absent()


def _absent() -> JsonRESTError:
    error = JsonRESTError("ResourceNotFoundException", "The request was rejected because the resource was not found.")
    error.code = 404
    return error
