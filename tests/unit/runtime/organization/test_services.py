"""What the organisation lets services do: adopted, brought about, given back, and never taken from somebody else."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.runtime.organization.administrators import AdministratorError
from constructs_lib.runtime.organization.memory import SecondOwnerError
from constructs_lib.runtime.organization.services import Clients, Item, Services, ServicesError, declared
from tests.unit.runtime.lakeformation.support import STACK, Clock, request, retry
from tests.unit.runtime.organization.fake import ROOT, CrashError, World, error

SECURITY, OTHER = "333333333333", "999999999999"
MEMORY = "/governed-lake/organization-services"
GUARDDUTY, MACIE, HUB, CONFIG = (f"{each}.amazonaws.com" for each in ("guardduty", "macie", "securityhub", "config"))
SCP, TAGS = "SERVICE_CONTROL_POLICY", "TAG_POLICY"
EVERYTHING = {
    "PolicyTypes": [SCP, TAGS],
    "TrustedAccess": [CONFIG, GUARDDUTY, MACIE, HUB, "cloudtrail.amazonaws.com"],
    "ShareWithOrganization": "true",
    "DelegatedAdministrators": dict.fromkeys((CONFIG, GUARDDUTY, MACIE, HUB), SECURITY),
    "Regions": ["eu-west-1", "us-east-1"],
}


@pytest.fixture
def world() -> World:
    return World()


def send(world: World, kind: str, new: dict[str, Any], old: dict[str, Any] | None = None, **ids: str) -> dict[str, str]:
    """One request of CloudFormation's."""
    plain = Clients(*(world.client(name) for name in ("organizations", "ram", "iam", "ssm")), regional=world.client)  # type: ignore[misc] # four
    services = Services(plain, retry(Clock()), memory=MEMORY, root=ROOT, regions=list(new.get("Regions") or []))
    return services.apply(request(kind, new, old, **ids))


def administrators(account: str, *services: str, regions: tuple[str, ...] = ("eu-west-1",)) -> dict[str, Any]:
    """A declaration of administrators, with the access they need."""
    return {
        "DelegatedAdministrators": dict.fromkeys(services, account),
        "TrustedAccess": sorted(services),
        "Regions": list(regions),
    }


# An organisation with nothing


def test_everything_is_brought_about_and_given_back(world: World) -> None:
    """Types, access, sharing and administrators in every Region; a delete leaves what was there, and sharing."""
    assert send(world, "Create", EVERYTHING) == {"Kept": ""}
    assert world.types == {SCP: "ENABLED", TAGS: "ENABLED"}
    assert world.trusted == {*EVERYTHING["TrustedAccess"], "ram.amazonaws.com"}
    assert world.regional == {
        (service, region): SECURITY for service in ("guardduty", "macie2", "securityhub") for region in ("eu-west-1", "us-east-1")
    }
    assert world.delegated[CONFIG] == {SECURITY}
    send(world, "Delete", EVERYTHING)
    assert world.types == {}
    assert world.trusted == {"ram.amazonaws.com"}
    assert world.regional == {}
    assert not any(world.delegated.values())
    assert world.parameters.values == {}


def test_a_repeated_request_changes_nothing(world: World) -> None:
    """And what the first one brought about is still ours to give back."""
    send(world, "Create", EVERYTHING)
    before, calls = world.state(), len(world.calls)
    send(world, "Create", EVERYTHING)
    send(world, "Update", EVERYTHING, EVERYTHING)
    assert world.state() == before
    assert not [each for each in world.calls[calls:] if each.startswith(("enable", "disable", "register", "deregister", "put"))]


def test_macie_is_enabled_where_its_administrator_is_named(world: World) -> None:
    """An account without Macie cannot name one; nothing is waited for to find that out."""
    clock = Clock()
    plain = Clients(*(world.client(name) for name in ("organizations", "ram", "iam", "ssm")), regional=world.client)  # type: ignore[misc] # four
    declaration = administrators(SECURITY, MACIE)
    Services(plain, retry(clock), memory=MEMORY, root=ROOT, regions=["eu-west-1"]).apply(request("Create", declaration))
    assert world.macie == {"eu-west-1"}
    assert world.regional == {("macie2", "eu-west-1"): SECURITY}
    assert clock.pauses == []


# An organisation with something


