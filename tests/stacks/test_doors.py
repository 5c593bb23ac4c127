"""Who comes to governed data past Lake Formation, through S3 and its keys: the few that have to, and each only to its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.stacks.assembly import ORGANIZATION
from tests.stacks.policies import holders, statements

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake
    from tests.stacks.policies import Statement

pytestmark = pytest.mark.xdist_group("reference")

DIGEST = re.compile(r"[0-9A-F]{8}$")
GOVERNED = re.compile(r"/Zones(Curated|Consumption|Quarantine)(Bucket|Key)[0-9A-F]{8}")
ANY_ZONE_KEY = re.compile(r"/Zones(Landing|Raw|Curated|Consumption|Quarantine)Key[0-9A-F]{8}")

PRODUCTS = {
    "SalesCustomers": "sales/customers",
    "SalesOrders": "sales/orders",
    "TravelAirports": "travel/airports",
    "TravelRoutes": "travel/routes",
}
REGISTRATION_ROLES = {f"MainLocations/{zone}LocationRole" for zone in ("Curated", "Consumption", "Quarantine")}
JOB_ROLES = {f"MainPipelines/{product}JobRole" for product in PRODUCTS}
DATA_PLANE = REGISTRATION_ROLES | JOB_ROLES
"""The roles that read governed data directly. Table optimizers are not among them: they read through Lake Formation."""
CONTAINMENT = {"MainFloor/Containment", "AnalyticsFloor/Containment"}
"""The roles that responders become: they change who may reach a bucket, and reach none of its objects."""


def plain(path: str) -> str:
    """A role without environment and digest: `MainPipelines/SalesOrdersJobRole`."""
    return DIGEST.sub("", path.partition("/")[2])


@pytest.fixture(scope="module")
def found(reference: Lake) -> list[Statement]:
    return list(statements(reference))


def reaching(found: list[Statement], service: str, pattern: re.Pattern[str]) -> list[Statement]:
    """Statements that allow a service's actions on resources of that pattern, or on everything; a boundary allows nothing by itself."""
    return [
        statement
        for statement in found
        if statement.allows
        and "FloorBoundary" not in statement.where.replace("/", "")
        and any(action.startswith((f"{service}:", "*")) for action in statement.actions)
        and any(resource == "*" or pattern.search(resource) for resource in statement.resources)
    ]


def test_objects_of_governed_zones_are_reached_by_the_data_plane_alone(reference: Lake, found: list[Statement]) -> None:
    """Registration roles and the job roles of pipelines; no persona, no consumer, no step function, no optimizer."""
    roles = {plain(role) for statement in reaching(found, "s3", GOVERNED) for role in holders(reference, statement)}
    assert roles - CONTAINMENT == DATA_PLANE
    for statement in reaching(found, "s3", GOVERNED):
        if CONTAINMENT & {plain(role) for role in holders(reference, statement)}:
            assert not [action for action in statement.actions if "Object" in action], statement.where


def test_keys_of_governed_zones_are_used_by_the_data_plane_alone(reference: Lake, found: list[Statement]) -> None:
    """The other half of the same door; key policies themselves name nobody but the account and services."""
    identities = [statement for statement in reaching(found, "kms", GOVERNED) if statement.document == "PolicyDocument"]
    assert {plain(role) for statement in identities for role in holders(reference, statement)} - CONTAINMENT == DATA_PLANE
    for statement in identities:
        if CONTAINMENT & {plain(role) for role in holders(reference, statement)}:
            assert not [action for action in statement.actions if re.search("crypt|DataKey", action)], statement.where


