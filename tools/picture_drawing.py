"""How the picture of an environment looks: boxes, arrows and words, as one SVG that needs nothing else and knows light and dark."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from picture import AccountFacts, EnvironmentFacts, StackFacts, ZoneFacts

WIDTH = 900
MARGIN = 20
GAP_BETWEEN_ACCOUNTS = 40
HEADER = 52

# Columns of the way data takes, left edge and width; the gaps between them hold arrows and their words.
LANDING = (40, 134)
PIPELINE = (200, 144)
ZONES = (422, 152)
DECIDES = (606, 100)
READERS = (732, 128)

ZONE_HEIGHT = 46
ZONE_GAP = 18
CARD_GAP = 10
LINE = 15

STYLE = """
:root { --page:#ffffff; --account:#f6f8fa; --card:#ffffff; --line:#d0d7de; --ink:#1f2328; --soft:#59636e; --arrow:#6e7781;
  --landing:#8250df; --raw:#6e7781; --curated:#1a7f37; --consumption:#0969da; --quarantine:#bc4c00; --governed:#0550ae; --wash:#ddf4ff; }
@media (prefers-color-scheme: dark) {
  :root { --page:#0d1117; --account:#151b23; --card:#0d1117; --line:#3d444d; --ink:#f0f6fc; --soft:#9198a1; --arrow:#9198a1;
    --landing:#ab7df8; --raw:#9198a1; --curated:#3fb950; --consumption:#4493f8; --quarantine:#db6d28; --governed:#79c0ff; --wash:#121d2f; }
}
text { font-family: -apple-system, "Segoe UI", Roboto, "Noto Sans", Helvetica, Arial, sans-serif; font-size: 12px; fill: var(--ink); }
.title { font-size: 19px; font-weight: 600; } .name { font-size: 13px; font-weight: 600; } .head { font-size: 15px; font-weight: 600; }
.soft { fill: var(--soft); } .small { font-size: 11px; fill: var(--soft); } .end { text-anchor: end; } .middle { text-anchor: middle; }
.page { fill: var(--page); } .account { fill: var(--account); stroke: var(--line); } .card { fill: var(--card); stroke: var(--line); }
.outside { fill: none; stroke: var(--arrow); stroke-dasharray: 4 3; } .governed { fill: var(--wash); stroke: var(--governed); }
.arrow { fill: none; stroke: var(--arrow); stroke-width: 1.5; } .derived { stroke-dasharray: 4 3; } .tip { fill: var(--arrow); }
.lock { fill: none; stroke: var(--soft); stroke-width: 1.4; } .body { fill: var(--soft); }
"""

_NARROW = set("ijlt.,:;'|!()[]fI ")
_WIDE = set("mwMW@%")


def draw(environment: EnvironmentFacts) -> str:
    """The picture as SVG text; the same for the same facts."""
    sheet = Sheet()
    stacks = sum(len(account.stacks) for account in environment.accounts)
    resources = sum(account.resources for account in environment.accounts)
    others = f"; {plural(environment.others, 'more environment')} beside it" if environment.others else ""
    counted = f"{plural(len(environment.accounts), 'account')}, {plural(stacks, 'stack')}, {plural(resources, 'resource')}"
    sheet.text(MARGIN, 34, environment.name, "title")
    sheet.text(WIDTH - MARGIN, 34, counted + others, "soft end")
    top = 54.0
    for number, account in enumerate(environment.accounts):
        following = environment.accounts[number + 1] if number + 1 < len(environment.accounts) else None
        is_shared = account.is_lake and following is not None and not following.is_lake and following.links > 0
        bottom = _lake(sheet, account, top, is_shared=is_shared) if account.is_lake else _consumer(sheet, account, top)
        top = bottom + GAP_BETWEEN_ACCOUNTS
    foot = top - GAP_BETWEEN_ACCOUNTS + 26
    _lock(sheet, MARGIN + 2, foot - 9)
    sheet.text(MARGIN + 18, foot, "protected from deletion; numbers are resources, counted in the templates", "small")
    title = f"The lake in environment {environment.name}: {counted}"
    return sheet.render(foot + 18, title, _description(environment))


def _lake(sheet: Sheet, account: AccountFacts, top: float, *, is_shared: bool) -> float:
    cards = _cards(account.stacks, MARGIN + 20, top + HEADER, columns=3, width=WIDTH - 2 * MARGIN - 40)
    flow = cards.bottom + 44
    zones = [zone for zone in account.zones if zone.zone.value != "landing"]
    named = 104 + LINE * min(len(account.pipelines), 4) if account.pipelines else 0
    height = max(len(zones) * (ZONE_HEIGHT + ZONE_GAP) - ZONE_GAP, named, 3 * ZONE_HEIGHT)
    bottom = flow + height + 26
    _frame(sheet, account, top, bottom, "lake account")
    _draw_cards(sheet, cards)
    sheet.text(LANDING[0], flow - 18, "The way data takes", "small")
    _arrivals(sheet, account, flow, height)
    _pipelines(sheet, account, flow, height)
    middle = _zones(sheet, zones, flow, has_pipelines=bool(account.pipelines))
    governed = [middle[zone.zone.value] for zone in zones if zone.zone.is_governed]
    if governed:
        _decides(sheet, account, governed, bottom, is_shared=is_shared)
    return bottom


def _arrivals(sheet: Sheet, account: AccountFacts, flow: float, height: float) -> None:
    centre = flow + height / 2
    left, width = LANDING
    landing = [zone for zone in account.zones if zone.zone.value == "landing"]
    sheet.box(left + 12, flow, width - 24, 30, "outside", radius=15)
    sheet.text(left + width / 2, flow + 19, "producers", "middle")
    for zone in landing:
        sheet.arrow([(left + width / 2, flow + 30), (left + width / 2, centre - ZONE_HEIGHT / 2)])
        _zone(sheet, zone, left, centre - ZONE_HEIGHT / 2, width)
        if account.pipelines:
            sheet.arrow([(left + width, centre), (PIPELINE[0], centre)])


def _pipelines(sheet: Sheet, account: AccountFacts, flow: float, height: float) -> None:
    if not account.pipelines:
        return
    left, width = PIPELINE
    sheet.box(left, flow, width, height, "card")
    sheet.text(left + 12, flow + 22, plural(len(account.pipelines), "pipeline"), "name")
    for line, words in enumerate(("EventBridge starts", "Step Functions, which", "keeps, judges, publishes")):
        sheet.text(left + 12, flow + 42 + line * LINE, words, "small")
    room = int((height - 92) // LINE)
    for line, name in enumerate(_shortened(account.pipelines, room)):
        sheet.text(left + 12, flow + 104 + line * LINE, fitted(name, width - 24), "soft")


def _zones(sheet: Sheet, zones: Sequence[ZoneFacts], flow: float, *, has_pipelines: bool) -> dict[str, float]:
    """Draws the zones one below the other; returns the middle of each."""
    left, width = ZONES
    start = PIPELINE[0] + PIPELINE[1]
    middle: dict[str, float] = {}
    for number, zone in enumerate(zones):
        top = flow + number * (ZONE_HEIGHT + ZONE_GAP)
        middle[zone.zone.value] = top + ZONE_HEIGHT / 2
        _zone(sheet, zone, left, top, width)
        words = {"raw": "originals", "curated": "good rows", "quarantine": "rejected rows"}.get(zone.zone.value)
        if words and has_pipelines:
            sheet.arrow([(start, middle[zone.zone.value]), (left, middle[zone.zone.value])])
            sheet.text((start + left) / 2 - 2, middle[zone.zone.value] - 6, words, "small middle")
    if {"curated", "consumption"} <= set(middle):
        centre = left + 24
        sheet.arrow([(centre, middle["curated"] + ZONE_HEIGHT / 2), (centre, middle["consumption"] - ZONE_HEIGHT / 2)], "arrow derived")
        sheet.text(centre + 8, middle["curated"] + ZONE_HEIGHT / 2 + 13, "derived products", "small")
    return middle


def _zone(sheet: Sheet, zone: ZoneFacts, left: float, top: float, width: float) -> None:
    sheet.box(left, top, width, ZONE_HEIGHT, "card")
    sheet.add(
        f'<path d="M{left:g} {top + 4:g}q0-4 4-4v{ZONE_HEIGHT:g}q-4 0-4-4z" transform="translate(0.5 0)" fill="var(--{zone.zone.value})"/>'
    )
    sheet.text(left + 14, top + 19, zone.zone.value, "name")
    if zone.tables:
        sheet.text(left + width - 10, top + 19, plural(zone.tables, "table"), "small end")
    sheet.text(left + 14, top + 36, fitted(zone.lifecycle or "kept", width - 22, size=11), "small")


def _decides(sheet: Sheet, account: AccountFacts, governed: Sequence[float], bottom: float, *, is_shared: bool) -> None:
    left, width = DECIDES
    top, end = min(governed) - ZONE_HEIGHT / 2, max(governed) + ZONE_HEIGHT / 2
    sheet.box(left, top, width, end - top, "governed")
    registered = sum(zone.is_registered for zone in account.zones)
    facts = [
        ("LF-Tag", len(account.tags)),
        ("location", registered),
        ("database", account.databases),
        ("grant", account.grants),
    ]
    sheet.text(left + 12, top + 22, "Lake", "name")
    sheet.text(left + 12, top + 38, "Formation", "name")
    sheet.text(left + 12, top + 56, "decides", "small")
    for line, (what, count) in enumerate(each for each in facts if each[1]):
        sheet.text(left + 12, top + 82 + line * LINE, plural(count, what), "soft")
    for middle in governed:
        sheet.arrow([(ZONES[0] + ZONES[1], middle), (left, middle)])
    if account.workgroups:
        sheet.arrow([(left + width, (top + end) / 2), (READERS[0], (top + end) / 2)])
        _readers(sheet, account, top, end - top)
    if is_shared:
        centre = left + width / 2
        sheet.arrow([(centre, end), (centre, bottom + GAP_BETWEEN_ACCOUNTS + HEADER)])
        sheet.text(centre - 8, bottom + GAP_BETWEEN_ACCOUNTS / 2 + 4, "shared, not copied", "small end")


def _readers(sheet: Sheet, account: AccountFacts, top: float, height: float) -> None:
    left, width = READERS
    sheet.box(left, top, width, height, "card")
    sheet.text(left + 10, top + 22, "Athena", "name")
    sheet.text(left + 10, top + 38, "workgroups", "small")
    room = int((height - 50) // LINE)
    for line, name in enumerate(_shortened(account.workgroups, room)):
        sheet.text(left + 10, top + 60 + line * LINE, fitted(name, width - 16, size=11), "small")


def _consumer(sheet: Sheet, account: AccountFacts, top: float) -> float:
    has_readers = bool(account.links or account.workgroups)
    width = (DECIDES[0] if has_readers else WIDTH - MARGIN) - MARGIN - 50
    cards = _cards(account.stacks, MARGIN + 20, top + HEADER, columns=2, width=width)
    height = max(cards.bottom - top - HEADER, 60 + LINE * len(account.workgroups), 76)
    bottom = top + HEADER + height + 20
    _frame(sheet, account, top, bottom, "consumer account")
    _draw_cards(sheet, cards)
    if account.links:
        left, wide = DECIDES
        sheet.box(left, top + HEADER, wide, height, "governed")
        sheet.text(left + 12, top + HEADER + 22, f"{account.links} resource", "name")
        sheet.text(left + 12, top + HEADER + 38, "link" if account.links == 1 else "links", "name")
        if account.grants:
            sheet.text(left + 12, top + HEADER + 60, plural(account.grants, "grant"), "soft")
        if account.workgroups:
            sheet.arrow([(left + wide, top + HEADER + height / 2), (READERS[0], top + HEADER + height / 2)])
    if account.workgroups:
        _readers(sheet, account, top + HEADER, height)
    return bottom


def _frame(sheet: Sheet, account: AccountFacts, top: float, bottom: float, kind: str) -> None:
    sheet.first(f'<rect class="account" x="{MARGIN}" y="{top:g}" width="{WIDTH - 2 * MARGIN}" height="{bottom - top:g}" rx="10"/>')
    sheet.text(MARGIN + 20, top + 32, account.label, "head")
    sheet.text(MARGIN + 20 + wide(account.label, 15) + 12, top + 32, f"{kind} {account.account}, {account.region}", "soft")
    sheet.text(
        WIDTH - MARGIN - 20, top + 32, f"{plural(len(account.stacks), 'stack')}, {plural(account.resources, 'resource')}", "soft end"
    )


@dataclass(frozen=True, slots=True)
class Card:
    """A stack's place on the sheet and its lines."""

    stack: StackFacts
    left: float
    top: float
    width: float
    height: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cards:
    """The cards of one account, and where they end."""

    cards: tuple[Card, ...]
    bottom: float


def _cards(stacks: Sequence[StackFacts], left: float, top: float, *, columns: int, width: float) -> Cards:
    each = (width - CARD_GAP * (columns - 1)) / columns
    cards: list[Card] = []
    for row in range(0, len(stacks), columns):
        lines = [wrapped([f"{service} {count}" for service, count in stack.services], each - 28) for stack in stacks[row : row + columns]]
        height = 38 + max(map(len, lines)) * LINE
        for column, stack in enumerate(stacks[row : row + columns]):
            cards.append(Card(stack, left + column * (each + CARD_GAP), top, each, height, tuple(lines[column])))
        top += height + CARD_GAP
    return Cards(tuple(cards), top - CARD_GAP)


def _draw_cards(sheet: Sheet, cards: Cards) -> None:
    for card in cards.cards:
        sheet.box(card.left, card.top, card.width, card.height, "card")
        sheet.text(card.left + 14, card.top + 22, card.stack.name, "name")
        if card.stack.is_protected:
            _lock(sheet, card.left + 14 + wide(card.stack.name, 13) + 8, card.top + 12)
        sheet.text(card.left + card.width - 14, card.top + 22, str(card.stack.resources), "soft end")
        for number, line in enumerate(card.lines):
            sheet.text(card.left + 14, card.top + 41 + number * LINE, line, "small")


def _lock(sheet: Sheet, left: float, top: float) -> None:
    sheet.add(f'<path class="lock" d="M{left + 2:g} {top + 5:g}v-2a3 3 0 0 1 6 0v2"/>')
    sheet.add(f'<rect class="body" x="{left:g}" y="{top + 5:g}" width="10" height="7" rx="1.5"/>')


def _description(environment: EnvironmentFacts) -> str:
    said = []
    for account in environment.accounts:
        stacks = ", ".join(f"{stack.name} ({stack.resources})" for stack in account.stacks)
        kind = "Lake" if account.is_lake else "Consumer"
        said.append(f"{kind} account {account.label} {account.account} in {account.region} with the stacks {stacks}.")
        if account.is_lake:
            zones = ", ".join(f"{zone.zone.value} ({zone.lifecycle or 'kept'})" for zone in account.zones)
            said.append(f"Zones: {zones}.")
        if account.pipelines:
            named = f"{plural(len(account.pipelines), 'pipeline')} ({', '.join(account.pipelines)})"
            said.append(f"Producers deliver to landing; {named} keep originals in raw, good rows in curated, rejected rows in quarantine.")
        if account.tags:
            said.append(
                f"Lake Formation decides who reads, by the LF-Tags {', '.join(account.tags)} and {plural(account.grants, 'grant')}."
            )
        if account.links:
            said.append(f"It reads the lake through {plural(account.links, 'resource link')}.")
        if account.workgroups:
            said.append(f"Athena workgroups: {', '.join(account.workgroups)}.")
    return " ".join(said)


def plural(count: int, noun: str) -> str:
    """`1 stack`, `2 stacks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def wide(text: str, size: float) -> float:
    """About how wide `text` is in a sans-serif font; a little more rather than less."""
    return size * sum(0.31 if each in _NARROW else 0.88 if each in _WIDE else 0.68 if each.isupper() else 0.55 for each in text)


def fitted(text: str, room: float, *, size: float = 12) -> str:
    """`text`, cut with an ellipsis when it is wider than `room`."""
    if wide(text, size) <= room:
        return text
    while text and wide(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text}…"


def wrapped(words: Iterable[str], room: float) -> list[str]:
    """Words with a middle dot between them, in lines no wider than `room`."""
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} · {word}" if lines else word
        if lines and wide(longer, 11) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _shortened(names: Sequence[str], room: int) -> list[str]:
    """As many names as there is room for, and how many more there are."""
    return list(names) if len(names) <= room else [*names[: max(room - 1, 0)], f"and {len(names) - max(room - 1, 0)} more"]


@dataclass(slots=True)
class Sheet:
    """Collects elements in drawing order."""

    below: list[str] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)

    def first(self, element: str) -> None:
        """Draws below everything else."""
        self.below.append(element)

    def add(self, element: str) -> None:
        """Draws on top of what is there."""
        self.elements.append(element)

    def text(self, x: float, y: float, words: str, kind: str = "") -> None:
        """One line of text, its baseline at `y`."""
        classes = f' class="{kind}"' if kind else ""
        self.add(f'<text{classes} x="{x:g}" y="{y:g}">{escape(words)}</text>')

    def box(self, x: float, y: float, width: float, height: float, kind: str, *, radius: float = 6) -> None:
        """A rounded rectangle."""
        self.add(f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"/>')

    def arrow(self, points: Sequence[tuple[float, float]], kind: str = "arrow") -> None:
        """A line through the points with a tip at the last one, horizontal or vertical there."""
        (before_x, before_y), (x, y) = points[-2:]
        across, down = (x > before_x) - (x < before_x), (y > before_y) - (y < before_y)
        path = "M" + "L".join(f"{px:g} {py:g}" for px, py in [*points[:-1], (x - 5 * across, y - 5 * down)])
        self.add(f'<path class="{kind}" d="{path}"/>')
        side_x, side_y = 4 * down, 4 * across
        back_x, back_y = x - 7 * across, y - 7 * down
        self.add(f'<path class="tip" d="M{x:g} {y:g}L{back_x - side_x:g} {back_y - side_y:g}L{back_x + side_x:g} {back_y + side_y:g}z"/>')

    def render(self, height: float, title: str, description: str) -> str:
        """The whole file."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}" role="img" '
            'aria-labelledby="title description">'
        )
        lines = [
            head,
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(description)}</desc>',
            f"<style>{STYLE}</style>",
            f'<rect class="page" width="{WIDTH}" height="{height:g}" rx="12"/>',
            *self.below,
            *self.elements,
            "</svg>",
        ]
        return "\n".join(lines) + "\n"
