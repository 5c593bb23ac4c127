"""Defaults as the docstrings of constructs state them, against what the constructs make when nothing is said."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.baseline import AccessAnalyzers, AuditStorage, AuditTrail, ThreatDetection
from constructs_lib.compliance import LakeConformancePack
from constructs_lib.network import JobNetwork
from constructs_lib.organization.detection import SensitiveDataDiscovery
from constructs_lib.query import QueryWorkgroup, ResultsBucket
from constructs_lib.storage import AccessLogBucket, InventoryBucket, LakeBucket, LakeKey
from tests.stacks.assembly import ORGANIZATION
from tests.support import ROOT, new_stack, resources, template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.stacks.assembly import Lake

    Template = dict[str, Any]

pytestmark = pytest.mark.xdist_group("reference")

STATED = re.compile(
    r"^(?P<name>\w+): (?P<text>.*?\b(?P<value>True|False|one year|every fifteen minutes|\d[\d.]*(?: (?:days|hours|GiB))?)) when left out",
    re.DOTALL,
)
"""An argument whose docstring gives a number, a duration, a size or a truth value for when it is left out."""


def documented() -> Iterator[tuple[str, str]]:
    """Each such argument as `Class.argument`, with the value."""
    for file in sorted((ROOT / "constructs_lib").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef):
                for entry in re.split(r"\n    (?=\w+: )", ast.get_docstring(node) or ""):
                    if match := STATED.match(re.sub(r"\s+", " ", entry)):
                        yield f"{node.name}.{match['name']}", match["value"]


def only(found: Template, kind: str, starts: str = "") -> dict[str, Any]:
    """The properties of the one resource of a type (whose id begins so)."""
    (each,) = [each["Properties"] for key, each in resources(found, kind).items() if key.startswith(starts)]
    return each


def expiry(found: Template, starts: str) -> int:
    rules = only(found, "AWS::S3::Bucket", starts)["LifecycleConfiguration"]["Rules"]
    return next(rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule)


@pytest.fixture(scope="module")
def bare() -> Template:
    """Constructs with what they cannot do without, and nothing more."""
    stack = new_stack()
    logs = AccessLogBucket(stack, "Logs")
    InventoryBucket(stack, "Inventory", access_logs=logs)
    LakeBucket(stack, "Bucket", key=LakeKey(stack, "Key", description="a bucket").key, access_logs=logs)
    results = ResultsBucket(stack, "Results", access_logs=logs)
    QueryWorkgroup(stack, "Group", name="group", results=results, members=[])
    AuditTrail(stack, "Trail", storage=AuditStorage(stack, "Audit", access_logs=logs))
    ThreatDetection(stack, "Detection")
    AccessAnalyzers(stack, "Analyzers")
    AccessAnalyzers(stack, "Unused", unused_access=True)
    LakeConformancePack(stack, "Pack")
    JobNetwork(stack, "Network", organization_id="o-exampleorgid")
    SensitiveDataDiscovery(stack, "Macie", accounts=[stack.account])
    return template(stack)


@pytest.fixture(scope="module")
def used(reference: Lake) -> Template:
    """One environment's resources in one: the stacks leave these arguments out."""
    return {"Resources": {f"{stack.name}{key}": each for stack in reference.of("Dev").values() for key, each in stack.resources.items()}}


@pytest.fixture(scope="module")
def guarding(reference: Lake) -> Template:
    """The organisation's resources in one: the stacks leave these arguments out."""
    stacks = reference.of(ORGANIZATION).values()
    return {"Resources": {f"{stack.name}{key}": each for stack in stacks for key, each in stack.resources.items()}}


def optimizer(found: Template, kind: str) -> dict[str, Any]:
    return next(
        each["Properties"]["TableOptimizerConfiguration"]
        for each in resources(found, "AWS::Glue::TableOptimizer").values()
        if each["Properties"]["Type"] == kind
    )


def feature(found: Template, name: str) -> bool:
    return any(each["Name"] == name and each["Status"] == "ENABLED" for each in only(found, "AWS::GuardDuty::Detector")["Features"])


def retention(found: Template) -> dict[str, Any]:
    chosen: dict[str, Any] = optimizer(found, "retention")["RetentionConfiguration"]["IcebergConfiguration"]
    return chosen


def job(found: Template) -> dict[str, Any]:
    return only(found, "AWS::Glue::Job", "MainPipelinesTravelRoutes")