def test_what_is_there_is_adopted_and_stays(world: World) -> None:
    """The same administrator, access and types of somebody else's are neither made again nor taken away."""
    send(world, "Create", EVERYTHING)
    world.parameters.values.clear()  # all of it is somebody else's now
    before, calls = world.state(), len(world.calls)
    send(world, "Create", EVERYTHING)
    send(world, "Delete", EVERYTHING)
    assert world.state() == before
    assert not [each for each in world.calls[calls:] if each.startswith(("enable", "disable", "register", "deregister"))]


@pytest.mark.parametrize(("service", "key"), [(GUARDDUTY, "guardduty"), (MACIE, "macie2"), (HUB, "securityhub")])
def test_fails_when_somebody_else_is_the_administrator(world: World, service: str, key: str) -> None:
    """Before anything is changed, and saying who it is; the rollback then has nothing to do."""
    world.macie.add("us-east-1")
    world.regional[key, "us-east-1"] = OTHER
    world.delegated[service].add(OTHER)
    before = world.state()
    with pytest.raises(
        AdministratorError, match=f"{OTHER} is the delegated administrator of {service} in us-east-1, declared is {SECURITY}"
    ):
        send(world, "Create", EVERYTHING)
    send(world, "Delete", EVERYTHING)
    assert world.state() == before


@pytest.mark.parametrize("regional", [("guardduty", "ap-south-1"), None])
def test_fails_when_somebody_else_is_registered_for_other_regions(world: World, regional: tuple[str, str] | None) -> None:
    """A service has one administrator in all Regions; also one that lost its last Region stands in the way while it is registered."""
    if regional is not None:
        world.regional[regional] = OTHER
    world.trusted.add(GUARDDUTY)
    world.delegated[GUARDDUTY].add(OTHER)
    before = world.state()
    with pytest.raises(AdministratorError, match=f"{OTHER} is the delegated administrator of {GUARDDUTY}.*nothing was changed"):
        send(world, "Create", EVERYTHING)
    assert world.state() == before


def test_an_update_of_the_administrator_may_add_a_region(world: World) -> None:
    """The registration of the one before is ours, though it was for other Regions."""
    one = administrators(SECURITY, GUARDDUTY)
    two = administrators("222222222222", GUARDDUTY, regions=("eu-west-1", "us-east-1"))
    send(world, "Create", one)
    for new, old, account in ((two, one, "222222222222"), (one, two, SECURITY)):
        send(world, "Update", new, old)
        assert set(world.regional.values()) == {account}
        assert world.delegated[GUARDDUTY] == {account}


def test_fails_when_the_organisation_has_billing_alone(world: World) -> None:
    """Neither policies nor trusted access could be switched on; the rollback has nothing to do."""
    world.features = "CONSOLIDATED_BILLING"
    before = world.state()
    with pytest.raises(ServicesError, match="enable all features"):
        send(world, "Create", EVERYTHING)
    assert world.state() == before
    send(world, "Delete", EVERYTHING)


def test_access_without_administrators_is_given_back(world: World) -> None:
    """Organizations may refuse to list administrators of a service that can have none."""
    properties = {"TrustedAccess": ["tagpolicies.tag.amazonaws.com"]}
    send(world, "Create", properties)
    refusal = error("InvalidInputException", "You specified an unrecognized service principal.")
    world.failures["list_delegated_administrators"] += [refusal] * 10
    send(world, "Delete", properties)
    assert world.trusted == set()
    assert world.calls.count("list_delegated_administrators") == 1, "which no patience would change"


def test_fails_when_a_service_takes_no_further_administrator(world: World) -> None:
    """Organizations says so only when it is asked; the error names who is there, and the rollback gives everything back."""
    world.trusted.add(CONFIG)
    world.delegated[CONFIG].add(OTHER)
    world.most_administrators[CONFIG] = 1
    before = world.state()
    with pytest.raises(AdministratorError, match=f"{OTHER} is the delegated administrator of {CONFIG}, declared is {SECURITY}"):
        send(world, "Create", administrators(SECURITY, CONFIG, GUARDDUTY))
    send(world, "Delete", administrators(SECURITY, CONFIG, GUARDDUTY))
    assert world.state() == before


def test_an_administrator_beside_others_leaves_them(world: World) -> None:
    """A service with several administrators keeps the ones that were registered by others."""
    world.trusted.add(CONFIG)
    world.delegated[CONFIG].add(OTHER)
    send(world, "Create", administrators(SECURITY, CONFIG))
    assert world.delegated[CONFIG] == {OTHER, SECURITY}
    send(world, "Delete", administrators(SECURITY, CONFIG))
    assert world.delegated[CONFIG] == {OTHER}


