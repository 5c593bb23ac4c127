"""Where accounts stand: moved, moved again, given back; nobody's account is taken along, and a crash anywhere is repeatable."""

from __future__ import annotations

from contextlib import suppress

import pytest

from constructs_lib.runtime.organization.memory import SecondOwnerError
from constructs_lib.runtime.organization.placement import Placement, PlacementError
from tests.unit.runtime.lakeformation.support import STACK, Clock, request, retry
from tests.unit.runtime.organization.fake import MANAGEMENT, ROOT, CrashError, World, error

LAKE, CONSUMER = "444444444401", "444444444402"
OLD, NEW, OTHER = "ou-exam-11111111", "ou-exam-22222222", "ou-exam-33333333"
MEMORY = "/governed-lake/account-placement"


@pytest.fixture
def world() -> World:
    return World()


def send(world: World, kind: str, account: str, unit: str, old: tuple[str, str] | None = None, **ids: str) -> dict[str, str]:
    """One request of CloudFormation's."""
    placement = Placement(world.client("organizations"), world.client("ssm"), retry(Clock()), memory=MEMORY)
    before = {"AccountId": old[0], "UnitId": old[1]} if old else None
    return placement.apply(request(kind, {"AccountId": account, "UnitId": unit}, before, **ids))


def test_an_account_is_moved_and_moved_back(world: World) -> None:
    """It goes where it was before, and nothing is remembered afterwards."""
    before = world.state()
    assert send(world, "Create", LAKE, NEW) == {"AccountId": LAKE}
    assert world.parents[LAKE] == NEW
    send(world, "Delete", LAKE, NEW)
    assert world.state() == before


def test_a_repeated_create_remembers_where_it_was_first(world: World) -> None:
    """CloudFormation may send a request twice; ours is not taken for theirs."""
    send(world, "Create", LAKE, NEW)
    send(world, "Create", LAKE, NEW)
    assert world.calls.count("move_account") == 1
    send(world, "Delete", LAKE, NEW)
    assert world.parents[LAKE] == OLD


def test_an_account_that_is_there_already_stays(world: World) -> None:
    """Nothing is moved, neither now nor on delete."""
    send(world, "Create", LAKE, OLD)
    send(world, "Delete", LAKE, OLD)
    assert world.parents[LAKE] == OLD
    assert "move_account" not in world.calls


def test_an_update_moves_on_and_a_rollback_back(world: World) -> None:
    """Where it was before the first declaration is what a delete gives back."""
    send(world, "Create", LAKE, NEW)
    send(world, "Update", LAKE, OTHER, (LAKE, NEW))
    assert world.parents[LAKE] == OTHER
    send(world, "Update", LAKE, NEW, (LAKE, OTHER))
    assert world.parents[LAKE] == NEW
    send(world, "Delete", LAKE, NEW)
    assert world.parents[LAKE] == OLD


def test_an_account_is_not_taken_out_from_under_policies(world: World) -> None:
    """Neither those of its unit nor those above; the rollback finds nothing to do, and nothing is remembered."""
    for place in (OLD, OTHER):
        world.attached.clear()
        world.above[OLD] = OTHER
        world.attached[place] = ["p-theirs"]
        before = world.state()
        with pytest.raises(PlacementError, match=f"would lose the policies name of p-theirs .p-theirs. of {place}; nothing was changed"):
            send(world, "Create", LAKE, NEW)
        send(world, "Delete", LAKE, NEW)
        assert world.state() == before


@pytest.mark.parametrize("held_by", [LAKE, NEW, OTHER, ROOT])
def test_an_account_moves_where_the_policies_hold_as_well(world: World, held_by: str) -> None:
    """By the account itself, the new unit, or what is above both."""
    world.above[NEW] = OTHER
    world.attached[OLD] = ["p-theirs"]
    world.attached[held_by].append("p-theirs")
    send(world, "Create", LAKE, NEW)
    assert world.parents[LAKE] == NEW


def test_policies_of_our_own_units_are_left_by_an_update(world: World) -> None:
    """What was declared here may be declared otherwise."""
    send(world, "Create", LAKE, NEW)
    world.attached[NEW] = ["p-ours"]
    send(world, "Update", LAKE, OTHER, (LAKE, NEW))
    assert world.parents[LAKE] == OTHER


def test_a_rollback_leaves_an_account_below_policies_of_somebody_else(world: World) -> None:
    """Moved by hand, then refused to be moved on: the rollback does not fail, and takes it from under nothing."""
    send(world, "Create", LAKE, NEW)
    world.parents[LAKE] = OLD
    world.attached[OLD] = ["p-theirs"]
    with pytest.raises(PlacementError, match="p-theirs"):
        send(world, "Update", LAKE, OTHER, (LAKE, NEW))
    send(world, "Update", LAKE, NEW, (LAKE, OTHER))
    assert world.parents[LAKE] == OLD
    send(world, "Delete", LAKE, NEW)
    assert world.parents[LAKE] == OLD


