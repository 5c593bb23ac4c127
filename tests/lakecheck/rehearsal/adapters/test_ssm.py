"""Parameters and documents of Systems Manager."""

import json

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import emulated, make, round_trip

PARAMETER = "AWS::SSM::Parameter"


def test_a_parameter_comes_back_and_changes_in_place():
    stated = {"Name": "/lake/owner", "Type": "String", "Value": "a", "Description": "d", "AllowedPattern": ".*", "Tier": "Advanced"}
    with emulated() as clients:
        trip = round_trip(
            clients, PARAMETER, {**stated, "Tags": {"a": "1", "b": "2"}}, {**stated, "Value": "b", "Description": "e", "Tags": {"a": "3"}}
        )
    assert trip.made.physical_id == "/lake/owner"
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.read_after_change["Tags"] == {"a": "3"}
    assert trip.is_deleted


def test_a_parameter_without_a_name_gets_one():
    with emulated() as clients:
        made = make(clients, PARAMETER, {"Type": "StringList", "Value": "a,b"})
        assert made.physical_id.startswith("Stack-Thing-")
        assert adapters()[PARAMETER].attribute(made, "Value") == "a,b"


def test_a_document_changes_to_a_new_default_version():
    def content(description):
        return {
            "schemaVersion": "2.2",
            "description": description,
            "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {}}],
        }

    stated = {"Name": "doc", "DocumentType": "Command", "DocumentFormat": "JSON", "Content": content("a")}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::SSM::Document", stated, {**stated, "Content": content("b")})
    assert trip.lacks == trip.lacks_after_change == ()
    assert json.dumps(trip.read["Content"]) != json.dumps(trip.read_after_change["Content"])
    assert trip.is_deleted
