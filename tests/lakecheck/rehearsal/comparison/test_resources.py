"""A resource counts when the plain API returns it as stated, whoever made it and whatever an entry says."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, call
from lakecheck.rehearsal.comparison.added import ADDED
from lakecheck.rehearsal.comparison.resources import AT_ONCE, NOWHERE, _read_by_us, compare, general
from lakecheck.rehearsal.comparison.summary import by_type, counts
from lakecheck.rehearsal.model import Outcome, Rehearsed, Report, ResourceResult, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT, REGION = "111111111111", "eu-west-1"
PARAMETER = Adapter(
    type="AWS::SSM::Parameter",
    service="ssm",
    name="Name",
    create=call("put_parameter", everything=True, Name=ID),
    read=Read(call("get_parameter", Name=ID), at="Parameter"),
    note="Descriptions are not returned.",
)


@pytest.fixture(autouse=True)
def _moto() -> Iterator[None]:
    with mock_aws():
        yield


@cache
def _client(service: str) -> Any:
    make: Any = boto3.client
    return make(service, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing")  # noqa: S106 - nobody's


class Clients:
    """One client of each service, in this process."""

    def __call__(self, service: str, *, account: str, region: str) -> Any:
        """The client."""
        del account, region
        return _client(service)


@pytest.fixture
def clients() -> Clients:
    """Of an empty account."""
    return Clients()


def _told(kind: str, properties: dict[str, Any], *, by: str = "adapter", physical_id: str = "thing", **more: Any) -> dict[str, Any]:
    told = {"logical_id": "Thing", "type": kind, "physical_id": physical_id, "by": by, "properties": properties, "path": "Stack/Thing"}
    return {**told, "missing_attributes": [], **more}


def _stacks(*resources: dict[str, Any], status: str = "CREATE_COMPLETE") -> list[dict[str, Any]]:
    stack = {"account": ACCOUNT, "region": REGION, "name": "Stack", "id": "stack/1", "status": status, "tags": {}}
    return [{**stack, "resources": list(resources)}]


def _one(clients: Clients, told: dict[str, Any], *adapters: Adapter) -> ResourceResult:
    (result,) = compare(_stacks(told), clients, known={one.type: one for one in adapters})
    return result


def _put(value: str = "a") -> dict[str, Any]:
    _client("ssm").put_parameter(Name="thing", Value=value, Type="String")
    return {"Name": "thing", "Value": "a", "Type": "String"}


@pytest.mark.parametrize(
    ("by", "rehearsed"),
    [("emulator", Rehearsed.BY_EMULATOR), ("adapter", Rehearsed.BY_ADAPTER), ("handler", Rehearsed.BY_ADAPTER), ("nobody", Rehearsed.NOT)],
)
def test_counts_for_whoever_made_it(clients: Clients, by: str, rehearsed: Rehearsed) -> None:
    """Returned as stated it counts; what nobody made never does, though something of the name be there."""
    result = _one(clients, _told("AWS::SSM::Parameter", _put(), by=by), PARAMETER)
    assert result.rehearsed is rehearsed
    assert bool(result.reason) is (rehearsed is Rehearsed.NOT)
    if by != "nobody":
        assert (result.properties, result.returned) == (3, 3)


def test_gone_behind_its_back_does_not_count(clients: Clients) -> None:
    """What was made and is gone is not rehearsed, whatever whoever made it believes."""
    told = _told("AWS::SSM::Parameter", _put())
    assert _one(clients, told, PARAMETER).rehearsed is Rehearsed.BY_ADAPTER
    _client("ssm").delete_parameter(Name="thing")
    result = _one(clients, told, PARAMETER)
    assert (result.rehearsed, result.reason, result.returned) == (Rehearsed.NOT, "it is not there", 0)


def test_changed_behind_its_back_does_not_count(clients: Clients) -> None:
    """Another value is named, with what was found; so are properties that are not returned."""
    properties = {**_put("b"), "Overwritten": "c", "Kinds": ["d", "e"]}
    result = _one(clients, _told("AWS::SSM::Parameter", properties), PARAMETER)
    assert result.rehearsed is Rehearsed.NOT
    assert result.reason == "the API does not return Overwritten, Kinds; the API returns otherwise than stated Value"
    assert {one.path: (one.is_returned, one.found) for one in result.differences}["Value"] == (True, "b")
    assert result.note == PARAMETER.note


LIES = {
    "the properties": (lambda resource: resource.properties, "no API was asked"),
    "a copy of them": (lambda resource: dict(resource.properties), "no API was asked"),
    "them after a call": (
        lambda resource: resource.client("ssm").describe_parameters() and dict(resource.properties),
        "the API does not return Name, Value, Type",
    ),
    "its name and id": (
        lambda resource: {**resource.client("ssm").get_parameter(Name="thing")["Parameter"], "Name": resource.physical_id},
        "the API does not return Name",
    ),
    "nothing": (lambda resource: resource.client("ssm").describe_parameters() and None, "it is not there"),
    "a fault of its own": (lambda resource: resource.nonsense, "reading it failed: AttributeError"),
}


@pytest.mark.parametrize("lie", LIES)
def test_entry_that_echoes_does_not_count(clients: Clients, lie: str) -> None:
    """What an entry hands back without an API having returned it is nothing, though the resource be there as stated."""
    read, reason = LIES[lie]
    entry = Adapter(type="AWS::SSM::Parameter", service="ssm", read=read)
    result = _one(clients, _told("AWS::SSM::Parameter", _put()), entry)
    assert result.rehearsed is Rehearsed.NOT
    assert result.reason.startswith(reason)


def test_error_of_the_api_is_told(clients: Clients) -> None:
    """An error that does not say that it is absent is the reason."""
    entry = Adapter(type="AWS::SSM::Parameter", service="ssm", read=Read(call("put_parameter", Name=ID, Value="b")))
    result = _one(clients, _told("AWS::SSM::Parameter", _put()), entry)
    assert result.rehearsed is Rehearsed.NOT
    assert result.reason.startswith("the API answered ParameterAlreadyExists: ")


def test_type_that_nothing_reads_does_not_count(clients: Clients) -> None:
    """Made by the emulator, perhaps; nobody can tell."""
    assert _one(clients, _told("Acme::Some::Thing", {"A": 1}, by="emulator")).reason == "nothing here reads it back"
    unreadable = Adapter(type="Acme::Some::Thing", service="ssm", read=None)
    assert _one(clients, _told("Acme::Some::Thing", {"A": 1}), unreadable).rehearsed is Rehearsed.NOT


def test_custom_resource_counts_only_when_it_can_be_read(clients: Clients) -> None:
    """Its handler ran, which says nothing; with an entry that reads its type it counts, without regard to who made it."""
    told = _told("Custom::Parameter", {**_put(), "ServiceToken": "arn"}, by="handler")
    assert _one(clients, told).reason == "its handler ran, but no plain API returns what it did"
    entry = Adapter(type="Custom::Parameter", service="ssm", read=PARAMETER.read)
    result = _one(clients, told, entry)
    assert (result.rehearsed, result.unread) == (Rehearsed.BY_ADAPTER, ("ServiceToken",))
    assert "its handler was not run" in _one(clients, {**told, "by": "nobody"}).reason
    assert _one(clients, {**told, "by": "nobody", "note": "Node is not run here"}).reason == "nobody makes it: Node is not run here"
    assert _one(clients, {**told, "note": "Its function was left out"}, entry).note == "Its function was left out."


def test_resource_without_properties_counts_when_it_is_there(clients: Clients) -> None:
    """It has to be asked for all the same."""
    entry = Adapter(type="AWS::SSM::Parameter", service="ssm", read=Read(call("get_parameter", Name=ID), at="Parameter"))
    assert _one(clients, _told("AWS::SSM::Parameter", {}), entry).rehearsed is Rehearsed.NOT
    _put()
    result = _one(clients, _told("AWS::SSM::Parameter", {}), entry)
    assert (result.rehearsed, result.properties) == (Rehearsed.BY_ADAPTER, 0)


def test_made_up_values_do_not_count(clients: Clients) -> None:
    """A value that comes from a resource that nobody made is none that AWS would have, however faithfully it is returned."""
    ghost = _told("Acme::Some::Ghost", {}, by="nobody", logical_id="Ghost", physical_id="Stack-Ghost-1")
    for value in ("arn:aws:some:eu-west-1:111111111111:not-rehearsed/Stack-Ghost-1", "Stack-Ghost-1"):
        _client("ssm").put_parameter(Name="thing", Value=value, Type="String", Overwrite=True)
        told = _told("AWS::SSM::Parameter", {"Name": "thing", "Value": value})
        _, result = compare(_stacks(ghost, told), clients, known={PARAMETER.type: PARAMETER})
        assert result.rehearsed is Rehearsed.NOT
        assert result.reason == "it refers to what nobody made: Ghost (Acme::Some::Ghost)"
        assert result.returned == 2


def test_what_is_in_no_api_counts_neither_way(clients: Clients) -> None:
    """It is named, and left out of the percentage."""
    results = compare(
        _stacks(
            *(_told(kind, {"Analytics": "x"}, by="nobody", physical_id=kind) for kind in NOWHERE), _told("AWS::SSM::Parameter", _put())
        ),
        clients,
        known={PARAMETER.type: PARAMETER},
    )
    found = counts(results)
    assert (found.nowhere, found.counted, found.percentage, found.properties) == (len(NOWHERE), 1, 100.0, 3)
    steps = (Step(name="deploy", title="Deploy", outcome=Outcome.PASSED, seconds=1.0),)
    report = Report(assembly="a", environment="", accounts=(), emulator="e", steps=steps, resources=results, required=100.0)
    assert report.percentage == 100.0
    assert report.is_enough


def test_stacks_that_are_gone_are_left_out(clients: Clients) -> None:
    """What a deleted stack still tells is not compared."""
    assert compare(_stacks(_told("AWS::SSM::Parameter", {}), status="DELETE_COMPLETE"), clients) == ()


def test_order_is_that_of_the_stacks(clients: Clients) -> None:
    """However many are read at a time."""
    _put()
    many = [_told("AWS::SSM::Parameter", {"Name": "thing"}, logical_id=f"Thing{number}") for number in range(3 * AT_ONCE)]
    results = compare(_stacks(*many), clients, known={PARAMETER.type: PARAMETER})
    assert [one.logical_id for one in results] == [one["logical_id"] for one in many]
    assert all(one.rehearsed is Rehearsed.BY_ADAPTER for one in results)


def test_key_by_alias_is_the_key_behind_it(clients: Clients) -> None:
    """An alias is looked up through the API; one that leads elsewhere is another key."""
    kms = _client("kms")
    keys = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2)]
    kms.create_alias(AliasName="alias/lake", TargetKeyId=keys[0])
    for key, rehearsed in zip(keys, (Rehearsed.BY_ADAPTER, Rehearsed.NOT), strict=True):
        entry = Adapter(type="Acme::A::Key", service="kms", read=Read(call("describe_key", KeyId=key), at="KeyMetadata"))
        (stack,) = _stacks(_told("Acme::A::Key", {"KeyId": "alias/lake"}))
        (result,) = compare([{**stack, "account": "123456789012"}], clients, known={entry.type: entry})
        assert result.rehearsed is rehearsed


def test_what_only_an_added_operation_reads_does_not_count() -> None:
    """What an operation returns that the emulator lacks, this project has kept: it is not rehearsed, and says why."""
    told = _told("Acme::A::Query", {})
    for read, added in (
        (lambda one: one.client("logs").describe_query_definitions(), ("logs:describe_query_definitions",)),
        (lambda one: one.client("logs").describe_log_groups(), ()),
    ):
        client = Clients()
        entry = Adapter(type="Acme::A::Query", service="logs", read=read)
        result = _one(client, told, entry)
        assert result.added == added
        assert "added by this project" in _read_by_us(added) if added else result.rehearsed is Rehearsed.BY_ADAPTER
    with_pages = Adapter(
        type="Acme::A::Query", service="logs", read=lambda one: {"P": one.client("logs").get_paginator("describe_log_groups")}
    )
    assert _one(Clients(), told, with_pages).rehearsed is Rehearsed.BY_ADAPTER


_LISTING = """
import importlib, pkgutil
from moto.core.responses import BaseResponse
from lakecheck.rehearsal.emulator import repairs
def kinds(one):
    for each in one.__subclasses__():
        yield each
        yield from kinds(each)
