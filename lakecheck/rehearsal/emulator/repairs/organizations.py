"""Organizations: services that may be trusted and administered, no organisation, and sharing with one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from moto.iam import iam_backends
from moto.iam.exceptions import EntityAlreadyExists
from moto.organizations import models
from moto.organizations.exceptions import AWSOrganizationsNotInUseException
from moto.ram.models import ResourceAccessManagerBackend

from lakecheck.rehearsal.emulator.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

_TRUSTED: Final = ("malware-protection.guardduty.amazonaws.com",)
_ADMINISTERED: Final = ("config.amazonaws.com", "securityhub.amazonaws.com")


def install() -> None:
    """Mends Organizations in this process."""
    # The emulator's lists of services are older than AWS's.
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html
    for known, missing in (
        (models.FakeServiceAccess.TRUSTED_SERVICES, _TRUSTED),
        (models.FakeDelegatedAdministrator.SUPPORTED_SERVICES, _ADMINISTERED),
    ):
        known += [service for service in missing if service not in known]
    # Without an organisation the emulator breaks where AWS says that there is none.
    # https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html
    for name in ("create_organizational_unit", "create_policy"):
        wrap(models.OrganizationsBackend, name, _in_use)
    # The emulator's sharing has neither the trusted access nor the role that AWS gives it.
    # https://docs.aws.amazon.com/ram/latest/APIReference/API_EnableSharingWithAwsOrganization.html
    wrap(ResourceAccessManagerBackend, "enable_sharing_with_aws_organization", _share)


def _in_use(original: Callable[..., Any], backend: Any, **given: Any) -> Any:
    if backend.org is None:
        raise AWSOrganizationsNotInUseException
    return original(backend, **given)


def _share(original: Callable[..., Any], backend: Any) -> Any:
    answer = original(backend)
    backend.organizations_backend.enable_aws_service_access(ServicePrincipal="ram.amazonaws.com")
    with contextlib.suppress(EntityAlreadyExists):
        iam_backends[backend.account_id][backend.partition].create_service_linked_role("ram.amazonaws.com", "", "")
    return answer