def test_a_job_reaches_its_own_product_only(found: list[Statement]) -> None:
    """Each object a job reads, writes or deletes stands under its product's prefix; lists are confined to it as well."""
    seen = set()
    for statement in found:
        role = DIGEST.sub("", statement.where.rpartition("/")[2]).removesuffix("JobPolicy")
        if statement.stack.name != "MainPipelines" or role not in PRODUCTS or statement.type != "AWS::IAM::ManagedPolicy":
            continue
        prefix = PRODUCTS[role]
        for resource in statement.resources:
            if re.search(r"/Zones\w+Bucket[0-9A-F]{8}\.Arn}/", resource):
                assert f".Arn}}/{prefix}/" in resource, (statement.where, resource)
                seen.add(role)
        if "s3:ListBucket" in statement.actions:
            assert statement.body["Condition"]["StringLike"]["s3:prefix"] == [prefix, f"{prefix}/*"]
    assert seen == set(PRODUCTS)


def test_buckets_let_nobody_in_by_themselves(found: list[Statement]) -> None:
    """Bucket policies of governed zones only deny."""
    policies = [
        statement for statement in found if statement.type == "AWS::S3::BucketPolicy" and any(map(GOVERNED.search, statement.resources))
    ]
    assert len(policies) >= 3 * 3
    assert not [statement.where for statement in policies if statement.allows]


def test_no_consumer_gets_a_data_key(reference: Lake, found: list[Statement]) -> None:
    """A consumer account uses its own results key through S3; the lake's keys name neither it nor anyone in it."""
    used = {
        resource
        for statement in found
        if statement.allows
        and statement.stack.name.startswith("Analytics")
        and not statement.stack.name.endswith("Floor")  # a boundary and the containment role, see above
        and statement.document == "PolicyDocument"
        and any(action.startswith(("kms:", "*")) for action in statement.actions)
        for resource in statement.resources
    }
    assert {DIGEST.sub("", each.strip("{}").removesuffix(".Arn")) for each in used} == {
        f"{environment}/AnalyticsStorage/ResultsKey" for environment in reference.environments
    }
    for statement in found:
        if statement.document == "KeyPolicy" and statement.allows:
            mine = statement.stack.account
            strangers = [each for each in statement.principals if re.search(r":[0-9]{12}:", each) and f":{mine}:" not in each]
            assert not strangers, (statement.where, strangers)


def test_personas_have_no_zone_key_and_no_zone_bucket(found: list[Statement]) -> None:
    """In the lake account neither: a persona's policy names its results prefix, and the results key through S3."""
    members = [each for each in found if "WorkgroupMemberPolicy" in each.where and each.stack.environment != ORGANIZATION]
    assert len({statement.where for statement in members}) == 6 * 3
    for statement in members:
        assert not [each for each in statement.resources if "/Zones" in each], statement.where
        if any(action.startswith("kms:") for action in statement.actions):
            assert statement.body["Condition"]["StringEquals"]["kms:ViaService"].startswith("s3.")


def test_optimizers_are_granted_what_they_do(reference: Lake) -> None:
    """An optimizer has no rights in S3, so without grants on its table it would fail at run time, silently."""
    exports = {
        output["Export"]["Name"]: f"{stack.path}/{output['Value']['Fn::GetAtt'][0]}"
        for stack in reference.stacks.values()
        for output in stack.template.get("Outputs", {}).values()
        if "Fn::GetAtt" in output["Value"]
    }
    granted: dict[tuple[str, str, str], set[str]] = {}
    for _, _, kept in reference.resources("Custom::LakeFormationPermissions"):
        for grant in kept["Properties"].get("Grants", []):
            principal, table = grant["Principal"]["DataLakePrincipalIdentifier"], grant["Resource"].get("Table")
            if table and isinstance(principal, dict) and "Fn::ImportValue" in principal:
                key = (exports[principal["Fn::ImportValue"]], table["DatabaseName"], table["Name"])
                granted.setdefault(key, set()).update(grant["Permissions"])
    optimizers = list(reference.resources("AWS::Glue::TableOptimizer"))
    assert optimizers
    for stack, _, optimizer in optimizers:
        properties = optimizer["Properties"]
        role = properties["TableOptimizerConfiguration"]["RoleArn"]["Fn::GetAtt"][0]
        table = (f"{stack.path}/{role}", properties["DatabaseName"], properties["TableName"])
        assert {"ALTER", "DESCRIBE", "INSERT", "DELETE"} <= granted.get(table, set()), table
