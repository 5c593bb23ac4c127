"""Security Hub and Macie: settings of a hub, and a session that is changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from moto.core.utils import utcnow
from moto.macie2 import responses as macie
from moto.securityhub import models, responses

from lakecheck.rehearsal.emulator.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

_SETTINGS: Final = ("AutoEnableControls", "ControlFindingGenerator")


def install() -> None:
    """Mends Security Hub and Macie in this process."""
    # The emulator drops how findings are generated and has no UpdateSecurityHubConfiguration.
    # https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_UpdateSecurityHubConfiguration.html
    response: Any = responses.SecurityHubResponse
    wrap(response, "enable_security_hub", _enable)
    wrap(models.SecurityHubBackend, "describe_hub", _described)
    response.update_security_hub_configuration = _update
    # The emulator has no UpdateMacieSession.
    # https://docs.aws.amazon.com/macie/latest/APIReference/macie.html
    session: Any = macie.MacieResponse
    session.update_macie_session = _update_session


def _keep(response: Any) -> None:
    given = json.loads(response.body or "{}")
    backend = response.securityhub_backend
    backend.hub_settings = {**getattr(backend, "hub_settings", {}), **{name: given[name] for name in _SETTINGS if name in given}}


def _enable(original: Callable[..., Any], response: Any) -> Any:
    response.securityhub_backend.hub_settings = {}
    _keep(response)
    return original(response)


def _described(original: Callable[..., Any], backend: Any, *given: Any, **named: Any) -> dict[str, Any]:
    return {**original(backend, *given, **named), **getattr(backend, "hub_settings", {})}


def _update(response: Any) -> str:
    response.securityhub_backend.describe_hub()
    _keep(response)
    return "{}"


def _update_session(response: Any) -> str:
    given, backend = json.loads(response.body or "{}"), response.macie_backend
    backend.get_macie_session()
    known = {name: given[name] for name in ("findingPublishingFrequency", "status") if name in given}
    backend.macie_session = {**backend.macie_session, **known, "updatedAt": utcnow()}
    return "{}"
