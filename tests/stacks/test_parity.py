"""Promotion: where protection is strict nothing is weaker than where it is standard."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakemodel.config.loader import load_config
from lakemodel.config.model import Protection
from lakemodel.naming import pascal_case
from tests.stacks.parity import weaknesses
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stacks.assembly import Lake, Synthesized

    Stacks = dict[str, Synthesized]
    Edit = Callable[[dict[str, Any]], object]

pytestmark = pytest.mark.xdist_group("reference")


def changed(stacks: Stacks, name: str, edit: Edit, *, kind: str = "", starts: str = "") -> Stacks:
    """A copy of an environment with one thing changed: the first resource of that kind, or the whole template."""
    template = copy.deepcopy(stacks[name].template)
    if kind:
        edit(next(each for key, each in template["Resources"].items() if each["Type"] == kind and key.startswith(starts)))
    else:
        edit(template["Resources"])
    return {**stacks, name: replace(stacks[name], template=template)}


def remove(kind: str) -> Edit:
    def edit(resources: dict[str, Any]) -> None:
        resources.pop(next(key for key, each in resources.items() if each["Type"] == kind))

    return edit


def statement(effect: str, **changes: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "s3:GetObject", "Resource": "*", "Principal": {"AWS": "arn"}, **changes}


def rules(bucket: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    return found


def expiring(bucket: dict[str, Any]) -> dict[str, Any]:
    return next(rule for rule in rules(bucket) if "ExpirationInDays" in rule)


def properties(**changes: Any) -> Edit:
    return lambda resource: resource["Properties"].update(changes)


def grants_by_tag(kept: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in kept["Properties"]["Grants"] if "LFTagPolicy" in each["Resource"])
    return found


def expression(kept: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = grants_by_tag(kept)["Resource"]["LFTagPolicy"]["Expression"]
    return found


BUCKET, KEY, TRAIL, ALARM = "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::CloudTrail::Trail", "AWS::CloudWatch::Alarm"
POLICY, GRANTS, GROUP = "AWS::S3::BucketPolicy", "Custom::LakeFormationPermissions", "AWS::Athena::WorkGroup"

WEAKENED: dict[str, tuple[str, str, Edit]] = {
    "an object expires earlier": ("MainStorage", BUCKET, lambda it: expiring(it).update(ExpirationInDays=1)),
    "data expires that was kept": (
        "MainStorage",
        BUCKET,
        lambda it: rules(it).append({"Id": "new", "ExpirationInDays": 9, "Status": "Enabled"}),
    ),
    "housekeeping is off": ("MainStorage", BUCKET, lambda it: rules(it)[0].update(Status="Disabled")),
    "old versions go sooner": ("MainStorage", BUCKET, lambda it: rules(it)[0]["NoncurrentVersionExpiration"].update(NoncurrentDays=1)),
    "versioning is suspended": ("MainStorage", BUCKET, properties(VersioningConfiguration={"Status": "Suspended"})),
    "versioning is gone": ("MainStorage", BUCKET, lambda it: it["Properties"].pop("VersioningConfiguration")),
    "a bucket is deleted with its stack": ("MainStorage", BUCKET, lambda it: it.update(DeletionPolicy="Delete")),
    "a bucket's policy is no longer kept": ("MainStorage", BUCKET, lambda it: it.pop("UpdateReplacePolicy")),
    "public access is not blocked": ("MainStorage", BUCKET, lambda it: it["Properties"].pop("PublicAccessBlockConfiguration")),
    "encryption is gone": ("MainStorage", BUCKET, lambda it: it["Properties"].pop("BucketEncryption")),
    "a key does not rotate": ("MainStorage", KEY, properties(EnableKeyRotation=False)),
    "a key is gone sooner": ("MainStorage", KEY, properties(PendingWindowInDays=7)),
    "TLS is not enforced": ("MainStorage", POLICY, lambda it: it["Properties"]["PolicyDocument"]["Statement"].pop(0)),
    "somebody may read": ("MainStorage", POLICY, lambda it: it["Properties"]["PolicyDocument"]["Statement"].append(statement("Allow"))),
    "claims cannot be restored": (
        "MainStorage",
        "AWS::DynamoDB::Table",
        lambda it: it["Properties"].pop("PointInTimeRecoverySpecification"),
    ),
    "logs are kept for a day": ("MainAccount", "AWS::Logs::LogGroup", properties(RetentionInDays=1)),
    "the trail's files are not validated": ("MainAccount", TRAIL, properties(EnableLogFileValidation=False)),
    "the trail sees one Region": ("MainAccount", TRAIL, properties(IsMultiRegionTrail=False)),
    "the trail sees no objects": ("MainAccount", TRAIL, lambda it: it["Properties"]["AdvancedEventSelectors"].pop()),
    "the trail has no key": ("MainAccount", TRAIL, lambda it: it["Properties"].pop("KMSKeyId")),
    "the trail is gone": ("AnalyticsAccount", "", remove(TRAIL)),
    "nothing detects threats": ("AnalyticsAccount", "", remove("AWS::GuardDuty::Detector")),
    "an alarm is gone": ("MainPipelines", "", remove(ALARM)),
    "an alarm tells nobody": ("MainPipelines", ALARM, properties(AlarmActions=[])),
    "a job's role may do more": (
        "MainPipelines",
        "AWS::IAM::ManagedPolicy",
        lambda it: it["Properties"]["PolicyDocument"]["Statement"][0].update(Action=["s3:GetObject", "s3:DeleteObject"]),
    ),
    "a policy is new": ("MainPipelines", "", lambda it: it.update(New={"Type": "AWS::IAM::ManagedPolicy", "Properties": {}})),
    "a query may scan more": (
        "AnalyticsAccess",
        GROUP,
        lambda it: it["Properties"]["WorkGroupConfiguration"].update(BytesScannedCutoffPerQuery=10**15),
    ),
    "a query may scan anything": (
        "AnalyticsAccess",
        GROUP,
        lambda it: it["Properties"]["WorkGroupConfiguration"].pop("BytesScannedCutoffPerQuery"),
    ),
    "results may go elsewhere": (
        "AnalyticsAccess",
        GROUP,
        lambda it: it["Properties"]["WorkGroupConfiguration"].update(EnforceWorkGroupConfiguration=False),
    ),
    "sessions last longer": ("AnalyticsAccess", "AWS::IAM::Role", properties(MaxSessionDuration=43200)),
    "something is granted besides": (
        "AnalyticsAccess",
        GRANTS,
        lambda it: it["Properties"]["Grants"].append({**it["Properties"]["Grants"][0], "Permissions": ["DROP"]}),
    ),
    "a class more is granted": ("AnalyticsAccess", GRANTS, lambda it: expression(it)[0]["TagValues"].append("restricted")),
    "a class is not asked for": ("AnalyticsAccess", GRANTS, lambda it: expression(it).pop(0)),
    "a grant can be passed on": ("AnalyticsAccess", GRANTS, lambda it: grants_by_tag(it).update(PermissionsWithGrantOption=["DESCRIBE"])),
    "a class is lowered": (
        "MainGrants",
        GRANTS,
        lambda it: it["Properties"]["TagAssociations"][-1]["LFTags"][0].update(TagValues=["public"]),
    ),
    "IAM decides besides": ("MainGrants", GRANTS, properties(RevokeIamAllowedPrincipals="false")),
    "the catalog is in plain text": ("MainAccount", "", remove("AWS::Glue::DataCatalogEncryptionSettings")),
}
"""What may not pass, each with the stack, the type of the resource and what is done to the first one of it."""

STRENGTHENED: dict[str, tuple[str, str, Edit]] = {
    "an object expires later": ("MainStorage", BUCKET, lambda it: expiring(it).update(ExpirationInDays=9_999)),
    "an object never expires": ("MainStorage", BUCKET, lambda it: rules(it).remove(expiring(it))),
    "old versions stay longer": ("MainStorage", BUCKET, lambda it: rules(it)[0]["NoncurrentVersionExpiration"].update(NoncurrentDays=99)),
    "logs stay longer": ("MainAccount", "AWS::Logs::LogGroup", properties(RetentionInDays=3_653)),
    "one more thing is denied": (
        "MainStorage",
        POLICY,
        lambda it: it["Properties"]["PolicyDocument"]["Statement"].append(statement("Deny")),
    ),
    "a job's role may do less": (
        "MainPipelines",
        "AWS::IAM::ManagedPolicy",
        lambda it: it["Properties"]["PolicyDocument"]["Statement"].pop(),
    ),
    "one more alarm": ("MainPipelines", "", lambda it: it.update(New={"Type": ALARM, "Properties": {}})),
    "a query may scan less": (
        "AnalyticsAccess",
        GROUP,
        lambda it: it["Properties"]["WorkGroupConfiguration"].update(BytesScannedCutoffPerQuery=10**7),
    ),
    "a grant less": ("AnalyticsAccess", GRANTS, lambda it: it["Properties"]["Grants"].pop()),
    "a class less is granted": ("AnalyticsAccess", GRANTS, lambda it: expression(it)[0]["TagValues"].pop()),
    "one more tag is asked for": (
        "AnalyticsAccess",
        GRANTS,
        lambda it: expression(it).append({"TagKey": "domain", "TagValues": ["sales"]}),
    ),
}
"""What has to pass."""


@pytest.fixture(scope="module")
def prod(without_baseline: Lake) -> Stacks:
    """With everything that an account can have: its own trail and detector too."""
    return without_baseline.of("Prod")


def started(kept: str, name: str) -> str:
    """Parts of the permissions of a consumer differ in what they hold: the one with expressions is asked for."""
    return "PermissionsPart02" if (kept, name) == (GRANTS, "AnalyticsAccess") else ""


def test_strict_environments_are_nowhere_weaker(reference: Lake) -> None:
    """Staging and prod against dev: retention, versioning, protection, encryption, scan cap, grants, alarms, trail, and all the rest."""
    environments = load_config(ROOT / "config" / "lake.yaml").environments
    by_protection = {kind: [pascal_case(name) for name, each in environments.items() if each.protection is kind] for kind in Protection}
    assert by_protection == {Protection.STANDARD: ["Dev"], Protection.STRICT: ["Staging", "Prod"]}
    for strict in by_protection[Protection.STRICT]:
        for standard in by_protection[Protection.STANDARD]:
            said = weaknesses(reference.of(standard), reference.of(strict))
            assert not said, f"{strict} is weaker than {standard}:\n" + "\n".join(said)


@pytest.mark.parametrize("what", WEAKENED)
def test_each_weakening_is_seen(prod: Stacks, what: str) -> None:
    """One property of one resource, made weaker in a copy, is told, and nothing else is."""
    name, kind, edit = WEAKENED[what]
    said = weaknesses(prod, changed(prod, name, edit, kind=kind, starts=started(kind, name)))
    assert len(said) == 1, said
    assert said[0].startswith(f"{name}/")


@pytest.mark.parametrize("what", STRENGTHENED)
def test_what_is_stronger_passes(prod: Stacks, what: str) -> None:
    """So dev may be laxer than prod in any of these ways; the other way round it is a weakness."""
    name, kind, edit = STRENGTHENED[what]
    better = changed(prod, name, edit, kind=kind, starts=started(kind, name))
    assert better[name].template != prod[name].template
    assert weaknesses(prod, better) == []
    assert weaknesses(better, prod)


def test_termination_protection_and_whole_stacks_are_missed(prod: Stacks) -> None:
    """What is no resource's property: protection of a stack, and the stack itself."""
    unprotected = {**prod, "MainStorage": replace(prod["MainStorage"], protected=False)}
    assert weaknesses(prod, unprotected) == ["MainStorage: no termination protection"]
    assert weaknesses(unprotected, prod) == []
    assert weaknesses(prod, {name: stack for name, stack in prod.items() if name != "MainAccount"}) == ["MainAccount: the stack is missing"]