BARE: dict[str, tuple[str, Callable[[Template], object], object]] = {
    "AccessLogBucket.retention": ("400 days", lambda it: expiry(it, "Logs"), 400),
    "InventoryBucket.retention": ("90 days", lambda it: expiry(it, "Inventory"), 90),
    "LakeBucket.versioned": ("True", lambda it: only(it, "AWS::S3::Bucket", "Bucket")["VersioningConfiguration"]["Status"], "Enabled"),
    "LakeBucket.notify": ("False", lambda it: "NotificationConfiguration" in only(it, "AWS::S3::Bucket", "Bucket"), False),
    "LakeBucket.deny_other_keys": (
        "True",
        lambda it: (
            "DenyOtherKey" in [each.get("Sid") for each in only(it, "AWS::S3::BucketPolicy", "Bucket")["PolicyDocument"]["Statement"]]
        ),
        True,
    ),
    "ResultsBucket.expiry": ("30 days", lambda it: expiry(it, "Results"), 30),
    "QueryWorkgroup.scan_limit": (
        "100 GiB",
        lambda it: only(it, "AWS::Athena::WorkGroup")["WorkGroupConfiguration"]["BytesScannedCutoffPerQuery"],
        100 * 2**30,
    ),
    "AuditTrail.insights": ("False", lambda it: "InsightSelectors" in only(it, "AWS::CloudTrail::Trail"), False),
    "AuditTrail.log_retention": ("one year", lambda it: only(it, "AWS::Logs::LogGroup", "Trail")["RetentionInDays"], 365),
    "ThreatDetection.malware_protection": ("True", lambda it: feature(it, "EBS_MALWARE_PROTECTION"), True),
    "ThreatDetection.runtime_monitoring": ("True", lambda it: feature(it, "RUNTIME_MONITORING"), True),
    "ThreatDetection.publishing_frequency": (
        "every fifteen minutes",
        lambda it: only(it, "AWS::GuardDuty::Detector")["FindingPublishingFrequency"],
        "FIFTEEN_MINUTES",
    ),
    "AccessAnalyzers.organization": ("False", lambda it: only(it, "AWS::AccessAnalyzer::Analyzer", "Analyzers")["Type"], "ACCOUNT"),
    "AccessAnalyzers.unused_access": (
        "False",
        lambda it: len([key for key in resources(it, "AWS::AccessAnalyzer::Analyzer") if key.startswith("Analyzers")]),
        1,
    ),
    "AccessAnalyzers.unused_days": (
        "90",
        lambda it: next(
            each["Properties"]["AnalyzerConfiguration"]["UnusedAccessConfiguration"]["UnusedAccessAge"]
            for each in resources(it, "AWS::AccessAnalyzer::Analyzer").values()
            if each["Properties"]["Type"] == "ACCOUNT_UNUSED_ACCESS"
        ),
        90,
    ),
    "LakeConformancePack.organization": ("False", lambda it: len(resources(it, "AWS::Config::OrganizationConformancePack")), 0),
    "JobNetwork.cidr": ("20", lambda it: only(it, "AWS::EC2::VPC")["CidrBlock"], "10.128.0.0/20"),
    "JobNetwork.availability_zones": ("2", lambda it: len(resources(it, "AWS::EC2::Subnet")), 2),
    "JobNetwork.flow_log_retention": ("one year", lambda it: only(it, "AWS::Logs::LogGroup", "NetworkFlow")["RetentionInDays"], 365),
    "FlowLogs.retention": ("one year", lambda it: only(it, "AWS::Logs::LogGroup", "NetworkFlow")["RetentionInDays"], 365),
    "SensitiveDataDiscovery.new_members": ("False", lambda it: only(it, "Custom::MacieOrganization")["NewMembers"], False),
    "SensitiveDataDiscovery.automated_discovery": ("False", lambda it: only(it, "Custom::MacieOrganization")["AutomatedDiscovery"], False),
    "SensitiveDataDiscovery.publishing_frequency": (
        "every fifteen minutes",
        lambda it: only(it, "Custom::MacieOrganization")["PublishingFrequency"],
        "FIFTEEN_MINUTES",
    ),
}
"""Of constructs that stand alone: what the docstring says, what the template has, and what that has to be."""

