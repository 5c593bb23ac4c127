"""Rules of Lake Formation where a case is not enough: what is not known, what several accounts say together, what only seems wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.checks import rules
from lakecheck.rules import all_rules
from tests.lakecheck.rules.hostile import made_hostile
from tests.lakecheck.rules.snapshots import ACCOUNT, REGION, snapshot_of
from tests.lakecheck.rules.stacks import OPEN, WHAT, said, stack_of

if TYPE_CHECKING:
    from lakecheck.rules import Rule

OTHER = "777788889999"
ANALYST = f"arn:aws:iam::{ACCOUNT}:role/Analyst"
ORDERS = {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders"}}
SALES = {"Database": {"CatalogId": ACCOUNT, "Name": "sales"}}
FILTER = {"DataCellsFilter": {"TableCatalogId": ACCOUNT, "DatabaseName": "sales", "TableName": "orders", "Name": "germany"}}


def grant(resource: Any, permissions: Any, to: Any = ANALYST, option: Any = (), **section: Any) -> dict[str, Any]:
    properties = {
        "Principal": {"DataLakePrincipalIdentifier": to},
        "Resource": resource,
        "Permissions": permissions,
        "PermissionsWithGrantOption": list(option) if isinstance(option, tuple) else option,
    }
    return {"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": properties, **section}


def settings(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::LakeFormation::DataLakeSettings", "Properties": properties}


def location(arn: Any = "arn:aws:s3:::curated", **properties: Any) -> dict[str, Any]:
    given = {"ResourceArn": arn, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/Location", "UseServiceLinkedRole": False, **properties}
    return {"Type": "AWS::LakeFormation::Resource", "Properties": given}


def database(name: str, where: Any = None, **given: Any) -> dict[str, Any]:
    located = {} if where is None else {"LocationUri": where}
    return {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": ACCOUNT, "DatabaseInput": {"Name": name, **located, **given}}}


def table(name: str, where: str) -> dict[str, Any]:
    given = {"Name": name, "StorageDescriptor": {"Location": where, "Columns": [{"Name": "id", "Type": "string"}]}}
    return {"Type": "AWS::Glue::Table", "Properties": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "TableInput": given}}


@pytest.mark.parametrize("rule", [each for each in all_rules() if each.family == "lake_formation"], ids=lambda rule: rule.id)
def test_nothing_that_a_property_may_be_ends_in_a_trace(rule: Rule):
    for case in (*rule.cases.failing, *rule.cases.compliant):
        for changed in made_hostile(case):
            found = rules.check(snapshot_of(changed, **OPEN), [rule]).findings
            assert all(each.message and each.remedy for each in found)


# --- to whom ---------------------------------------------------------------------------------------------------------------------------


def test_permissions_that_are_not_known_may_be_everything():
    (found,) = said("lake_formation.everything_to_wide_principals", {"G": grant(ORDERS, [WHAT], to=OTHER)})
    assert found.startswith("note: what is granted to 777788889999 is not known")


def test_a_grant_of_everything_is_one_whatever_its_existence_depends_on():
    (found,) = said("lake_formation.everything_to_wide_principals", {"G": grant(ORDERS, ["ALL"], to=OTHER, Condition="Wanted")})
    assert found.startswith("error: grants ALL on a table to 777788889999")


def test_everything_on_columns_of_iam_allowed_principals_is_another_rules():
    assert said("lake_formation.everything_to_wide_principals", {"G": grant(ORDERS, ["ALL"], to="IAM_ALLOWED_PRINCIPALS")}) == []


def test_whether_somebody_is_an_administrator_is_not_known_without_the_settings():
    rule = "lake_formation.grant_option_to_persona"
    passing = grant(ORDERS, ["SELECT"], option=("SELECT",))
    (alone,) = said(rule, {"G": passing})
    assert alone.startswith("note: PermissionsWithGrantOption: ")
    assert "whether it is an administrator is not known" in alone
    (stated,) = said(rule, {"G": passing, "S": settings(Admins=[])})
    assert stated.startswith("warning: ")
    of_another_account = stack_of({"S": settings(Admins=[{"DataLakePrincipalIdentifier": ANALYST}])}, OTHER)
    (still,) = said(rule, {"G": passing}, of_another_account)
    assert still == alone


def test_what_deploys_may_pass_on():
    deploys = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
    passing = grant(ORDERS, ["SELECT"], to=deploys, option=("SELECT",))
    assert said("lake_formation.grant_option_to_persona", {"G": passing, "S": settings(Admins=[])}) == []


def test_an_administrator_whose_account_is_not_known_is_one_role_all_the_same():
    admin = {"Fn::Sub": "arn:${AWS::Partition}:iam::${What}:role/Admin"}
    assert said("lake_formation.admin_breadth", {"S": settings(Admins=[{"DataLakePrincipalIdentifier": admin}])}) == []
    (open_,) = said("lake_formation.admin_breadth", {"S": settings(Admins=[{"DataLakePrincipalIdentifier": WHAT}])})
    assert open_.startswith("note: Admins: who administers the lake is not known")


def test_a_services_own_role_administers_only_to_read():
    redshift = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/redshift.amazonaws.com/AWSServiceRoleForRedshift"
    entry = [{"DataLakePrincipalIdentifier": redshift}]
    assert said("lake_formation.admin_breadth", {"S": settings(ReadOnlyAdmins=entry)}) == []
    (found,) = said("lake_formation.admin_breadth", {"S": settings(Admins=entry)})
    assert "is a service's own role" in found


# --- settings --------------------------------------------------------------------------------------------------------------------------


def test_defaults_that_are_stated_kept_and_open_are_told_apart():
    rule = "lake_formation.iam_decides_for_new"
    to_iam = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]
    found = said(rule, {"S": settings(CreateDatabaseDefaultPermissions=to_iam, CreateTableDefaultPermissions=[])})
    assert [each.partition(" give")[0] for each in found] == [
        "warning: CreateDatabaseDefaultPermissions: new databases",
        "warning: CreateTableDefaultPermissions: what new tables",
    ]
    (both,) = said(rule, {"S": settings()})
    assert "what new databases and tables give" in both
    (open_,) = said(rule, {"S": settings(CreateDatabaseDefaultPermissions=WHAT, CreateTableDefaultPermissions=WHAT)})
    assert open_.startswith("note: ")


def test_defaults_of_a_database_may_be_open():
    (found,) = said(
        "lake_formation.iam_decides_in_database",
        {"D": database("sales", CreateTableDefaultPermissions=WHAT), "G": grant(SALES, ["DESCRIBE"])},
    )
    assert found.startswith("note: ")


@pytest.mark.parametrize(
    ("version", "severity"), [("3", "warning"), ("4", None), ("10", None), ("old", "warning"), (WHAT, "note"), (None, "note")]
)
def test_the_version_counts_where_something_is_shared(version: Any, severity: str | None):
    parameters = {} if version is None else {"Parameters": {"CROSS_ACCOUNT_VERSION": version}}
    shares = {"S": settings(Admins=[], **parameters), "G": grant(ORDERS, ["SELECT"], to=f"arn:aws:iam::{OTHER}:role/Reader")}
    found = said("lake_formation.cross_account_version", shares)
    assert [each.partition(":")[0] for each in found] == ([] if severity is None else [severity])


def test_what_a_consumer_grants_to_its_own_people_is_no_share():
    shared = {"Table": {"CatalogId": OTHER, "DatabaseName": "sales", "Name": "orders"}}
    assert said("lake_formation.cross_account_version", {"S": settings(Admins=[]), "G": grant(shared, ["SELECT"])}) == []


# --- places ----------------------------------------------------------------------------------------------------------------------------


def test_a_table_below_its_databases_place_is_judged_with_it():
    rule = "lake_formation.unregistered_location"
    lake = {"L": location(), "D": database("sales", "s3://elsewhere/sales/"), "G": grant(SALES, ["DESCRIBE"])}
    below, beside = table("orders", "s3://elsewhere/sales/orders/"), table("items", "s3://third/items/")
    (alone,) = said(rule, {**lake, "Below": below})
    assert "s3://elsewhere/sales/ is in no registered location" in alone
    assert len(said(rule, {**lake, "Below": below, "Beside": beside})) == 2


def test_a_place_that_a_crawler_reads_too_is_told_once():
    targets = {"S3Targets": [{"Path": "s3://third/items/"}]}
    crawler = {"Type": "AWS::Glue::Crawler", "Properties": {"Role": "crawler", "DatabaseName": "sales", "Targets": targets}}
    lake = {"L": location(), "G": grant(SALES, ["DESCRIBE"]), "Items": table("items", "s3://third/items/")}
    assert len(said("lake_formation.unregistered_location", lake)) == 1
    assert len(said("lake_formation.unregistered_location", {**lake, "Crawler": crawler})) == 1


def test_data_that_nothing_is_granted_on_may_be_meant_for_iam():
    (found,) = said("lake_formation.unregistered_location", {"L": location(), "Raw": database("raw", "s3://raw/")})
    assert found.startswith("note: s3://raw/ is in no registered location, and nothing is granted on it by name")


def test_of_a_lake_that_is_registered_elsewhere_one_thing_is_said():
    granted = {"G": grant(SALES, ["DESCRIBE"]), "D": database("sales")}
    many = {f"T{number}": table(f"t{number}", f"s3://somewhere/t{number}/") for number in range(5)}
    (found,) = said("lake_formation.unregistered_location", {**granted, **many})
    assert found.startswith("note: whether s3://somewhere/t0/ is in a registered location is not known")


def test_a_registration_in_another_account_covers_nothing_here():
    lake = {"D": database("sales", "s3://curated/sales/"), "G": grant(SALES, ["DESCRIBE"]), "Raw": location("arn:aws:s3:::raw")}
    rule = "lake_formation.unregistered_location"
    assert len(said(rule, lake, stack_of({"L": location()}, OTHER))) == 1
    assert said(rule, {**lake, "L": location()}) == []


def test_a_bucket_of_the_same_app_is_recognised_by_what_it_is():
    bucket = {"Type": "AWS::S3::Bucket"}
    lake = {
        "Bucket": bucket,
        "Another": bucket,
        "L": location({"Fn::GetAtt": ["Bucket", "Arn"]}),
        "G": grant(SALES, ["DESCRIBE"]),
        "D": database("sales", {"Fn::Sub": "s3://${Bucket}/sales/"}),
    }
    rule = "lake_formation.unregistered_location"
    assert said(rule, lake) == []
    (found,) = said(rule, {**lake, "D": database("sales", {"Fn::Sub": "s3://${Another}/sales/"})})
    assert found.startswith("error: ")
    (open_,) = said(
        rule, {**lake, "D": database("sales", {"Fn::Sub": "s3://${What}/sales/"}), "L2": location({"Fn::Sub": "arn:aws:s3:::${What}x"})}
    )
    assert open_.startswith("note: ")


def test_opt_ins_elsewhere_do_not_help():
    rule = "lake_formation.hybrid_without_opt_in"
    hybrid = {"L": location(HybridAccessEnabled=True), "D": database("sales", "s3://curated/sales/")}

    def opted(name: str) -> dict[str, Any]:
        entry = {"Principal": {"DataLakePrincipalIdentifier": ANALYST}, "Resource": {"Database": {"CatalogId": ACCOUNT, "Name": name}}}
        return {"O": {"Type": "Custom::LakeFormationPermissions", "Properties": {"OptIns": [entry]}}}

    assert said(rule, {**hybrid, **opted("sales")}) == []
    assert len(said(rule, {**hybrid, **opted("travel")})) == 1


def test_opt_ins_by_a_call_and_a_mode_by_a_parameter_are_not_known():
    rule = "lake_formation.hybrid_without_opt_in"
    call = {"Type": "Custom::AWS", "Properties": {"Create": '{"service": "LakeFormation", "action": "createLakeFormationOptIn"}'}}
    (called,) = said(rule, {"L": location(HybridAccessEnabled=True), "C": call})
    (open_,) = said(rule, {"L": location(HybridAccessEnabled=WHAT)})
    assert called.startswith("note: ")
    assert open_.startswith("note: ")


def test_a_role_of_another_app_may_be_assumed_by_anybody():
    (found,) = said("lake_formation.location_role_trust", {"L": location()})
    assert found.startswith("note: RoleArn: who assumes ")


def test_whoever_else_is_trusted_is_somebody_else_and_a_trust_that_is_not_known_is_open():
    trust = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": ["lakeformation.amazonaws.com"], "AWS": WHAT}, "Action": "sts:AssumeRole"}
        ]
    }
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "Location", "AssumeRolePolicyDocument": trust}}
    (named,) = said("lake_formation.location_role_trust", {"R": role, "L": location()})
    assert named.startswith("error: RoleArn: role/Location is assumed by {parameter What of Prod/Lake}; allowed are ")
    whole = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "Location", "AssumeRolePolicyDocument": WHAT}}
    (open_,) = said("lake_formation.location_role_trust", {"R": whole, "L": location()})
    assert open_.startswith("note: ")


def test_a_location_that_is_granted_is_known_by_its_registration():
    rule = "lake_formation.location_grant_unregistered"

    def of(arn: Any) -> dict[str, Any]:
        return grant({"DataLocation": {"CatalogId": ACCOUNT, "ResourceArn": arn}}, ["DATA_LOCATION_ACCESS"])

    assert said(rule, {"L": location(), "G": of("arn:aws:s3:::curated/")}) == []
    assert len(said(rule, {"L": location("arn:aws:s3:::curated/sales"), "G": of("arn:aws:s3:::curated")})) == 1
    (open_,) = said(rule, {"L": location({"Fn::Sub": "arn:aws:s3:::${What}"}), "G": of("arn:aws:s3:::curated")})
    assert open_.startswith("note: ")


# --- what adds up ----------------------------------------------------------------------------------------------------------------------


def test_a_filter_is_void_by_a_grant_to_everybody_or_by_the_owner_in_another_account():
    rule = "lake_formation.filter_made_void"
    filtered = grant(FILTER, ["SELECT"])
    assert len(said(rule, {"F": filtered, "W": grant(ORDERS, ["SELECT"], to=f"{ACCOUNT}:IAMPrincipals")})) == 1
    reader = f"arn:aws:iam::{OTHER}:role/Reader"
    consumer = stack_of({"F": grant(FILTER, ["SELECT"], to=reader)}, OTHER)
    assert len(said(rule, {"W": grant(ORDERS, ["SELECT"], to=reader)}, consumer)) == 1
    assert said(rule, {"W": grant(ORDERS, ["SELECT"], to=f"{ACCOUNT}:IAMPrincipals")}, consumer) == []


def test_a_grant_that_is_open_may_make_a_filter_void():
    (found,) = said("lake_formation.filter_made_void", {"F": grant(FILTER, ["SELECT"]), "W": grant(ORDERS, [WHAT])})
    assert found.startswith("note: ")


def test_an_lf_tag_is_looked_up_in_the_catalog_that_has_it():
    rule = "lake_formation.undefined_tag"

    def of(catalog: str) -> dict[str, Any]:
        policy = {"CatalogId": catalog, "ResourceType": "TABLE", "Expression": [{"TagKey": "zone", "TagValues": ["raw"]}]}
        return grant({"LFTagPolicy": policy}, ["SELECT"])

    own = {"Type": "AWS::LakeFormation::Tag", "Properties": {"TagKey": "zone", "TagValues": ["curated"]}}
    assert said(rule, {"T": own, "G": of(OTHER)}) == []
    (found,) = said(rule, {"T": own, "G": of(OTHER)}, stack_of({"T": own}, OTHER))
    assert found == "error: the LF-Tag zone has no value raw; it has curated"


def test_values_that_are_not_known_may_be_the_missing_one():
    tag = {"Type": "AWS::LakeFormation::Tag", "Properties": {"TagKey": "zone", "TagValues": ["curated", WHAT]}}
    policy = {"CatalogId": ACCOUNT, "ResourceType": "TABLE", "Expression": [{"TagKey": "zone", "TagValues": ["raw"]}]}
    (found,) = said("lake_formation.undefined_tag", {"T": tag, "G": grant({"LFTagPolicy": policy}, ["SELECT"])})
    assert found.startswith("note: ")


def test_a_link_gives_nothing_without_its_target_whoever_owns_it():
    rule = "lake_formation.link_without_target_grant"
    link = database("sales_link", TargetDatabase={"CatalogId": OTHER, "DatabaseName": "sales"})
    on_link = grant({"Database": {"CatalogId": ACCOUNT, "Name": "sales_link"}}, ["DESCRIBE"])
    target = {"Table": {"CatalogId": OTHER, "DatabaseName": "sales", "Name": "orders"}}
    (open_,) = said(rule, {"Link": link, "OnLink": on_link})
    assert open_.startswith("note: ")
    owner = stack_of({"Bucket": {"Type": "AWS::S3::Bucket"}}, OTHER)
    (dead,) = said(rule, {"Link": link, "OnLink": on_link}, owner)
    assert dead.startswith("warning: ")
    assert said(rule, {"Link": link, "OnLink": on_link, "OnTarget": grant(target, ["SELECT"])}, owner) == []
    everybody = grant(target, ["SELECT"], to=f"{ACCOUNT}:IAMPrincipals")
    assert said(rule, {"Link": link, "OnLink": on_link, "OnTarget": everybody}, owner) == []


@pytest.mark.parametrize("option", [WHAT, [WHAT]])
def test_a_grant_option_that_is_not_known_is_open(option: Any):
    (share,) = said("lake_formation.share_without_grant_option", {"G": grant(ORDERS, ["SELECT"], to=OTHER, option=option)})
    assert share.startswith("note: ")
    persona = {"G": grant(ORDERS, ["SELECT"], option=option), "S": settings(Admins=[])}
    (passing,) = said("lake_formation.grant_option_to_persona", persona)
    assert passing.startswith("note: PermissionsWithGrantOption: whether ")


def test_who_creates_tables_anywhere_needs_a_location():
    place = grant({"DataLocation": {"CatalogId": ACCOUNT, "ResourceArn": "arn:aws:s3:::curated"}}, ["DATA_LOCATION_ACCESS"])
    rule = "lake_formation.data_location_to_reader"
    assert len(said(rule, {"L": place, "R": grant(ORDERS, ["SELECT"])})) == 1
    assert said(rule, {"L": place, "R": grant(ORDERS, ["SELECT"]), "C": grant(SALES, ["CREATE_TABLE"])}) == []
    assert said(rule, {"L": place, "R": grant(ORDERS, ["SELECT"]), "S": settings(Admins=[{"DataLakePrincipalIdentifier": ANALYST}])}) == []
