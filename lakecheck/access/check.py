"""Judges an access.yaml over assemblies in one call: reads, resolves, builds the matrix, judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakecheck.access.invariants.judge import judge
from lakecheck.access.matrix import build_matrix
from lakecheck.access.questions import Questions
from lakecheck.access.sources import read_estate
from lakecheck.progress import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from lakecheck.access.invariants.loader import LoadedRules
    from lakecheck.access.invariants.verdicts import Judgement


def check_access(
    locations: Sequence[Path | str],
    rules: LoadedRules,
    *,
    parameters: Mapping[str, str] | None = None,
    supplement: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Judgement:
    """The verdict on every invariant.

    Args:
        locations: Cloud assemblies, or single templates, of all accounts that matter.
        rules: What `load_rules` read.
        parameters: Values of templates' parameters, by `Stack:Name` or `Name`; defaults when left out.
        supplement: The estate.yaml; none when left out.
        progress: Told what goes on; nobody when left out.

    Raises:
        InvalidInput: If an input cannot be read, or an exception is too wide.
    """
    estate = read_estate(locations, parameters, supplement, progress=progress)
    questions = Questions(estate)
    matrix = build_matrix(estate, questions=questions, progress=progress if progress is not None else quiet)
    if progress is not None:
        progress("access: invariants")
    return judge(questions, matrix, rules)
