"""The estate map: accounts by environment, their stacks, what was found in each, and who reaches data across accounts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from lakecheck.assembly import NO_ENVIRONMENT
from lakecheck.checks import access
from lakecheck.checks.base import plural
from lakecheck.report.access_text import is_machinery
from lakecheck.report.page.drawing import Arrow, Box, Tile, picture
from lakecheck.report.page.markup import Section, fold, nothing, table, text
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.access.model import Matrix
    from lakecheck.assembly import StackTemplate
    from lakecheck.findings import Finding
    from lakecheck.run import Run

MOST_TILES: Final = 120
_MOST_ARROWS: Final = 6
_MOST_OUTSIDE: Final = 3
_ANY: Final = "any account"


def matrix_of(run: Run) -> Matrix | None:
    """Who can reach what; None when the check was left out."""
    return None if any(one.name == access.NAME and one.not_run for one in run.results) else run.snapshot.matrix


def section(run: Run) -> Section:
    """The section."""
    assembly = run.assembly
    if not assembly.stacks:
        return Section(id="estate", title="Estate", body=(nothing("There is no stack."),))
    return Section(
        id="estate", title="Estate", count=plural(len(assembly.stacks), "stack"), body=_body(run),
        lead="A tile is a stack, as large as it has resources; its colour says what was found in it, and it leads there.",
    )  # fmt: skip


def _body(run: Run) -> Iterator[str]:
    findings: dict[str, list[Finding]] = {}
    for one in run.findings:
        findings.setdefault(one.stack, []).append(one)
    stacks = list(enumerate(run.assembly.stacks))
    matrix = matrix_of(run)
    yield '<p class="legend" aria-hidden="true"><span class="key bad">errors</span><span class="key warn">warnings</span>'
    yield '<span class="key good">nothing open</span><span class="arrow-key">→ data reached from another account</span></p>\n'
    for environment in run.assembly.environments:
        here = [(number, stack) for number, stack in stacks if stack.environment == environment]
        name = environment if environment != NO_ENVIRONMENT else "Outside any environment"
        yield f'<div class="group"><h3 class="head">{text(name)}</h3>\n'
        arrows = _arrows(matrix, environment)
        boxes = _boxes(here, findings)
        known = [box.account for box in boxes]
        outside = dict.fromkeys(each for arrow in arrows for each in (arrow.source, arrow.target) if each not in known)
        boxes += [Box(account=account, note=_home(run, account)) for account in list(outside)[:_MOST_OUTSIDE]]
        yield from picture(name, boxes, arrows)
        yield "</div>\n"
    heads = ("Environment", "Account", "Region", "Stack", "Resources", "Errors", "Warnings", "Acknowledged")
    rows = (_row(number, stack, findings.get(stack.path, ())) for number, stack in stacks)
    yield fold("As a table", "".join(table("Every stack", heads, rows, name="stacks")), attributes=' class="quiet"') + "\n"


def _home(run: Run, account: str) -> str:
    """Where an account belongs that has no stack in an environment."""
    homes = dict.fromkeys(stack.environment for stack in run.assembly.stacks if stack.account == account)
    return f"of {', '.join(homes)}" if homes else "not in this app"


def _boxes(here: Sequence[tuple[int, StackTemplate]], findings: dict[str, list[Finding]]) -> list[Box]:
    by_account: dict[str, list[Tile]] = {}
    for number, stack in here:
        by_account.setdefault(stack.account or _ANY, []).append(_tile(number, stack, findings.get(stack.path, ())))
    boxes = []
    for account, tiles in by_account.items():
        kept = tiles
        if len(tiles) > MOST_TILES:
            ordered = sorted(tiles, key=lambda tile: (tile.tone == "good", -tile.resources))
            rest = ordered[MOST_TILES:]
            more = f"and {plural(len(rest), 'stack')} more"
            resources = sum(tile.resources for tile in rest)
            kept = [*ordered[:MOST_TILES], Tile(name=more, path="", target="estate", resources=resources, tone="good", says=more)]
        boxes.append(Box(account=account, tiles=tuple(kept)))
    return boxes


def _tile(number: int, stack: StackTemplate, found: Sequence[Finding]) -> Tile:
    errors, warnings, taken = _numbers(found)
    parts = [plural(len(stack.resources), "resource")]
    parts += [plural(errors, "error")] if errors else []
    parts += [plural(warnings, "warning")] if warnings else []
    parts += [f"{taken:,} acknowledged"] if taken else []
    name = stack.path.removeprefix(f"{stack.environment}/")
    return Tile(
        name=name,
        path=stack.path,
        target=f"stack-{number}",
        resources=len(stack.resources),
        tone="bad" if errors else "warn" if warnings else "good",
        says=f"{name}: {', '.join(parts)}",
    )


def _numbers(found: Sequence[Finding]) -> tuple[int, int, int]:
    counted = Counter(one.severity for one in found if one.acknowledged is None)
    return counted[Severity.ERROR], counted[Severity.WARNING], sum(one.acknowledged is not None for one in found)


def _row(number: int, stack: StackTemplate, found: Sequence[Finding]) -> str:
    errors, warnings, taken = _numbers(found)
    stage = "" if stack.environment == NO_ENVIRONMENT else stack.environment
    name = stack.path.removeprefix(f"{stack.environment}/")
    nested = " <small>nested</small>" if stack.parent is not None else ""
    protected = " <small>protected</small>" if stack.termination_protection else ""
    jump = f'<a href="#findings" data-stack="{text(stack.path)}">{text(name)}</a>' if found else text(name)
    cells = "".join(f'<td class="number">{each:,}</td>' for each in (len(stack.resources), errors, warnings, taken))
    return (
        f'<tr class="item" id="stack-{number}" tabindex="-1"><td>{text(stage)}</td><td>{text(stack.account or _ANY)}</td>'
        f"<td>{text(stack.region or 'any')}</td>"
        f'<th scope="row">{jump}{nested}{protected}</th>{cells}</tr>\n'
    )


def _arrows(matrix: Matrix | None, environment: str) -> list[Arrow]:
    """Whose people reach whose data of an environment by themselves; not what the lake's own machinery does."""
    if matrix is None:
        return []
    reached: dict[tuple[str, str], tuple[set[int], set[object]]] = {}
    for one in matrix.accesses:
        person, data = shown(one.principal.account), shown(one.dataset.account)
        if one.via or one.dataset.environment != environment or not person or person == data or is_machinery(one.principal, matrix):
            continue
        people, datasets = reached.setdefault((data, person), (set(), set()))
        people.add(id(one.principal))
        datasets.add(one.dataset)
    ordered = sorted(reached.items(), key=lambda each: (-len(each[1][1]), each[0]))[:_MOST_ARROWS]
    return [
        Arrow(source=source, target=target, label=f"{plural(len(people), 'principal')} → {plural(len(datasets), 'dataset')}")
        for (source, target), (people, datasets) in ordered
    ]
