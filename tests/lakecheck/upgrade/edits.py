"""Random apps, and random edits of them, for hypothesis."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from tests.lakecheck.upgrade.apps import ENCRYPTED, PLAIN, STYLES, TOKEN, App, Node
from tests.lakecheck.upgrade.kinds import ASSOCIATION, CUSTOM, DATABASE, FILTER, GRANT, KEY, KINDS, LOCATION, ROLE, TABLE, TAG

if TYPE_CHECKING:
    from collections.abc import Callable

POLICIES: Final = (None, "Delete", "Retain", "RetainExceptOnCreate")
BUCKET: Final = "AWS::S3::Bucket"


@st.composite
def apps(draw: st.DrawFn) -> App:
    """An app that can be deployed from nothing."""
    app = App(switches=[draw(st.booleans()), draw(st.booleans())])
    _stores(draw, app)
    _catalog(draw, app)
    if _targets(app):
        for number in range(draw(st.sampled_from([0, 1, 1, 2, 2, 3]))):
            kind = draw(st.sampled_from([GRANT, GRANT, CUSTOM]))
            several = draw(st.lists(one_grant(app), min_size=1, max_size=1 if kind == GRANT else 3))
            _node(draw, app, kind, f"Grant{number}", several=several, other=draw(st.integers(0, 1)), values=(draw(st.sampled_from("aab")),))
    if draw(st.integers(0, 3)):
        _drop_grants_stated_twice(app)
    pairs = [(one.id, used) for one in app.nodes.values() for used in sorted(one.uses) if used in app.nodes]
    app.literal = {pair for pair in pairs if app.nodes[pair[1]].name is not None and draw(st.integers(0, 3)) == 0}
    return app.settle()


def _node(draw: st.DrawFn, app: App, kind: str, name: str, *, fixed: bool = False, **more: Any) -> None:
    called = name.lower() if fixed or (KINDS[kind].name and draw(st.booleans())) else None
    policies = (draw(st.sampled_from(POLICIES)), draw(st.sampled_from(POLICIES)))
    condition = draw(st.sampled_from([None, None, None, None, 0, 1]))
    app.add(Node(name, kind, name=called, policies=policies, condition=condition, stack=draw(st.integers(0, 1)), **more))


def _stores(draw: st.DrawFn, app: App) -> None:
    for number in range(draw(st.integers(0, 1))):
        _node(draw, app, KEY, f"Key{number}")
    for number, kind in enumerate(draw(st.lists(st.sampled_from(PLAIN), max_size=2))):
        keys = [key.id for key in app.of(KEY)] if kind in ENCRYPTED else []
        refs = {"key": draw(st.sampled_from(keys))} if keys and draw(st.booleans()) else {}
        _node(draw, app, kind, f"{kind.split('::')[1]}{number}", refs=refs)
    for number in range(draw(st.integers(0, 2))):
        _node(draw, app, ROLE, f"Role{number}")
    if app.of(BUCKET) and draw(st.booleans()):
        _node(draw, app, LOCATION, "Location0", refs={"bucket": app.of(BUCKET)[0].id})


def _catalog(draw: st.DrawFn, app: App) -> None:
    for number in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
        _node(draw, app, DATABASE, f"Base{number}")
    for number in range(draw(st.sampled_from([0, 1, 1, 2])) if app.of(DATABASE) else 0):
        _node(draw, app, TABLE, f"Table{number}", fixed=True, refs={"database": draw(st.sampled_from(app.of(DATABASE))).id})
    tables = [each.id for each in app.of(TABLE)]
    if tables and draw(st.integers(0, 2)):
        _node(draw, app, TAG, "Tag0", fixed=True, values=("a", "b"))
        on = [each.id for each in app.of(TABLE, DATABASE)]
        for number, target in enumerate(draw(st.lists(st.sampled_from(on), min_size=1, max_size=2, unique=True))):
            _node(draw, app, ASSOCIATION, f"Tagged{number}", refs={"tag": "Tag0", "on": target}, values=(draw(st.sampled_from("aab")),))
    if tables and draw(st.integers(0, 3)) == 0:
        _node(draw, app, FILTER, "Filter0", fixed=True, refs={"table": draw(st.sampled_from(tables))})


def _drop_grants_stated_twice(app: App) -> None:
    """So that each right has one resource that states it."""
    seen: set[tuple[str, str]] = set()
    for node in app.of(GRANT, CUSTOM):
        node.several = [one for one in node.several if one[:2] not in seen and not seen.add(one[:2])]  # type: ignore[func-returns-value]


def _targets(app: App) -> list[str]:
    return [
        *(each.id for each in app.of(DATABASE, TABLE, TAG, FILTER, BUCKET)),
        *(f"all:{each.id}" for each in app.of(DATABASE)),
    ]


@st.composite
def one_grant(draw: st.DrawFn, app: App) -> tuple[str, str, tuple[str, ...]]:
    """One principal's permissions on one thing of the app."""
    who = draw(st.sampled_from([*(role.id for role in app.of(ROLE)), "outsider"]))
    on = draw(st.sampled_from([*_targets(app), *(tag.id for tag in app.of(TAG) for _ in range(4))]))
    kind = "all" if on.startswith("all:") else app.nodes[on].kind
    allowed = {DATABASE: ("DESCRIBE", "ALTER"), FILTER: ("SELECT",), BUCKET: ("DATA_LOCATION_ACCESS",)}
    several = allowed.get(kind, ("DESCRIBE", "SELECT"))
    return who, on, tuple(draw(st.lists(st.sampled_from(several), min_size=1, max_size=len(several), unique=True)))


