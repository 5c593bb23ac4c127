"""What a simulated deployment took from whom: the oracle's world after it, held against the one before it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.lakecheck.upgrade.kinds import ASSOCIATION, KINDS, LOCATION, TAG
from tests.lakecheck.upgrade.oracle import Place, Right, Thing, World, rights_of, tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping

OF_CONTENT = frozenset({"data_loss.deleted", "data_loss.replaced", "data_loss.moved", "data_loss.starts_empty"})
CONTENT = (*OF_CONTENT, "data_loss.left_behind", "collision.")
ORPHANED = ("identity.orphaned", "data_loss.starts_empty", "collision.")
RIGHTS = ("lost_access.", "collision.", *OF_CONTENT)
HARMLESS = ("harmless.gone_with", "harmless.covered")


@dataclass(frozen=True)
class Loss:
    """One thing that somebody misses afterwards, with the resources any of which may be named for it."""

    what: str
    places: frozenset[Place]
    rules: tuple[str, ...]


@dataclass
class Outcome:
    """What one deployment brought.

    Attributes:
        losses: What has to be told.
        told: What may be told with certainty, by the resources that it may be told of.
    """

    losses: list[Loss] = field(default_factory=list)
    content: set[Place] = field(default_factory=set)
    access: set[Place] = field(default_factory=set)
    collisions: set[Place] = field(default_factory=set)


def deployed(base: Mapping[str, Any], head: Mapping[str, Any], **how: bool) -> Outcome:
    """What becomes of it, by the oracle."""
    world = World(**how)
    for name, template in base.items():
        world.deploy(name, template)
    before = {thing: thing.place for thing in world.things}
    properties = {thing: dict(thing.properties) for thing in world.things}
    world.watched = world.effective()
    names = list(head) if not how.get("flip") or any("ImportValue" in json.dumps(head[each]) for each in head) else list(reversed(head))
    for name in names:
        world.deploy(name, head[name])
    return _Compared(world, before, properties).outcome()


@dataclass
class _Compared:
    world: World
    before: dict[Thing, Place]
    properties: dict[Thing, dict[str, Any]]

    def outcome(self) -> Outcome:
        found = Outcome()
        self._content(found)
        self._rights(found)
        self._locations(found)
        for refusal in self.world.refusals:
            places = {refusal.place, refusal.other}
            found.collisions |= places
            if refusal.why != "no such tag":  # HEAD alone is wrong then
                rules = ("collision.", "lost_access.tag_value") if refusal.why == "value in use" else ("collision.",)
                found.losses.append(Loss(f"refused: {refusal.why}", frozenset(places), rules))
        return found

    def now(self, place: Place) -> Thing | None:
        return self.world.stacks.get(place[0], {}).get(place[1])

    def _content(self, found: Outcome) -> None:
        alive = {key for thing in self.world.things if thing.alive for key in (thing.name, thing.arn)}
        for thing, place in self.before.items():
            if thing.attached:
                if not thing.alive and KINDS[thing.kind].holds:
                    around = {place, *self.named(thing.properties.get("DatabaseName", ""))}
                    found.losses.append(Loss(f"gone with its database {thing.name}", frozenset(around), CONTENT))
                    found.content |= around
                if KINDS[thing.kind].holds and thing.key and thing.key not in alive:
                    found.losses.append(Loss(f"unreadable {thing.name}", frozenset(self.named(thing.key)), CONTENT))
                    found.content |= {place, *self.named(thing.key)}
                continue
            found.content.add(place)
            found.access |= set() if thing.alive else {place}
            if KINDS[thing.kind].holds:
                empty = self.now(place) is not None
                what = "gone" if not thing.alive else "empty" if empty else "orphaned"
                found.losses.append(
                    Loss(f"{what} {thing.kind} {thing.name}", frozenset({place}), ORPHANED if what == "orphaned" else CONTENT)
                )

    def named(self, name: str) -> set[Place]:
        return {thing.place for thing in self.world.things if name in {thing.name, thing.arn}}

    def _rights(self, found: Outcome) -> None:
        after = self.world.effective()
        for right in self.world.watched - after:
            places = self.about(right)
            found.access |= places
            if not self._is_moot(right, after):
                rules = (*RIGHTS, *ORPHANED, *HARMLESS) if self._is_orphan(right) else RIGHTS
                found.losses.append(Loss(f"lost {right}", frozenset(places), rules))
        for right in self.world.ever_missing & after:
            found.access |= self.about(right)
            if right in self.stated_before:
                found.losses.append(Loss(f"gone for a moment {right}", frozenset(self.about(right)), RIGHTS))
        for thing in self.world.things:
            if thing.attached and thing.alive:
                self._stated(thing, found)

    def _stated(self, thing: Thing, found: Outcome) -> None:
        """What HEAD states and nobody has."""
        for right in rights_of(thing.kind, thing.properties) - self.world.grants:
            places = self.about(right) | {thing.place}
            found.access |= places
            if right in self.stated_before and self.world.exists(right[1]):
                found.losses.append(Loss(f"stated and not there {right}", frozenset(places), RIGHTS))
        for each, value in tags_of(thing.kind, thing.properties).items():
            if self.world.tags.get(each) != value:
                found.access |= self.about(("", each[0], "")) | {thing.place}

    def _locations(self, found: Outcome) -> None:
        """Buckets that stay and are registered no more."""
        alive = {thing.properties["ResourceArn"] for thing in self.world.things if thing.alive and thing.kind == LOCATION}
        for thing in self.before:
            arn = self.properties[thing].get("ResourceArn")
            if thing.kind == LOCATION and not thing.alive:
                found.access.add(thing.place)
                if arn not in alive and any(bucket.alive and bucket.attached and bucket.arn == arn for bucket in self.world.things):
                    found.losses.append(Loss(f"unregistered {arn}", frozenset({thing.place}), ("lost_access.location", "collision.")))

    def _is_moot(self, right: Right, after: frozenset[Right]) -> bool:
        """Whether nobody misses a right: nothing is left to use it on, or another one gives the same."""
        kind, *names = right[1]
        others = {other[1] for other in after if other[::2] == right[::2] and {kind, other[1][0]} == {"filter", "table"}}
        is_given = any(list(other[1:3]) == names[:2] for other in others)  # the filters let everything through
        return kind == "expression" or is_given or not self.world.exists(right[1]) or self._target_is_new(right) or self._is_kept(right)

    def _is_kept(self, right: Right) -> bool:
        """Whether no template has what granted it, although it was kept: what else changes may take it, and no template tells."""
        staters = [thing for thing in self.before if right in rights_of(thing.kind, self.properties[thing])]
        staters += [each for each in self.before if right[1][0] != "expression" and self._by_expression(each, right)]
        return bool(staters) and all(thing.alive and not thing.attached for thing in staters)

    def _by_expression(self, thing: Thing, right: Right) -> bool:
        stated = rights_of(thing.kind, self.properties[thing])
        return any(each[0] == right[0] and each[1][0] in {"expression", "all"} for each in stated)

    @property
    def stated_before(self) -> set[Right]:
        return {right for thing in self.before for right in rights_of(thing.kind, self.properties[thing])}

    def _is_orphan(self, right: Right) -> bool:
        """Whether what it is on belongs to no stack any more, which is told by itself."""
        return not any(thing.attached for thing in self.world.things if thing.alive and thing.identity == right[1][1:])

    def _target_is_new(self, right: Right) -> bool:
        """Whether it was made by this deployment, under a name that was there before."""
        return not any(thing in self.before for thing in self.world.things if thing.alive and thing.identity == right[1][1:])

    def about(self, right: Right) -> set[Place]:
        """Whatever states the right, is its principal or what it is on, in either state."""
        principal, target, _ = right
        places: set[Place] = set()
        for thing in self.world.things:
            for properties in (thing.properties, self.properties.get(thing, {})):
                same = any(each[0] == principal and _touches(each[1], target) for each in rights_of(thing.kind, properties))
                tagged = any(_touches(each, target) for each, _ in tags_of(thing.kind, properties))
                if same or tagged:
                    places.add(thing.place)
            if thing.arn == principal or (thing.identity and thing.identity == target[1 : 1 + len(thing.identity)]):
                places.add(thing.place)
            if thing.kind in {TAG, ASSOCIATION} and not (thing.alive and thing.properties == self.properties.get(thing)):
                places.add(thing.place)
        return places


def _touches(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return one[0] == "expression" or other[0] == "expression" or one[1] == other[1]