USED: dict[str, tuple[str, Callable[[Template], object], object]] = {
    "TableOptimizers.snapshot_retention": ("7 days", lambda it: retention(it)["SnapshotRetentionPeriodInDays"], 7),
    "TableOptimizers.snapshots_to_keep": ("5", lambda it: retention(it)["NumberOfSnapshotsToRetain"], 5),
    "TableOptimizers.orphan_retention": (
        "7 days",
        lambda it: optimizer(it, "orphan_file_deletion")["OrphanFileDeletionConfiguration"]["IcebergConfiguration"][
            "OrphanFileRetentionPeriodInDays"
        ],
        7,
    ),
    "TableOptimizers.enabled": ("True", lambda it: optimizer(it, "compaction")["Enabled"], True),
    "ContractCatalog.quarantine": ("True", lambda it: sum(key.endswith("Quarantine") for key in resources(it, "AWS::Glue::Table")), 4),
    "LakeFormationSettings.cross_account_version": (
        "4",
        lambda it: only(it, "Custom::LakeFormationSettings", "MainAccount")["CrossAccountVersion"],
        "4",
    ),
    "CatalogPermissions.parts": (
        "4",
        lambda it: len([key for key in resources(it, "Custom::LakeFormationPermissions") if key.startswith("MainGrantsPermissions")]),
        4,
    ),
    "PipelineFoundation.log_retention": ("one year", lambda it: only(it, "AWS::Logs::LogGroup", "MainPipelines")["RetentionInDays"], 365),
    "IngestionPipeline.concurrency": ("1", lambda it: job(it)["ExecutionProperty"]["MaxConcurrentRuns"], 1),
    "IngestionPipeline.job_timeout": ("2 hours", lambda it: job(it)["Timeout"], 120),
}
"""Of constructs that need much around them: as the reference uses them, which leaves these arguments out."""

GUARDING: dict[str, tuple[str, Callable[[Template], object], object]] = {
    "OrganizationThreatDetection.publishing_frequency": (
        "every fifteen minutes",
        lambda it: only(it, "Custom::GuardDutyOrganization")["PublishingFrequency"],
        "FIFTEEN_MINUTES",
    ),
    "OrganizationSecurityHub.standards": (
        "53",
        lambda it: [
            each.rpartition("standards/")[2].partition("/")[0]
            for each in only(it, "AWS::SecurityHub::ConfigurationPolicy")["ConfigurationPolicy"]["SecurityHub"][
                "EnabledStandardIdentifiers"
            ]
        ],
        ["aws-foundational-security-best-practices", "cis-aws-foundations-benchmark", "nist-800-53"],
    ),
    "PersonaPermissionSet.session": (
        "4 hours",
        lambda it: only(it, "AWS::SSO::PermissionSet", "IdentityDataAnalyst")["SessionDuration"],
        "PT4H",
    ),
    "Responders.most_per_hour": (
        "20",
        lambda it: (
            '"most_per_hour\\": 20' in (said := json.dumps(only(it, "AWS::Lambda::Function", "SecurityRespondersB")["Environment"]))
            or '\\"most_per_hour\\":20' in said
        ),
        True,
    ),
    "TrailTable.first_day": (
        "01",
        lambda it: only(it, "AWS::Glue::Table")["TableInput"]["Parameters"]["projection.day.range"],
        "2026/01/01,NOW",
    ),
    "TrailTable.scan_limit": (
        "100 GiB",
        lambda it: only(it, "AWS::Athena::WorkGroup")["WorkGroupConfiguration"]["BytesScannedCutoffPerQuery"],
        100 * 2**30,
    ),
    "OrganizationTrail.insights": ("False", lambda it: "InsightSelectors" in only(it, "AWS::CloudTrail::Trail"), False),
    "OrganizationTrail.log_retention": ("one year", lambda it: only(it, "AWS::Logs::LogGroup", "TrailTrail")["RetentionInDays"], 365),
}
"""Of constructs in the management, log archive and security accounts: as the reference uses them."""


@pytest.mark.parametrize("name", BARE)
def test_a_construct_alone_does_what_it_says(bare: Template, name: str) -> None:
    """The stated default is the real one."""
    stated, real, expected = BARE[name]
    assert dict(documented())[name] == stated
    assert real(bare) == expected


@pytest.mark.parametrize("name", USED)
def test_a_construct_of_the_reference_does_what_it_says(used: Template, name: str) -> None:
    """The stated default is the real one."""
    stated, real, expected = USED[name]
    assert dict(documented())[name] == stated
    assert real(used) == expected


@pytest.mark.parametrize("name", GUARDING)
def test_a_construct_of_the_organisation_does_what_it_says(guarding: Template, name: str) -> None:
    """The stated default is the real one."""
    stated, real, expected = GUARDING[name]
    assert dict(documented())[name] == stated
    assert real(guarding) == expected


def test_every_stated_default_is_held() -> None:
    """A default that a docstring states anew has to be added above."""
    assert set(dict(documented())) == {*BARE, *USED, *GUARDING}
