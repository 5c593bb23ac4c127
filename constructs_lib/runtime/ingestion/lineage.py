"""OpenLineage run events: which files a run read, which table it wrote, with what columns and quality.

The job writes the event beside its manifest; the state machine hands it on. https://openlineage.io/docs/spec/object-model
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .manifest import Manifest
    from .spec import JobSpec


def run_event(manifest: Manifest, spec: JobSpec, *, producer: str, region: str = "", account: str = "") -> dict[str, Any]:
    """The event of a run that ended: `COMPLETE` when it is published, `ABORT` when the gate holds it."""
    raise NotImplementedError((manifest, spec, producer, region, account))