# --- edits --------------------------------------------------------------------------------------------------------------------------------


def _remove(draw: st.DrawFn, app: App, node: Node) -> None:
    """It goes with everything that refers to it, or, where it has a fixed name, alone."""
    if node.name is not None and draw(st.booleans()):
        node.is_ghost = True
        node.condition = None
    else:
        del app.nodes[node.id]


def _relabel(app: App, was: str, now: str) -> None:
    """Another logical id, in the same place of the template."""
    app.nodes = {now if each == was else each: node for each, node in app.nodes.items()}
    app.nodes[now].id = now
    app.literal = {(now if a == was else a, now if b == was else b) for a, b in app.literal}
    for other in app.nodes.values():
        other.refs = {name: now if each == was else each for name, each in other.refs.items()}
        other.several = [
            (now if who == was else who, now if on == was else f"all:{now}" if on == f"all:{was}" else on, what)
            for who, on, what in other.several
        ]


def _rename(draw: st.DrawFn, app: App, node: Node) -> None:
    _relabel(app, node.id, f"{node.id}New")


def _move(draw: st.DrawFn, app: App, node: Node) -> None:
    node.stack = 1 - node.stack
    if draw(st.booleans()):
        _relabel(app, node.id, f"{node.id}New")


def _call(draw: st.DrawFn, app: App, node: Node) -> None:
    taken = [each.name for each in app.nodes.values() if each.kind == node.kind and each.name]
    must = node.kind in {TABLE, TAG, FILTER}
    named = KINDS[node.kind].name or must
    if named:
        node.name = draw(st.sampled_from([f"{node.kind.rpartition('::')[2].lower()}-new", *taken, *([] if must else [None])]))


def _other(draw: st.DrawFn, app: App, node: Node) -> None:
    node.other = 1 - node.other


def _tag_it(draw: st.DrawFn, app: App, node: Node) -> None:
    node.tag += 1


def _policy(draw: st.DrawFn, app: App, node: Node) -> None:
    node.policies = (draw(st.sampled_from(POLICIES)), draw(st.sampled_from(POLICIES)))


def _switch(draw: st.DrawFn, app: App, node: Node) -> None:
    place = draw(st.integers(0, 1))
    app.switches[place] = not app.switches[place]


def _condition(draw: st.DrawFn, app: App, node: Node) -> None:
    node.condition = draw(st.sampled_from([None, 0, 1]))


def _untie(draw: st.DrawFn, app: App, node: Node) -> None:
    app.literal ^= {(node.id, used) for used in node.uses if used in app.nodes}


def _swap_form(draw: st.DrawFn, app: App, node: Node) -> None:
    """Native to desired state, or the other way around, mostly under another logical id."""
    if node.kind in {GRANT, CUSTOM}:
        node.kind = CUSTOM if node.kind == GRANT else GRANT
        node.several = node.several[:1] if node.kind == GRANT else node.several
        if draw(st.integers(0, 3)):
            _relabel(app, node.id, f"{node.id}Form")
    elif node.kind in PLAIN:
        node.kind = draw(st.sampled_from(PLAIN))
        node.refs = node.refs if node.kind in ENCRYPTED else {}


