"""The estate as a picture: accounts side by side, their stacks as tiles by their resources, who reaches whose data as arrows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lakecheck.checks.base import plural
from lakecheck.report.page.markup import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH: Final = 1160
_GAP: Final = 14
_HEAD: Final = 30
_TILES: Final = 200
_STEP: Final = 26
_OUTSIDE: Final = 150
_LETTER: Final = 6.6
_SMALL: Final = 5.9


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One stack.

    Attributes:
        name: What it is called in its environment.
        path: Its construct path.
        target: What its link leads to.
        resources: How many it has.
        tone: How it stands.
        says: In words, for a tooltip and for screen readers.
    """

    name: str
    path: str
    target: str
    resources: int
    tone: str
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """One account with its stacks; without any it is outside, and `note` says where."""

    account: str
    tiles: tuple[Tile, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrow:
    """Data of one account that another one's people reach."""

    source: str
    target: str
    label: str


@dataclass(slots=True)
class _Placed:
    box: Box
    left: float
    width: float
    ports: int = field(default=0)

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


def picture(name: str, boxes: Sequence[Box], arrows: Sequence[Arrow]) -> Iterator[str]:
    """One environment as SVG.

    Args:
        name: The environment.
        boxes: Its accounts.
        arrows: Between them; those to accounts that are not there are left out.
    """
    placed = {one.box.account: one for one in _place(boxes)}
    drawn = [one for one in arrows if one.source in placed and one.target in placed]
    height = _HEAD + _TILES + (_GAP + _STEP * len(drawn) if drawn else 4)
    yield f'<div class="scroll map" tabindex="0" role="region" aria-label="{text(name)}: accounts and stacks">'
    yield f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="group" aria-label="Map of {text(name)}">\n'
    for one in placed.values():
        yield from _box(one)
    for number, arrow in enumerate(drawn):
        yield _arrow(arrow, placed[arrow.source], placed[arrow.target], _HEAD + _TILES + _GAP + _STEP * number)
    yield "</svg></div>\n"


def _place(boxes: Sequence[Box]) -> list[_Placed]:
    """Widths by the root of the resources, so that a small account can still be read."""
    weights = [sum(tile.resources + 4 for tile in box.tiles) ** 0.6 if box.tiles else 0.0 for box in boxes]
    outside = sum(not box.tiles for box in boxes)
    room = WIDTH - _GAP * (len(boxes) - 1) - outside * _OUTSIDE
    placed, left = [], 0.0
    for box, weight in zip(boxes, weights, strict=True):
        width = room * weight / sum(weights) if box.tiles else _OUTSIDE
        placed.append(_Placed(box, left, width))
        left += width + _GAP
    return placed


def _box(one: _Placed) -> Iterator[str]:
    box = one.box
    kind = "account" if box.tiles else "account outside"
    yield f'<g class="{kind}"><rect x="{one.left:.1f}" y="0.5" width="{one.width:.1f}" height="{_HEAD + _TILES - 1}" rx="8"/>'
    count = plural(sum(tile.resources for tile in box.tiles), "resource") if box.tiles else box.note
    yield f'<text class="name" x="{one.left + 10:.1f}" y="20">{text(_cut(box.account, one.width - 20))}</text>'
    room = one.width - 30 - len(box.account) * _LETTER
    if len(count) * _SMALL < room:
        yield f'<text class="soft end" x="{one.left + one.width - 10:.1f}" y="20">{text(count)}</text>'
    elif not box.tiles:
        yield f'<text class="soft" x="{one.left + 10:.1f}" y="40">{text(count)}</text>'
    yield "</g>\n"
    tiles = sorted(box.tiles, key=lambda tile: (-tile.resources, tile.path))
    floor = sum(tile.resources for tile in tiles) / 22 + 1
    areas = [max(tile.resources, floor) for tile in tiles]
    rectangles = squarified(areas, one.left + 6, _HEAD, one.width - 12, _TILES - 7)
    for tile, rectangle in zip(tiles, rectangles, strict=True):
        yield _tile(tile, *rectangle)


def _tile(tile: Tile, left: float, top: float, width: float, height: float) -> str:
    width, height = max(width - 3, 1), max(height - 3, 1)
    label = ""
    if width > 44 and height > 18:  # noqa: PLR2004 - what a word needs
        name = _cut(tile.name, width - 14)
        label = f'<text x="{left + 8:.1f}" y="{top + 16:.1f}">{text(name)}</text>'
        if height > 36:  # noqa: PLR2004
            label += f'<text class="soft" x="{left + 8:.1f}" y="{top + 31:.1f}">{tile.resources:,}</text>'
    return (
        f'<a href="#{tile.target}" data-stack="{text(tile.path)}" class="tile {tile.tone}" aria-label="{text(tile.says)}">'
        f"<title>{text(tile.says)}</title>"
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" rx="4"/>{label}</a>\n'
    )


def _arrow(arrow: Arrow, source: _Placed, target: _Placed, level: float) -> str:
    source.ports += 1
    start = source.middle + (source.ports - 1) * 16 - 8
    target.ports += 1
    end = target.middle + (target.ports - 1) * 16 - 8
    bottom = _HEAD + _TILES
    turn = level + 4
    head = f"M{end - 4:.1f} {bottom + 8:.1f}l4 -7l4 7z"
    middle, size = (start + end) / 2, len(arrow.label) * _SMALL + 12
    line = f"M{start:.1f} {bottom:.1f}V{turn:.1f}H{end:.1f}V{bottom + 6:.1f}"
    return (
        f'<g class="arrow"><path class="line" d="{line}"/><path class="tip" d="{head}"/>'
        f'<rect x="{middle - size / 2:.1f}" y="{turn - 9:.1f}" width="{size:.1f}" height="18" rx="9"/>'
        f'<text x="{middle:.1f}" y="{turn + 4:.1f}">{text(arrow.label)}</text></g>\n'
    )


def _cut(words: str, room: float) -> str:
    most = max(int(room / _LETTER), 3)
    return words if len(words) <= most else f"{words[: most - 1]}…"


def squarified(areas: Sequence[float], left: float, top: float, width: float, height: float) -> list[tuple[float, float, float, float]]:
    """Rectangles of these areas, largest first, that fill a rectangle and are as square as can be (Bruls, Huizing and van Wijk, 2000).

    Example:
        >>> squarified([3, 1], 0, 0, 40, 10)
        [(0, 0.0, 30.0, 10.0), (30.0, 0.0, 10.0, 10.0)]
    """
    found: list[tuple[float, float, float, float]] = []
    scale = width * height / sum(areas) if sum(areas) else 0.0
    todo = [area * scale for area in areas]
    while todo:
        side = min(width, height)
        row = [todo.pop(0)]
        while todo and _worst([*row, todo[0]], side) <= _worst(row, side):
            row.append(todo.pop(0))
        depth = sum(row) / side if side else 0.0
        along = 0.0
        for area in row:
            length = area / depth if depth else 0.0
            upright = width >= height
            found.append((left, top + along, depth, length) if upright else (left + along, top, length, depth))
            along += length
        if width >= height:
            left, width = left + depth, width - depth
        else:
            top, height = top + depth, height - depth
    return found


def _worst(row: Sequence[float], side: float) -> float:
    total = sum(row)
    if not side or not total:
        return float("inf")
    return max(side * side * max(row) / total**2, total**2 / (side * side * min(row)))
