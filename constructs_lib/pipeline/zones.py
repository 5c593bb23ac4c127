"""What a pipeline needs of the lake's storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from constructs_lib.storage import LakeZone


class PipelineZones(Protocol):
    """The four zones that a pipeline moves data through; a `LakeStorage` has them."""

    @property
    def landing(self) -> LakeZone:
        """Where objects arrive; versioned, with events to EventBridge."""
        ...

    @property
    def raw(self) -> LakeZone:
        """Where the original is kept."""
        ...

    @property
    def curated(self) -> LakeZone:
        """Where good rows go."""
        ...

    @property
    def quarantine(self) -> LakeZone:
        """Where bad rows go."""
        ...
