"""From what a person names, assemblies, templates, a supplement, to the estate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lakecheck.estate.model import Estate

DEFAULT_SUPPLEMENT: Final = Path("config/estate.yaml")
"""Read when it is there and nothing else is named."""


def read_estate(
    locations: Sequence[Path | str],
    parameters: Mapping[str, str] | None = None,
    supplement: Path | None = None,
    *,
    progress: Callable[[str], None] | None = None,
) -> Estate:
    """Reads assemblies of all accounts that matter as one estate.

    Args:
        locations: Cloud assemblies, or single templates.
        parameters: Values of template parameters, by `Stack:Name` or `Name`; their defaults when left out.
        supplement: What templates cannot say; nothing when left out.
        progress: Is told what goes on; nobody when left out.

    Raises:
        InvalidInput: An assembly or the supplement cannot be read.
    """
    from lakecheck.assembly import read_assembly  # noqa: PLC0415 - `--help` is to be quick
    from lakecheck.assembly.resolution import resolve  # noqa: PLC0415
    from lakecheck.estate.build import build_estate  # noqa: PLC0415
    from lakecheck.estate.supplement import load_supplement  # noqa: PLC0415

    def tell(text: str) -> None:
        if progress is not None:
            progress(text)

    stated = None if supplement is None else load_supplement(supplement)
    assemblies = []
    for location in locations:
        tell(f"access: reading {location}")
        assemblies.append(read_assembly(location))
    tell("access: resolving templates")
    resolution = resolve(assemblies, parameters=parameters)
    tell("access: principals, data, grants")
    return build_estate(resolution, supplement=stated)
