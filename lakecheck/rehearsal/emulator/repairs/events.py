"""EventBridge: policies of buses, and buses that are changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from moto.core.utils import unix_time
from moto.events import models, responses

from lakecheck.rehearsal.emulator.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CHANGED: Final = {"Description": "description", "KmsKeyIdentifier": "kms_key_identifier", "DeadLetterConfig": "dead_letter_config"}


def install() -> None:
    """Mends EventBridge in this process."""
    # The emulator adds the statements of a policy to those that are there, and takes away others with the same principal.
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html: a policy replaces the whole one.
    wrap(models.EventBus, "add_policy", _policy)
    # The emulator has no UpdateEventBus.
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateEventBus.html
    response: Any = responses.EventsHandler
    response.update_event_bus = _update_bus


def _policy(_original: Callable[..., Any], bus: Any, policy: Mapping[str, Any]) -> None:
    bus.remove_statements()
    for statement in policy["Statement"]:
        bus._statements[statement["Sid"]] = models.EventBusPolicyStatement.from_dict(dict(statement))  # noqa: SLF001 - its only way in


def _update_bus(response: Any) -> tuple[str, dict[str, Any]]:
    given = json.loads(response.body)
    bus = response.events_backend.describe_event_bus(given.get("Name") or "default")
    for name, attribute in _CHANGED.items():
        if name in given:
            setattr(bus, attribute, given[name])
    bus.last_modified_time = unix_time()
    told = {name: getattr(bus, attribute) for name, attribute in _CHANGED.items() if getattr(bus, attribute)}
    answer: tuple[str, dict[str, Any]] = response._create_response({"Arn": bus.arn, "Name": bus.name, **told})  # noqa: SLF001
    return answer
