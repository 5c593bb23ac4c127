"""CloudTrail: selectors that replace each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.cloudtrail import models

from lakecheck.rehearsal.emulator.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable


def install() -> None:
    """Mends CloudTrail in this process."""
    # The emulator keeps advanced selectors beside basic ones, though each kind overwrites the other.
    # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
    wrap(models.Trail, "put_event_selectors", _selectors)
    # The emulator adds insights to those that are there, and an empty list does not end any.
    # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutInsightSelectors.html
    wrap(models.Trail, "put_insight_selectors", _insights)
    # The emulator says of every trail that it has neither.
    # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html
    wrap(models.Trail, "description", _described)


def _selectors(_original: Callable[..., Any], trail: Any, event_selectors: Any, advanced_event_selectors: Any) -> None:
    trail.event_selectors, trail.advanced_event_selectors = event_selectors or [], advanced_event_selectors or []


def _insights(_original: Callable[..., Any], trail: Any, insight_selectors: Any) -> None:
    trail.insight_selectors = list(insight_selectors or [])


def _described(original: Callable[..., Any], trail: Any, *given: Any, **named: Any) -> dict[str, Any]:
    chosen = bool(trail.event_selectors or trail.advanced_event_selectors)
    return {**original(trail, *given, **named), "HasCustomEventSelectors": chosen, "HasInsightSelectors": bool(trail.insight_selectors)}
