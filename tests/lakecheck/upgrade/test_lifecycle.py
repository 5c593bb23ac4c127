"""A lifecycle that deletes what none deleted, or sooner, is named; colder classes, order, ids and longer times are not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lakecheck.upgrade.data import retention
from tests.lakecheck.upgrade.support import compared

BUCKET, REPOSITORY = "AWS::S3::Bucket", "AWS::ECR::Repository"


def _of(kind: str, was: dict[str, Any], now: dict[str, Any]) -> list[Any]:
    return list(retention.risks(compared({"It": {"Type": kind, "Properties": was}}, {"It": {"Type": kind, "Properties": now}})))


def bucket(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"LifecycleConfiguration": {"Rules": [{"Status": "Enabled"} | rule for rule in rules]}}


def changed(was: dict[str, Any], now: dict[str, Any]) -> list[Any]:
    return _of(BUCKET, was, now)


A_YEAR = {"Id": "year", "ExpirationInDays": 365, "Prefix": "raw/"}
OLD_VERSIONS = {"Id": "versions", "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 5}}

SOONER = {
    "new rule": (bucket(), bucket(A_YEAR)),
    "first configuration": ({}, bucket(A_YEAR)),
    "enabled": (bucket(A_YEAR | {"Status": "Disabled"}), bucket(A_YEAR)),
    "fewer days": (bucket(A_YEAR), bucket(A_YEAR | {"ExpirationInDays": 30})),
    "days as text": (bucket(A_YEAR), bucket(A_YEAR | {"ExpirationInDays": "30"})),
    "wider prefix": (bucket(A_YEAR), bucket(A_YEAR | {"Prefix": ""})),
    "another prefix": (bucket(A_YEAR), bucket(A_YEAR | {"Prefix": "curated/"})),
    "tag filter gone": (bucket(A_YEAR | {"TagFilters": [{"Key": "keep", "Value": "no"}]}), bucket(A_YEAR)),
    "smaller objects too": (bucket(A_YEAR | {"ObjectSizeGreaterThan": 1000}), bucket(A_YEAR)),
    "larger objects too": (bucket(A_YEAR | {"ObjectSizeLessThan": 1000}), bucket(A_YEAR)),
    "fewer days of versions": (
        bucket(OLD_VERSIONS),
        bucket(OLD_VERSIONS | {"NoncurrentVersionExpiration": {"NoncurrentDays": 9, "NewerNoncurrentVersions": 5}}),
    ),
    "fewer versions": (
        bucket(OLD_VERSIONS),
        bucket(OLD_VERSIONS | {"NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 1}}),
    ),
    "old spelling": (bucket({"NoncurrentVersionExpirationInDays": 90}), bucket({"NoncurrentVersionExpirationInDays": 30})),
    "earlier date": (bucket({"ExpirationDate": "2030-01-01T00:00:00Z"}), bucket({"ExpirationDate": "2029-01-01T00:00:00Z"})),
}

HARMLESS = {
    "another id": (bucket(A_YEAR), bucket(A_YEAR | {"Id": "another"})),
    "another order": (bucket(A_YEAR, OLD_VERSIONS), bucket(OLD_VERSIONS, A_YEAR)),
    "another spelling of versions": (
        bucket({"NoncurrentVersionExpirationInDays": 90}),
        bucket({"NoncurrentVersionExpiration": {"NoncurrentDays": 90}}),
    ),
    "covered by a rule that was there": (bucket(A_YEAR), bucket(A_YEAR, {"Prefix": "raw/orders/", "ExpirationInDays": 400})),
    "incomplete uploads": (bucket(), bucket({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}})),
    "colder class": (bucket(), bucket({"Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 30}]})),
    "delete markers": (bucket(), bucket({"ExpiredObjectDeleteMarker": True})),
}


@pytest.mark.parametrize("name", SOONER)
def test_what_deletes_more_or_sooner_is_told_once(name):
    (found,) = changed(*SOONER[name])
    assert (found.rule, found.is_certain) == ("data_loss.lifecycle", True)
    assert found.property.startswith("LifecycleConfiguration.Rules.")


@pytest.mark.parametrize("name", SOONER)
def test_the_way_back_is_harmless(name):
    was, now = SOONER[name]
    if name != "another prefix":
        assert changed(now, was) == []


@pytest.mark.parametrize("name", HARMLESS)
def test_what_deletes_no_more_than_before_is_harmless(name):
    assert changed(*HARMLESS[name]) == []


def test_a_finding_says_what_was_and_what_is():
    (found,) = changed(*SOONER["fewer days"])
    assert (found.was, found.now) == ("days: 365 (below raw/)", "days: 30 (below raw/)")
    (found,) = changed({}, bucket(A_YEAR) | {"VersioningConfiguration": {"Status": "Enabled"}})
    assert "delete marker" in found.consequence


def test_days_that_are_not_known_are_not_taken_for_harmless():
    (found,) = changed(bucket(A_YEAR), bucket(A_YEAR | {"ExpirationInDays": {"Ref": "Days"}}))
    assert not found.is_certain
    for whole in ({"Ref": "Whole"}, {"Rules": {"Ref": "Rules"}}, {"Rules": [{"Ref": "Rule"}]}):
        (found,) = changed(bucket(A_YEAR), {"LifecycleConfiguration": whole})
        assert not found.is_certain
    (found,) = _of(REPOSITORY, {}, {"LifecyclePolicy": {"LifecyclePolicyText": {"Fn::Sub": '{"rules": [${Rule}]}'}}})
    assert not found.is_certain


def images(*selections: dict[str, Any]) -> dict[str, Any]:
    rules = [{"rulePriority": number, "selection": each, "action": {"type": "expire"}} for number, each in enumerate(selections)]
    return {"LifecyclePolicy": {"LifecyclePolicyText": json.dumps({"rules": rules})}}


def test_images_that_go_sooner_are_told_and_the_way_back_is_not():
    many = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 100}
    untagged = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}
    for was, now in (
        ({}, images(many)),
        (images(many), images(many | {"countNumber": 10})),
        (images(untagged), images(untagged | {"tagStatus": "any"})),
        (images(many), images(many, untagged)),
    ):
        assert [risk.rule for risk in _of(REPOSITORY, was, now)] == ["data_loss.lifecycle"]
        assert _of(REPOSITORY, now, was) == []
