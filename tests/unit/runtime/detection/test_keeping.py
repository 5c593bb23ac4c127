"""Settings are raised and never lowered, whoever changes them in between, and whenever the function dies."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.runtime.detection.keeping import DetectionError, Memory, keep, ranked
from tests.unit.runtime.detection.fakes import MEMORY, CrashError, Dying, Ssm
from tests.unit.runtime.lakeformation.support import STACK, request, retry

if TYPE_CHECKING:
    from collections.abc import Mapping

SCALE = ("low", "middle", "high")


class Dial:
    """A service with two dials."""

    def __init__(self, **values: str) -> None:
        self.values = {"a": "low", "b": "low", **values}

    def read(self) -> dict[str, str]:
        return dict(self.values)

    def write(self, changes: Mapping[str, str], there: Mapping[str, str]) -> None:
        assert there == self.values
        self.values.update(changes)

    def raised(self, _name: str, there: str, wanted: str) -> str:
        return ranked(SCALE, there, wanted)


class World:
    """A service, its memory, and requests to it."""

    def __init__(self, **values: str) -> None:
        self.dial, self.ssm = Dial(**values), Ssm()

    def send(self, kind: str, wanted: dict[str, str] | None = None, *, ssm: Any = None, **ids: str) -> None:
        memory = Memory(self.ssm if ssm is None else ssm, retry(), MEMORY)
        keep(self.dial, memory, request(kind, {}, None, **ids), wanted or {})


def test_what_is_lower_is_raised_and_given_back() -> None:
    """What was higher already stays as it was, also on delete."""
    world = World(b="high")
    world.send("Create", {"a": "middle", "b": "middle"})
    assert world.dial.values == {"a": "middle", "b": "high"}
    world.send("Delete")
    assert world.dial.values == {"a": "low", "b": "high"}
    assert world.ssm.values == {}


def test_what_somebody_else_changed_since_stays() -> None:
    """Neither an update nor a delete takes it back."""
    world = World()
    world.send("Create", {"a": "middle", "b": "middle"})
    world.dial.values["a"] = "high"
    world.send("Update", {"a": "middle"})
    assert world.dial.values == {"a": "high", "b": "low"}
    world.send("Delete")
    assert world.dial.values == {"a": "high", "b": "low"}


def test_what_somebody_else_changed_just_before_a_delete_stays() -> None:
    """Lowered or raised: it is theirs."""
    world = World()
    world.send("Create", {"a": "middle", "b": "high"})
    world.dial.values.update({"a": "high", "b": "middle"})
    world.send("Delete")
    assert world.dial.values == {"a": "high", "b": "middle"}


def test_going_back_lowers_what_was_raised_here() -> None:
    """As CloudFormation does when it rolls an update back."""
    world = World()
    world.send("Create", {"a": "middle"})
    world.send("Update", {"a": "high"})
    world.send("Update", {"a": "middle"})
    assert world.dial.values["a"] == "middle"
    world.send("Update", {})
    assert world.dial.values["a"] == "low"


def test_deleting_what_was_never_made_does_nothing() -> None:
    """CloudFormation asks for it when a create failed."""
    world = World(a="high")
    world.send("Delete")
    assert (world.dial.values["a"], world.ssm.values) == ("high", {})


def test_a_second_owner_fails_and_takes_nothing_along() -> None:
    """Neither by its create nor by the delete that follows."""
    world = World()
    world.send("Create", {"a": "high"})
    other = STACK.replace("Grants", "Other")
    with pytest.raises(DetectionError, match=r"kept by arn:.*Grants.*one owner"):
        world.send("Create", {"b": "high"}, stack=other)
    world.send("Delete", stack=other)
    assert world.dial.values == {"a": "high", "b": "low"}


def test_another_logical_id_takes_over_and_hands_back() -> None:
    """Deleting the old one gives nothing back; when the change is rolled back, the new one's delete does not either."""
    world = World()
    world.send("Create", {"a": "high"})
    world.send("Create", {"a": "high"}, logical_id="New")
    world.send("Delete", logical_id="New")
    assert world.dial.values["a"] == "high"
    world.send("Create", {"a": "high"}, logical_id="New")
    world.send("Delete")
    assert world.dial.values["a"] == "high"
    world.send("Delete", logical_id="New")
    assert world.dial.values["a"] == "low"


@pytest.mark.parametrize(("before", "first", "second"), list(itertools.product(SCALE, repeat=3)))
def test_a_function_that_dies_anywhere_is_made_up_for(before: str, first: str, second: str) -> None:
    """The same request again brings about the same as one that went through, and what was there comes back in the end."""
    for at, after, deletes in itertools.product(range(5), (False, True), (False, True)):
        world = World(a=before)
        world.send("Create", {"a": first})
        kind, wanted = ("Delete", {}) if deletes else ("Update", {"a": second})
        try:
            world.send(kind, wanted, ssm=Dying(world.ssm, at=at, after=after))
        except CrashError:
            world.send(kind, wanted)
        assert world.dial.values["a"] == (before if deletes else ranked(SCALE, before, second))
        world.send("Delete")
        assert (world.dial.values["a"], world.ssm.values) == (before, {})