for module in pkgutil.iter_modules(repairs.__path__):
    importlib.import_module(f"{repairs.__name__}.{module.name}")
before = {kind: set(dir(kind)) for kind in kinds(BaseResponse)}
repairs.install()
for kind, names in before.items():
    for name in set(dir(kind)) - names:
        print(kind.__module__.split(".")[1], name)
"""


def test_added_operations_are_those_that_repairs_add() -> None:
    """Whatever the repairs give moto that it lacks, and that reads something, is in the table; nothing else is."""
    done = subprocess.run([sys.executable, "-c", _LISTING], check=True, capture_output=True, text=True)
    found = {
        (service, name) for service, name in map(str.split, done.stdout.splitlines()) if name.startswith(("get_", "list_", "describe_"))
    }
    assert found == ADDED


def test_types_are_summed_up(clients: Clients) -> None:
    """Each reason once with its resources, each property once with how often, items of lists alike."""
    properties = _put()
    told = [_told("AWS::SSM::Parameter", {**properties, "Tiers": [1, 2]}) for _ in range(2)]
    results = compare(_stacks(*told, _told("AWS::SSM::Parameter", properties)), clients, known={PARAMETER.type: PARAMETER})
    (summary,) = by_type(results)
    assert (summary.counts.adapter, summary.counts.missed, summary.counts.percentage) == (1, 2, 33.3)
    assert [(reason, len(found)) for reason, found in summary.reasons] == [("the API does not return Tiers", 2)]
    assert summary.differing == (("Tiers", 2),)
    assert summary.notes == (PARAMETER.note,)
    assert counts([]).percentage is None
    assert general("Rules[3].Filters[0].Id") == "Rules[].Filters[].Id"


def test_an_entry_sees_what_the_others_state(clients: Clients) -> None:
    """Of its own type and of others, with where they are; never itself."""
    seen: dict[str, list[tuple[str, str]]] = {}

    def read(resource: Resource) -> dict[str, Any]:
        resource.client("ssm").describe_parameters()
        others = [one for kind in ("A::B::C", "D::E::F") for one in resource.others(kind)]
        seen[resource.physical_id] = [(one.physical_id, one.properties["Name"]) for one in others]
        return {"Name": "a", "Extra": len(others)}

    known = {kind: Adapter(type=kind, service="ssm", read=read, complete={"Extra": None}) for kind in ("A::B::C", "D::E::F")}
    told = [_told(kind, {"Name": "a"}, physical_id=name) for kind, name in (("A::B::C", "1"), ("A::B::C", "2"), ("D::E::F", "3"))]
    results = compare(_stacks(*told), clients, known=known)
    assert seen == {"1": [("2", "a"), ("3", "a")], "2": [("1", "a"), ("3", "a")], "3": [("1", "a"), ("2", "a")]}
    assert {one.reason for one in results} == {"the API returns what is not stated: Extra"}
