"""Judges a lake with a leak: the matrix, the invariant, and the difference to the lake without it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakecheck.access.invariants.judge import judge
from lakecheck.access.invariants.loader import LoadedRules
from lakecheck.access.invariants.model import AccessRules
from lakecheck.access.matrix import build_matrix
from lakecheck.access.questions import Questions
from lakecheck.assembly.model import Assembly
from lakecheck.assembly.resolution import resolve
from lakecheck.estate.build import build_estate
from lakecheck.estate.supplement import load_supplement
from tests.lakecheck.access.planted.lake import (
    ALLOWED,
    BASE,
    CONSUMER,
    CONSUMER_BASE,
    LAKE,
    MANAGEMENT,
    NOBODY_ELSE,
    REGION,
    Leak,
    Template,
)
from tests.lakecheck.resolving import stack

if TYPE_CHECKING:
    from pathlib import Path

    from lakecheck.access.invariants.verdicts import Judgement
    from lakecheck.access.model import Access, Matrix


@dataclass(frozen=True)
class Judged:
    """A lake that was judged."""

    matrix: Matrix
    judgement: Judgement


def merged(base: Template, change: Template, without: tuple[str, ...]) -> Template:
    """The resources with those of the change; None takes away."""
    found = base | {name: each for name, each in change.items() if name not in without}
    return {name: each for name, each in found.items() if each is not None}


def judged(leak: Leak, folder: Path, *, half: bool = False, base: bool = False) -> Judged:
    """The lake with the leak; with half of it; or, with `base`, without it."""
    empty: Template = {}
    without = leak.without if half else ()

    def of(change: Template) -> Template:
        return empty if base else change

    def built(name: str, account: str, resources: Template) -> Any:
        return stack(name, {"Resources": resources}, environment="Prod", account=account, region=REGION)

    stacks = [built("Lake", LAKE, merged(BASE, of(leak.lake), without))]
    stacks.append(built("Consumer", CONSUMER, merged(CONSUMER_BASE, of(leak.consumer), without)))
    stacks += [
        built(name, account, merged(empty, change, without))
        for name, account, change in (("Other", LAKE, of(leak.other)), ("Management", MANAGEMENT, of(leak.management)))
        if change
    ]
    told = {
        "version": 1,
        "lake_formation": [NOBODY_ELSE, {"account": CONSUMER, "region": REGION, "no_other_admins": True}],
        **leak.supplement,
    }
    file = folder / "estate.yaml"
    file.write_text(json.dumps(told))
    resolution = resolve([Assembly(directory="cdk.out", version="55.0.0", stacks=tuple(stacks))])
    estate = build_estate(resolution, supplement=load_supplement(file))
    questions = Questions(estate)
    matrix = build_matrix(estate, questions=questions)
    return Judged(matrix, judge(questions, matrix, rules(leak)))


def rules(leak: Leak) -> LoadedRules:
    """That nobody but the machinery does to the data what the leak lets do."""
    data: Template = {"table": [leak.dataset]} if "://" not in leak.dataset else {}
    if leak.columns is not None:
        data["column"] = list(leak.columns)
    because = "It is the lake's own machinery."
    invariant = {
        "id": "nobody-else",
        "says": "Nobody else does.",
        "forbid": {"do": [leak.action], "data": data, "who": {"principal": [f"*{leak.who}"]}},
    }
    excepted = [{"principal": f"role/{name}", "because": because} for name in ALLOWED]
    whole = {
        **invariant,
        "id": "nobody",
        "forbid": {"do": ["read"], "data": {"table": ["sales.customers"], "column": ["email"]}},
        "except": excepted,
    }
    said = AccessRules.model_validate({"version": 1, "classifications": ["public", "secret"], "invariants": [invariant, whole]})
    return LoadedRules(file="access.yaml", rules=said, classifications=("public", "secret"))


def gains(found: Judged, leak: Leak) -> list[Access]:
    """The rows that the leak is to be told by."""
    return [
        one
        for one in found.matrix.accesses
        if one.principal.name.endswith(leak.who)
        and one.dataset.name == leak.dataset
        and one.action.value == leak.action
        and one.door.value == leak.door
        and tuple(step.door.value for step in one.via)[: len(leak.way)] == leak.way
        and len(one.via) >= len(leak.way)
        and (leak.columns is None or one.columns is None or set(leak.columns) <= set(one.columns))
    ]