def test_another_account_gives_the_first_one_back(world: World) -> None:
    """The one that is no longer declared goes where it was."""
    send(world, "Create", LAKE, NEW)
    send(world, "Update", CONSUMER, NEW, (LAKE, NEW))
    assert (world.parents[LAKE], world.parents[CONSUMER]) == (OLD, NEW)
    send(world, "Delete", CONSUMER, NEW)
    assert world.parents[CONSUMER] == ROOT
    assert world.parameters.values == {}


def test_what_somebody_else_moved_stays_there(world: World) -> None:
    """A delete gives back only what is still where it was put."""
    send(world, "Create", LAKE, NEW)
    world.parents[LAKE] = OTHER
    send(world, "Delete", LAKE, NEW)
    assert world.parents[LAKE] == OTHER
    assert world.parameters.values == {}


def test_the_management_account_is_never_moved(world: World) -> None:
    """It fails before anything is asked for or remembered."""
    with pytest.raises(PlacementError, match="manages the organisation and stays at its root"):
        send(world, "Create", MANAGEMENT, NEW)
    assert (world.parents[MANAGEMENT], world.parameters.values) == (ROOT, {})


def test_an_account_of_nobody_knows_what_to_do(world: World) -> None:
    """An id that is not in the organisation is said, with the remedy."""
    with pytest.raises(PlacementError, match=r"999999999999 is not in this organisation.*invite it"):
        send(world, "Create", "999999999999", NEW)
    send(world, "Delete", "999999999999", NEW)


@pytest.mark.parametrize("gone", ["unit", "account"])
def test_a_delete_does_not_fail_over_what_is_gone(world: World, gone: str) -> None:
    """The unit it came from was deleted, or the account was closed: there is nothing to give back."""
    send(world, "Create", LAKE, NEW)
    if gone == "unit":
        world.units.discard(OLD)
    else:
        del world.parents[LAKE]
    send(world, "Delete", LAKE, NEW)
    assert world.parents.get(LAKE) == (NEW if gone == "unit" else None)
    assert world.parameters.values == {}


def test_a_delete_of_the_unknown_does_nothing(world: World) -> None:
    """A create that failed before it did anything is rolled back by a delete."""
    before = world.state()
    send(world, "Delete", LAKE, NEW)
    assert world.state() == before


def test_a_second_owner_is_refused_and_its_rollback_harms_nobody(world: World) -> None:
    """Two stacks that place an account would fight over it."""
    send(world, "Create", LAKE, NEW)
    with pytest.raises(SecondOwnerError, match=f"the place of account {LAKE} is kept by {STACK}"):
        send(world, "Create", LAKE, OTHER, stack=f"{STACK}x")
    send(world, "Delete", LAKE, OTHER, stack=f"{STACK}x")
    assert world.parents[LAKE] == NEW


def test_another_logical_id_takes_over(world: World) -> None:
    """CloudFormation makes the new one and deletes the old one: the account stays; a rollback hands it back."""
    send(world, "Create", LAKE, NEW, logical_id="Old")
    send(world, "Create", LAKE, NEW, logical_id="New")
    send(world, "Delete", LAKE, NEW, logical_id="Old")
    assert world.parents[LAKE] == NEW
    send(world, "Create", LAKE, NEW, logical_id="Third")
    send(world, "Delete", LAKE, NEW, logical_id="Third")
    assert world.parents[LAKE] == NEW
    send(world, "Delete", LAKE, NEW, logical_id="New")
    assert world.parents[LAKE] == OLD


def test_throttling_passes(world: World) -> None:
    """Organizations answers few calls a second, and refuses concurrent ones."""
    codes = ("TooManyRequestsException", "ConcurrentModificationException", "ServiceException")
    world.failures["move_account"] = [error(code) for code in codes]
    send(world, "Create", LAKE, NEW)
    assert world.parents[LAKE] == NEW


def test_somebody_who_moves_it_at_the_same_time(world: World) -> None:
    """It is looked for again, and moved from where it is then."""
    world.failures["move_account"] = [error("SourceParentNotFoundException"), error("DuplicateAccountException")]
    send(world, "Create", LAKE, NEW)
    assert world.parents[LAKE] == NEW


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(9))
def test_a_crash_anywhere_is_repeatable(world: World, at: int, after: bool) -> None:  # noqa: FBT001 - a parameter
    """Create, move on and delete, each repeated after it died: the account ends where it began."""
    before = world.state()
    steps = [("Create", NEW, None), ("Update", OTHER, (LAKE, NEW)), ("Delete", OTHER, None)]
    for kind, unit, old in steps:
        world.crash(at, after=after)
        try:
            send(world, kind, LAKE, unit, old)
        except CrashError:
            world.recover()
            send(world, kind, LAKE, unit, old)
        world.recover()
    assert world.state() == before


@pytest.mark.parametrize("at", range(9))
def test_a_crash_in_an_update_can_be_deleted(world: World, at: int) -> None:
    """The account is given back from wherever the update left it."""
    before = world.state()
    send(world, "Create", LAKE, NEW)
    world.crash(at, after=True)
    with suppress(CrashError):
        send(world, "Update", LAKE, OTHER, (LAKE, NEW))
    world.recover()
    send(world, "Delete", LAKE, OTHER)
    assert world.state() == before
