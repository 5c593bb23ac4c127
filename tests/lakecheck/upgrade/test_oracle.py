"""Random changes of random apps: `lakecheck upgrade` says what a simulated CloudFormation does, and calls certain only what that does."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, assume, given, note, settings, strategies as st

from lakecheck.upgrade.model import Category
from lakecheck.upgrade.review import judge_upgrade
from lakemodel.approvals import Register
from tests.lakecheck.upgrade.apps import STYLES, App
from tests.lakecheck.upgrade.edits import apps, changes
from tests.lakecheck.upgrade.oracle import Place, World
from tests.lakecheck.upgrade.outcomes import OF_CONTENT, Loss, deployed
from tests.lakecheck.upgrade.support import stack, state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakecheck.snapshot import Snapshot
    from lakecheck.upgrade.model import Risk

EXAMPLES = int(os.environ.get("LAKECHECK_ORACLE_EXAMPLES", "40"))
AS_OF = date(2026, 11, 2)


def snapshot(templates: Mapping[str, Any]) -> Snapshot:
    """A state as lakecheck has it."""
    return state(
        *(
            stack(
                template["Resources"],
                name,
                sections={key: value for key, value in template.items() if key != "Resources" and value},
            )
            for name, template in templates.items()
        )
    )


@dataclass(frozen=True)
class Told:
    """A risk, and where it is: also in BASE, when what it is about has another place there."""

    risk: Risk
    places: frozenset[Place]

    def names(self, places: Iterable[Place]) -> bool:
        """Whether it is at one of these, or names one as a reason."""
        reasons = " ".join((*self.risk.because, self.risk.property, self.risk.message))
        return any(place in self.places or (place[1] and place[1] in reasons) for place in places)


def judged(base: Mapping[str, Any], head: Mapping[str, Any]) -> list[Told]:
    """What lakecheck says."""
    review = judge_upgrade(snapshot(base), snapshot(head), Register(), as_of=AS_OF)
    moved: dict[Place, set[Place]] = {}
    for change in review.comparison.changes:
        places = {
            _place(node.resource.origin.stack, node.resource.origin.logical_id) for node in (change.was, change.now) if node is not None
        }
        for place in places:
            moved.setdefault(place, set()).update(places)
    risks = [one.risk for one in review.judged]
    places_of = [_place(risk.stack, risk.logical_id) for risk in risks]
    return [Told(risk, frozenset(moved.get(place, {place}))) for risk, place in zip(risks, places_of, strict=True)]


def _place(stack_path: str, logical_id: str) -> Place:
    return (stack_path.removeprefix("Prod/"), logical_id)


def deployable(templates: Mapping[str, Any]) -> bool:
    """Whether it can be deployed from nothing, and does what it states."""
    world = World()
    for name, template in templates.items():
        world.deploy(name, template)
    return not world.refusals


def is_told(loss: Loss, told: Iterable[Told]) -> bool:
    """Whether a risk at one of its places, or one that names one of them as a reason, says so."""
    return any(each.names(loss.places) for each in told if each.risk.rule.startswith(loss.rules))


WORLDS = tuple({"flip": flip, "policy_of_base": policy} for flip in (False, True) for policy in (False, True))
COMMON = settings(suppress_health_check=list(HealthCheck), deadline=None, print_blob=False)


def problems(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What lakecheck keeps quiet about, or says without reason."""
    told = judged(was, now)
    worlds = [deployed(was, now, **how) for how in WORLDS]
    found = [f"not told: {loss.what} {sorted(loss.places)}" for outcome in worlds for loss in outcome.losses if not is_told(loss, told)]
    content = set().union(*(each.content for each in worlds))
    access = set().union(*(each.access for each in worlds))
    collisions = set().union(*(each.collisions for each in worlds))
    for each in told:
        risk = each.risk
        is_export = any(f"export {name} " in risk.message for _, name in collisions if name)
        wrong = (
            (risk.rule in OF_CONTENT and not each.places & content)
            or (risk.category is Category.LOST_ACCESS and not each.places & (access | collisions))
            or (risk.category is Category.COLLISION and not (each.places & (collisions | access) or is_export))
        )
        if wrong and risk.is_certain:
            found.append(f"not so: {risk.rule} {sorted(each.places)} {risk.message}")
    return list(dict.fromkeys(found))


def rewritten(app: App, style: str) -> App:
    """The same app, written otherwise: functions, parameters, orders, and names by text where they stood by reference."""
    same = copy.deepcopy(app)
    same.style = style
    same.nodes = dict(reversed(same.nodes.items()))
    near = {(node.id, used) for node in same.nodes.values() for used in node.uses if used in same.nodes}
    same.literal ^= {(one, other) for one, other in near if same.nodes[one].stack == same.nodes[other].stack}
    return same


@settings(COMMON, max_examples=max(EXAMPLES // 4, 5))
@given(apps(), st.sampled_from(STYLES))
def test_what_is_only_written_otherwise_is_nothing(app: App, style: str) -> None:
    """Neither a risk nor a harmless change."""
    assert judged(app.templates(), rewritten(app, style).templates()) == []


@settings(COMMON, max_examples=EXAMPLES)
@given(changes())
def test_what_is_lost_is_told_and_what_is_told_is_so(change: tuple[App, App]) -> None:
    """Every loss of the simulation is a risk at its resource or names it; every certain risk is something in the simulation."""
    was, now = (app.templates() for app in change)
    assume(deployable(was))
    found = problems(was, now)
    note(json.dumps({"base": was, "head": now}, indent=1) if found else "")
    assert found == []