def test_policies_keep_their_type(world: World) -> None:
    """A policy type under which somebody has policies is not disabled: that would take them all off."""
    send(world, "Create", {"PolicyTypes": [SCP, TAGS]})
    world.policies[TAGS].append(False)
    send(world, "Delete", {"PolicyTypes": [SCP, TAGS]})
    assert world.types == {TAGS: "ENABLED"}


def test_access_alone_does_not_share(world: World) -> None:
    """RAM needs its role too, which only its own call makes."""
    world.trusted.add("ram.amazonaws.com")
    send(world, "Create", {"ShareWithOrganization": "true"})
    assert world.roles == {"AWSServiceRoleForResourceAccessManager"}


# Changes


def test_an_update_gives_back_what_it_no_longer_declares(world: World) -> None:
    """And its rollback brings it about again."""
    less = {
        **EVERYTHING,
        "TrustedAccess": [CONFIG],
        "DelegatedAdministrators": {CONFIG: SECURITY},
        "PolicyTypes": [SCP],
        "Regions": ["eu-west-1"],
    }
    send(world, "Create", EVERYTHING)
    full = world.state()[:-1]
    send(world, "Update", less, EVERYTHING)
    assert (world.regional, world.types) == ({}, {SCP: "ENABLED"})
    assert world.trusted == {CONFIG, "ram.amazonaws.com"}
    send(world, "Update", EVERYTHING, less)
    assert world.state()[:-1] == full


def test_a_declared_change_of_the_administrator_is_made_and_rolled_back(world: World) -> None:
    """Ours gives way to ours, in every Region, with Organizations' registration, and back again."""
    regions = ("eu-west-1", "us-east-1")
    one, two = (administrators(each, GUARDDUTY, CONFIG, regions=regions) for each in (SECURITY, "222222222222"))
    send(world, "Create", one)
    for new, old, account in ((two, one, "222222222222"), (one, two, SECURITY)):
        send(world, "Update", new, old)
        assert set(world.regional.values()) == {account}
        assert (world.delegated[GUARDDUTY], world.delegated[CONFIG]) == ({account}, {account})
    send(world, "Delete", one)
    assert not any(world.delegated.values())


def test_an_adopted_administrator_comes_back(world: World) -> None:
    """Who was there before the first declaration is there again after a change and a delete."""
    world.regional["guardduty", "eu-west-1"] = OTHER
    world.delegated[GUARDDUTY].add(OTHER)
    send(world, "Create", administrators(OTHER, GUARDDUTY))
    send(world, "Update", administrators(SECURITY, GUARDDUTY), administrators(OTHER, GUARDDUTY))
    assert world.regional == {("guardduty", "eu-west-1"): SECURITY}
    send(world, "Delete", administrators(SECURITY, GUARDDUTY))
    assert world.regional == {("guardduty", "eu-west-1"): OTHER}


def test_a_rollback_does_not_fail_over_an_administrator_of_somebody_else(world: World) -> None:
    """Changed by hand, then refused to be changed again: going back to the earlier declaration keeps theirs and says so."""
    one, two = administrators(SECURITY, GUARDDUTY), administrators("222222222222", GUARDDUTY)
    send(world, "Create", one)
    world.regional["guardduty", "eu-west-1"] = OTHER
    world.delegated[GUARDDUTY] = {OTHER}
    with pytest.raises(AdministratorError, match=f"{OTHER} is the delegated administrator"):
        send(world, "Update", two, one)
    assert send(world, "Update", one, two) == {"Kept": f"administrator {GUARDDUTY} eu-west-1"}
    send(world, "Delete", one)
    assert world.regional == {("guardduty", "eu-west-1"): OTHER}
    assert world.trusted == {GUARDDUTY}, "which an administrator of somebody else's needs"


def test_what_somebody_else_changed_since_stays(world: World) -> None:
    """Access that others took away, an administrator that others replaced: a delete does not touch them."""
    send(world, "Create", EVERYTHING)
    world.trusted.discard("cloudtrail.amazonaws.com")
    world.regional["securityhub", "eu-west-1"] = OTHER
    send(world, "Delete", EVERYTHING)
    assert world.regional == {("securityhub", "eu-west-1"): OTHER}
    assert "cloudtrail.amazonaws.com" not in world.trusted


# Owners, what is unknown, what is wrong


def test_a_second_owner_is_refused_and_its_rollback_harms_nobody(world: World) -> None:
    """An organisation has one declaration."""
    send(world, "Create", EVERYTHING)
    before = world.state()
    with pytest.raises(SecondOwnerError, match=f"is kept by {STACK}; it has one owner.*delete the SSM parameter {MEMORY}"):
        send(world, "Create", {"PolicyTypes": [SCP]}, stack=f"{STACK}x")
    send(world, "Delete", {"PolicyTypes": [SCP]}, stack=f"{STACK}x")
    assert world.state() == before