def _grants(draw: st.DrawFn, app: App, node: Node) -> None:
    if node.kind not in {GRANT, CUSTOM}:
        return
    what = draw(st.sampled_from(["fewer", "more", "drop", "elsewhere", "again"]))
    who, on, permissions = node.several[0]
    if what == "fewer":
        node.several[0] = (who, on, permissions[:1])
    elif what == "more":
        node.several[0] = (
            (who, on, tuple(sorted({*permissions, "DESCRIBE"}))) if "DATA_LOCATION_ACCESS" not in permissions else node.several[0]
        )
    elif what == "drop":
        node.several = node.several[1:]
    elif what == "elsewhere":
        others = [each for each in app.of(CUSTOM) if each is not node]
        if others:
            draw(st.sampled_from(others)).several.append(node.several.pop(0))
    else:
        twin = copy.deepcopy(node)
        twin.id, twin.several, twin.kind = f"{node.id}Twin", [(who, on, permissions)], draw(st.sampled_from([GRANT, CUSTOM]))
        app.add(twin)


def _token(draw: st.DrawFn, app: App, node: Node) -> None:
    node.token = f"{TOKEN}-2"


def _values(draw: st.DrawFn, app: App, node: Node) -> None:
    if node.values:
        node.values = draw(st.sampled_from([("a",), ("b",), ("a", "b")])) if node.kind == TAG else (draw(st.sampled_from("ab")),)


def _key_swap(draw: st.DrawFn, app: App, node: Node) -> None:
    if node.kind in ENCRYPTED:
        keys = [{}, *({"key": key.id} for key in app.of(KEY))]
        node.refs = draw(st.sampled_from(keys))


def _leave_stack(draw: st.DrawFn, app: App, node: Node) -> None:
    if draw(st.booleans()):
        for each in [each for each in app.nodes.values() if each.stack == 1]:
            del app.nodes[each.id]
        app.gone_stacks = {1}


_ANY: Final = tuple(KINDS)
_NAMED: Final = tuple(kind for kind in KINDS if KINDS[kind].name or kind in {TAG, FILTER})
_HOLDING: Final = tuple(kind for kind in KINDS if KINDS[kind].holds)
EDITS: Final[tuple[tuple[Callable[[st.DrawFn, App, Node], None], tuple[str, ...]], ...]] = (
    (_remove, _ANY),
    (_rename, _ANY),
    (_move, _ANY),
    (_call, _NAMED),
    (_other, ("AWS::DynamoDB::Table", ROLE, KEY, GRANT)),
    (_tag_it, (*PLAIN, ROLE, KEY, DATABASE, TABLE)),
    (_policy, _HOLDING),
    (_switch, _ANY),
    (_condition, _ANY),
    (_untie, (TABLE, GRANT, CUSTOM, ASSOCIATION, FILTER)),
    (_swap_form, (GRANT, CUSTOM, *PLAIN)),
    (_grants, (GRANT, CUSTOM)),
    (_grants, (GRANT, CUSTOM)),
    (_token, (CUSTOM,)),
    (_values, (TAG, ASSOCIATION)),
    (_values, (TAG, ASSOCIATION)),
    (_key_swap, tuple(ENCRYPTED)),
    (_leave_stack, _ANY),
)
"""What is done to a resource of which kinds."""


@st.composite
def changes(draw: st.DrawFn) -> tuple[App, App]:
    """An app, and what one to three edits make of it; how it is written differs at random, too."""
    base = draw(apps())
    head = copy.deepcopy(base)
    for _ in range(draw(st.integers(1, 3))):
        there = sorted(name for name, node in head.nodes.items() if not node.is_ghost)
        if there:
            node = head.nodes[draw(st.sampled_from(there))]
            draw(st.sampled_from([edit for edit, kinds in EDITS if node.kind in kinds]))(draw, head, node)
            head.settle()
    if head.gone_stacks:
        head.nodes = {name: node for name, node in head.nodes.items() if node.stack not in head.gone_stacks}
        head.settle()
    head.style = draw(st.sampled_from(STYLES))
    return base, head
