"""What has to fit together between the organisation's baseline and the environments: one owner of everything, nothing stated in vain."""

from __future__ import annotations

from typing import Any

import pytest

from lakemodel.config.loader import read_config
from lakemodel.config.model import Owner, Response, Singleton
from tests.unit.config.support import document, findings, put, valid

BASELINE: dict[str, Any] = {"region": "eu-west-1", "root": "r-exam"}


def with_baseline(changes: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return put(put(valid(), {"organization.baseline": {**BASELINE, **more}}), changes or {})


def test_what_is_left_out_is_the_safe_choice() -> None:
    """Everything is made, nothing is moved, contained or charged by the gigabyte."""
    made = read_config(document(with_baseline())).organization.baseline
    assert made is not None
    assert {made.guardrails, made.audit_trail, made.threat_detection, made.break_glass} == {Owner.CREATE}
    assert made.response is Response.DRY_RUN
    assert not made.place_accounts
    assert not made.discover_sensitive_data


def test_accounts_take_from_the_organisation_what_it_provides() -> None:
    """No second trail and no second detector; a recorder is needed in every account."""
    singletons = read_config(document(with_baseline())).singletons("prod")
    assert singletons.audit_trail is Singleton.ORGANIZATION
    assert singletons.threat_detection is Singleton.ORGANIZATION
    assert singletons.config_recorder is Singleton.CREATE


def test_without_a_baseline_every_account_has_its_own() -> None:
    singletons = read_config(document(valid())).singletons("prod")
    assert (singletons.audit_trail, singletons.threat_detection) == (Singleton.CREATE, Singleton.CREATE)
    assert singletons.config_recorder is Singleton.ADOPT


def test_what_is_stated_holds() -> None:
    """An account that keeps its own trail says so; another organisation's is relied on without a baseline."""
    kept = with_baseline({"environments.prod.baseline": {"audit_trail": "adopt", "config_recorder": "organization"}})
    singletons = read_config(document(kept)).singletons("prod")
    assert (singletons.audit_trail, singletons.config_recorder) == (Singleton.ADOPT, Singleton.ORGANIZATION)
    theirs = put(valid(), {"environments.prod.baseline": {"audit_trail": "organization"}})
    assert read_config(document(theirs)).singletons("prod").audit_trail is Singleton.ORGANIZATION


@pytest.mark.parametrize(
    ("changes", "more", "path", "code", "words"),
    [
        (
            {"environments.dev.baseline": {"audit_trail": "create"}},
            {},
            "environments.dev.baseline.audit_trail",
            "second_owner",
            "an account has one owner of it. Remove the key",
        ),
        (
            {"environments.dev.baseline": {"threat_detection": "create"}},
            {},
            "environments.dev.baseline.threat_detection",
            "second_owner",
            "the security account enables GuardDuty",
        ),
        ({}, {"region": "eu-wset-1"}, "organization.baseline.region", "unknown_region", "Did you mean eu-west-1?"),
        ({}, {"allowed_regions": ["mars-1"]}, "organization.baseline.allowed_regions[0]", "unknown_region", "does not know it"),
        ({}, {"region": "us-gov-west-1"}, "organization.baseline.region", "partition", "but environment dev is in aws"),
        (
            {},
            {"control_tower_controls": ["AWS-GR_ENCRYPTED_VOLUMES"]},
            "organization.baseline.control_tower_controls",
            "controls_without_units",
            "Set place_accounts to true",
        ),
        (
            {},
            {"discover_sensitive_data": True, "threat_detection": "adopt"},
            "organization.baseline.discover_sensitive_data",
            "discovery_without_detection",
            "or set threat_detection to create",
        ),
        (
            {"environments.prod.region": "ap-southeast-4", "environments.prod.table_optimizers": False},
            {"discover_sensitive_data": True},
            "organization.baseline.discover_sensitive_data",
            "region_without_service",
            "ap-southeast-4 has no macie",
        ),
        (
            {"personas.analyst.principal": {"permission_set": "Analyst", "session_hours": 8}},
            {},
            "personas.analyst.principal.session_hours",
            "permission_set_elsewhere",
            "State it, or remove session_hours.",
        ),
    ],
)
def test_fails_when_something_has_two_owners_or_no_effect(
    changes: dict[str, Any], more: dict[str, Any], path: str, code: str, words: str
) -> None:
    """One finding, at its place, with what to do."""
    (finding,) = findings(with_baseline(changes, **more))
    assert (finding.place.path, finding.code) == (path, f"config.{code}")
    assert words in str(finding)


def test_fails_when_an_environment_has_the_stages_name() -> None:
    data = with_baseline()
    data["environments"]["organization"] = {
        "lakes": {"main": "444444444431"},
        "consumers": {"analytics": "444444444432"},
        "region": "eu-west-1",
        "protection": "strict",
    }
    (finding,) = findings(data)
    assert (finding.place.path, finding.code) == ("environments.organization", "config.name_collision")
    del data["organization"]["baseline"]
    assert "organization" in read_config(document(data)).environments


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("root", "ou-exam-12345678", "a root's id is r-"),
        ("identity_center", "arn:aws:sso:::instance/ssoins-1234567890abcdef", "ssoins- and 16 characters"),
        ("response", "on", "allowed: none, dry_run or contain"),
        ("guardrails", "organization", "allowed: create or adopt"),
    ],
)
def test_refuses_ids_of_another_form(key: str, value: str, words: str) -> None:
    (finding,) = findings(with_baseline(**{key: value}))
    assert words in str(finding)