def test_a_delete_of_the_unknown_does_nothing(world: World) -> None:
    """What was not declared here, as far as is remembered, is somebody else's."""
    send(world, "Create", EVERYTHING)
    world.parameters.values.clear()
    before = world.state()
    send(world, "Delete", EVERYTHING)
    assert world.state() == before


def test_fails_when_the_root_is_not_this_organisations(world: World) -> None:
    """The error names the one that is."""
    plain = Clients(*(world.client(name) for name in ("organizations", "ram", "iam", "ssm")), regional=world.client)  # type: ignore[misc] # four
    services = Services(plain, retry(Clock()), memory=MEMORY, root="r-other", regions=[])
    with pytest.raises(ServicesError, match=f"got the root r-other; this organisation's is {ROOT}"):
        services.apply(request("Create", {"PolicyTypes": [SCP]}))


def test_an_old_format_is_read(world: World) -> None:
    """Properties that did not exist, or whose numbers and truths became text, declare nothing."""
    assert declared({}) == {}
    assert declared({"ShareWithOrganization": False, "DelegatedAdministrators": {CONFIG: 3}, "TrustedAccess": None}) == {
        Item("administrator", CONFIG): "3"
    }
    send(world, "Create", {})
    send(world, "Delete", {})
    assert world.parameters.values == {}


# What AWS answers


def test_throttling_and_a_pending_type_pass(world: World) -> None:
    """Each call that may pass is made again, and a type counts once it is enabled."""
    world.failures["enable_policy_type"] = [error("PolicyChangesInProgressException"), error("ConcurrentModificationException")]
    world.failures["enable_organization_admin_account"] = [error("InternalServerErrorException"), error("ThrottlingException")]
    world.failures["enable_sharing_with_aws_organization"] = [error("ServerInternalException")]
    send(world, "Create", EVERYTHING)
    assert world.types == {SCP: "ENABLED", TAGS: "ENABLED"}
    assert len(world.regional) == 6


def test_a_type_that_stays_pending_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Policies could not be attached yet; the error says what did not come about."""
    monkeypatch.setattr(world, "_enable_policy_type", lambda **given: world.types.update({given["PolicyType"]: "PENDING_ENABLE"}))
    with pytest.raises(ServicesError, match=f"policy-type {SCP} did not become on"):
        send(world, "Create", {"PolicyTypes": [SCP]})


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(0, 160, 8))
def test_a_crash_anywhere_is_repeatable(world: World, at: int, after: bool) -> None:  # noqa: FBT001 - a parameter
    """Create, change and delete, each repeated after it died: the organisation ends as it began, but for what stays on purpose."""
    world.trusted.add(HUB)
    two = {**EVERYTHING, "DelegatedAdministrators": dict.fromkeys((CONFIG, GUARDDUTY), "222222222222")}
    before = world.state()
    for kind, new, old in (("Create", EVERYTHING, None), ("Update", two, EVERYTHING), ("Delete", two, None)):
        world.crash(at, after=after)
        try:
            send(world, kind, new, old)
        except CrashError:
            world.recover()
            send(world, kind, new, old)
        world.recover()
    world.trusted.discard("ram.amazonaws.com")
    assert world.state() == before


def test_a_region_less_keeps_the_registration_of_the_others(world: World) -> None:
    """Organizations' register is for every Region: it is given up with the last one."""
    both, one = (administrators(SECURITY, GUARDDUTY, regions=regions) for regions in (("eu-west-1", "us-east-1"), ("eu-west-1",)))
    send(world, "Create", both)
    send(world, "Update", one, both)
    assert world.regional == {("guardduty", "eu-west-1"): SECURITY}
    assert world.delegated[GUARDDUTY] == {SECURITY}


def test_a_registration_whose_answer_got_lost_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second attempt is told that the account is registered, which is what was asked for."""
    register = world._register_delegated_administrator

    def registers_and_is_lost(**given: str) -> None:
        monkeypatch.setattr(world, "_register_delegated_administrator", register)
        register(**given)
        raise error("ServiceException")

    monkeypatch.setattr(world, "_register_delegated_administrator", registers_and_is_lost)
    send(world, "Create", administrators(SECURITY, CONFIG))
    assert world.delegated[CONFIG] == {SECURITY}
