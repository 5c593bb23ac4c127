"""Who loses what when a change is deployed; each kind of loss beside a twin that takes nothing from anybody."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lakecheck.upgrade.comparison.comparison import compare
from lakecheck.upgrade.lake_formation.lost_access import RULES, risks
from lakecheck.upgrade.model import Category, Comparison, Risk
from tests.lakecheck.upgrade.support import ACCOUNT, OTHER, compared, stack, state

ANALYST = f"arn:aws:iam::{ACCOUNT}:role/Analyst"
CLERK = f"arn:aws:iam::{ACCOUNT}:role/Clerk"
NATIVE = "AWS::LakeFormation::PrincipalPermissions"
DESIRED = "Custom::LakeFormationPermissions"
TABLE = {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders"}}
WHOLE_DATABASE = {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "TableWildcard": {}}}

LAKE: dict[str, Any] = {
    "Database": {
        "Type": "AWS::Glue::Database",
        "Properties": {"CatalogId": ACCOUNT, "DatabaseInput": {"Name": "sales"}},
    },
    "Orders": {
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": ACCOUNT,
            "DatabaseName": "sales",
            "TableInput": {
                "Name": "orders",
                "StorageDescriptor": {
                    "Location": "s3://lake/sales/orders/",
                    "Columns": [{"Name": "id", "Type": "string"}, {"Name": "email", "Type": "string"}],
                },
            },
        },
    },
}


def native(resource: Any = None, permissions: tuple[str, ...] = ("SELECT",), principal: str = ANALYST, **more: Any) -> dict[str, Any]:
    """A native grant."""
    return {
        "Type": NATIVE,
        "Properties": {
            "Catalog": ACCOUNT,
            "Principal": {"DataLakePrincipalIdentifier": principal},
            "Resource": TABLE if resource is None else resource,
            "Permissions": list(permissions),
            "PermissionsWithGrantOption": [],
            **more,
        },
    }


def entry(resource: Any = None, permissions: tuple[str, ...] = ("SELECT",), principal: str = ANALYST) -> dict[str, Any]:
    """A grant of desired state."""
    return {
        "Principal": {"DataLakePrincipalIdentifier": principal},
        "Resource": TABLE if resource is None else resource,
        "Permissions": list(permissions),
    }


def desired(*grants: dict[str, Any], tags: tuple[dict[str, Any], ...] = (), opt_ins: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Desired state of this project's form."""
    token = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:Permissions"
    properties = {"ServiceToken": token, "Grants": list(grants), "TagAssociations": list(tags), "OptIns": list(opt_ins)}
    return {"Type": DESIRED, "Properties": properties}


def tagged(resource: Any, **tags: str) -> dict[str, Any]:
    """LF-Tags on something, as desired state has them."""
    pairs = [{"CatalogId": ACCOUNT, "TagKey": key, "TagValues": [value]} for key, value in tags.items()]
    return {"Resource": resource, "LFTags": pairs}


def native_tags(resource: Any, **tags: str) -> dict[str, Any]:
    return {"Type": "AWS::LakeFormation::TagAssociation", "Properties": tagged(resource, **tags)}


def expression(kind: str = "TABLE", **tags: list[str]) -> dict[str, Any]:
    pairs = [{"TagKey": key, "TagValues": values} for key, values in tags.items()]
    return {"LFTagPolicy": {"CatalogId": ACCOUNT, "ResourceType": kind, "Expression": pairs}}


def columns(*names: str) -> dict[str, Any]:
    return {"TableWithColumns": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders", "ColumnNames": list(names)}}


def changed(resource: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A resource with one property set, or taken out by None."""
    found = copy.deepcopy(resource)
    inner = found["Properties"]
    *above, last = path.split(".")
    for name in above:
        inner = inner[name]
    inner[last] = value
    if value is None:
        del inner[last]
    return found


def all_risks(base: dict[str, Any], head: dict[str, Any]) -> list[Risk]:
    return list(risks(compared(LAKE | base, LAKE | head)))


def lost(comparison: Comparison) -> list[Risk]:
    """What fails a review."""
    found = [risk for risk in risks(comparison) if risk.category is Category.LOST_ACCESS]
    for risk in found:
        assert risk.rule in RULES
        assert risk.message[0] == risk.message[0].lower() or risk.message[0].isupper()
        assert not risk.message.endswith(".")
        assert risk.consequence.endswith(".")
        assert risk.remedy.endswith(".")
    return found


def losses(base: dict[str, Any], head: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(risk.rule.partition(".")[2], risk.logical_id, risk.is_certain) for risk in lost(compared(LAKE | base, LAKE | head))]


# --- grants ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grant", [native(), desired(entry())], ids=["native", "desired state"])
def test_a_grant_that_goes_is_lost(grant: dict[str, Any]) -> None:
    """It says who loses what, and where it stood."""
    (risk,) = lost(compared(LAKE | {"Grant": grant}, LAKE))
    assert (risk.rule, risk.stack, risk.logical_id, risk.is_certain) == ("lost_access.grant", "Prod/Lake", "Grant", True)
    assert risk.message == "role/Analyst loses SELECT on sales.orders"
    assert risk.was == "role/Analyst: SELECT on sales.orders"


def test_one_principal_or_permission_of_several_that_goes_is_lost() -> None:
    """Of a permission set that shrinks, what is missing; of several principals, the one."""
    base = {"All": desired(entry(permissions=("SELECT", "INSERT")), entry(principal=CLERK))}
    assert [risk.message for risk in lost(compared(LAKE | base, LAKE | {"All": desired(entry(), entry(principal=CLERK))}))] == [
        "role/Analyst loses INSERT on sales.orders"
    ]
    (risk,) = lost(compared(LAKE | base, LAKE | {"All": desired(entry(permissions=("SELECT", "INSERT")))}))
    assert risk.message == "role/Clerk loses SELECT on sales.orders"


def test_the_grant_option_alone_is_lost() -> None:
    """Who may not pass on any more has lost something; who may read still does."""
    base = desired(entry() | {"PermissionsWithGrantOption": ["SELECT"]})
    (risk,) = lost(compared(LAKE | {"All": base}, LAKE | {"All": desired(entry())}))
    assert risk.message == "role/Analyst loses SELECT on sales.orders, with grant option"


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (entry(), entry(WHOLE_DATABASE)),
        (entry(), entry(permissions=("ALL",))),
        (entry(columns("email")), entry()),
        (entry(columns("email")), entry(columns("id", "email"))),
        (entry(), entry(columns("id", "email"))),
        (entry(expression(zone=["raw"])), entry(expression(zone=["raw", "curated"]))),
        (entry(expression(zone=["raw"], domain=["sales"])), entry(expression(zone=["raw"]))),
    ],
    ids=["all tables", "all", "whole table", "more columns", "every column", "more values", "fewer keys"],
)
def test_what_a_wider_grant_gives_is_covered(was: dict[str, Any], now: dict[str, Any]) -> None:
    """It is told as harmless; the other way round it is lost."""
    found = all_risks({"All": desired(was)}, {"All": desired(now)})
    assert {risk.rule for risk in found} <= {"harmless.covered"}
    assert any(risk.rule == "lost_access.grant" for risk in all_risks({"All": desired(now)}, {"All": desired(was)})) or now == entry(
        columns("id", "email")
    )


def test_a_named_grant_that_an_lf_tag_gives_is_covered() -> None:
    """From names to tags nobody loses anything; and what is granted by tag to fewer tables is lost."""
    of_table = tagged(TABLE, zone="curated")
    base = {"All": desired(entry(), tags=(of_table,))}
    head = {"All": desired(entry(expression(zone=["curated"])), tags=(of_table,))}
    assert losses(base, head) == []
    elsewhere = {"All": desired(entry(expression(zone=["raw"])), tags=(of_table,))}
    assert losses(base, elsewhere) == [("grant", "All", True)]


def test_by_names_instead_of_lf_tags_the_known_tables_may_not_be_all() -> None:
    """A crawled table may have had the LF-Tag, so that it is a loss that may be none."""
    of_table = tagged(TABLE, zone="curated")
    base = {"All": desired(entry(expression(zone=["curated"])), tags=(of_table,))}
    assert losses(base, {"All": desired(entry(), tags=(of_table,))}) == [("grant", "All", False)]


def test_another_form_of_the_same_grant_is_no_loss_by_itself() -> None:
    """Order, logical ids of desired state in one resource, and how columns are grouped say nothing."""
    base = {"All": desired(entry(columns("id", "email")), entry(principal=CLERK))}
    head = {"All": desired(entry(principal=CLERK), entry(columns("email")), entry(columns("id")))}
    assert all_risks(base, head) == []


def test_what_goes_with_its_table_is_not_lost_by_itself() -> None:
    """A grant that goes with its table is harmless beside the table."""
    comparison = compared(LAKE | {"Grant": native()}, {"Database": LAKE["Database"]})
    assert [risk.rule for risk in risks(comparison)] == ["harmless.gone_with"]


def test_a_stack_that_is_left_behind_keeps_its_grants() -> None:
    """It stays deployed until somebody deletes it."""
    both = [stack(LAKE), stack({"Grant": native()}, "Grants")]
    assert lost(compare(state(*both), state(both[0]))) == []


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_what_is_kept_by_its_policy_is_not_lost(policy: str) -> None:
    """CloudFormation deletes nothing of it: grants, locations, LF-Tags and roles go on as before."""
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "Analyst", "AssumeRolePolicyDocument": {"Statement": []}}}
    location = {"Type": "AWS::LakeFormation::Resource", "Properties": {"ResourceArn": "arn:aws:s3:::lake", "UseServiceLinkedRole": True}}
    gone = {"Grant": native(), "All": desired(entry(principal=CLERK)), "Location": location, "Role": role}
    base = {name: each | {"DeletionPolicy": policy} for name, each in gone.items()}
    told = {risk.logical_id for risk in lost(compared(LAKE | base, LAKE))}
    assert told == ({"All", "Location", "Role"} if policy == "Delete" else set())
    assert losses({"Role": role, "Grant": base["Grant"]}, {}) == [("principal", "Role", True)]


def test_what_a_stack_that_is_left_behind_relies_on_is_not_to_go() -> None:
    """Its grants go on naming an LF-Tag, a database or a role that another stack has no more."""
    tag = {"Type": "AWS::LakeFormation::Tag", "Properties": {"TagKey": "domain", "TagValues": ["sales"]}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "Analyst", "AssumeRolePolicyDocument": {"Statement": []}}}
    by_tag = {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "domain", "TagValues": ["sales"]}]}}
    base = [stack(LAKE | {"Tag": tag, "Role": role}), stack({"ByTag": native(by_tag), "ByName": native()}, "Grants")]

    def lost_without(*gone: str) -> list[tuple[str, str]]:
        resources = {name: each for name, each in (LAKE | {"Tag": tag, "Role": role}).items() if name not in gone}
        return [(risk.rule, risk.logical_id) for risk in lost(compare(state(*base), state(stack(resources))))]

    assert lost_without() == []
    assert lost_without("Tag") == [("lost_access.tag_value", "Tag")]
    assert lost_without("Role") == [("lost_access.principal", "Role")]
    assert lost_without("Database", "Orders") == [("lost_access.dies_with_database", "Database")]


def test_what_everybody_has_by_iam_is_no_grant_to_lose() -> None:
    """IAM_ALLOWED_PRINCIPALS leaving a table closes it; that is what a lake is for."""
    assert losses({"Open": native(principal="IAM_ALLOWED_PRINCIPALS")}, {}) == []


def test_a_role_that_goes_is_told_once_with_all_it_holds() -> None:
    """Its name in all grants changes with it: one loss, at the role."""
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "Analyst", "AssumeRolePolicyDocument": {"Statement": []}}}
    arn = {"Fn::GetAtt": ["Role", "Arn"]}
    base = {"Role": role, "All": desired(entry(principal=arn), entry(WHOLE_DATABASE, principal=arn))}  # type: ignore[arg-type]
    head = base | {"Role": changed(role, "RoleName", "Reader")}
    (risk,) = [risk for risk in lost(compared(LAKE | base, LAKE | head)) if risk.rule == "lost_access.principal"]
    assert (risk.logical_id, risk.message) == ("Role", "role/Analyst is in HEAD no more, and holds 2 Lake Formation grants")
    assert "Its grants go to role/Reader" in risk.consequence
    assert losses(base, {"Role": changed(role, "Description", "reads"), "All": base["All"]}) == []


def test_a_role_that_goes_while_its_grants_stay_is_told() -> None:
    """A grant by a text goes on naming the old role, and another name has none of it."""
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "Analyst", "AssumeRolePolicyDocument": {"Statement": []}}}
    base = {"Role": role, "Grant": native()}
    assert losses(base, base | {"Role": changed(role, "RoleName", "Reader")}) == [("principal", "Role", True)]
    assert losses(base, {"Grant": native()}) == [("principal", "Role", True)]
    assert losses(base, {"Role": role, "Grant": native()}) == []


def test_a_role_that_is_made_again_under_its_name_may_have_lost_its_grants() -> None:
    """Nobody says whether a grant to the old one is one to the new; an untouched role has lost nothing."""
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "Analyst", "AssumeRolePolicyDocument": {"Statement": []}}}
    here, there = stack({"Role": role}, "Here"), stack({"Grant": native()}, "There")
    moved = compare(
        state(stack(LAKE), here, there), state(stack(LAKE), stack({}, "Here"), stack({"Role": role, "Grant": native()}, "There"))
    )
    assert [(risk.rule, risk.stack, risk.is_certain) for risk in lost(moved)] == [("lost_access.principal_made_again", "Prod/There", False)]
    assert losses({"Role": role, "Grant": native()}, {"Again": role, "Grant": native()}) == []  # CloudFormation refuses it


# --- LF-Tags -----------------------------------------------------------------------------------------------------------------------------

READER = entry(expression(classification=["public", "internal"]))
COLUMN = columns("email")


def test_a_changed_lf_tag_that_takes_a_column_from_somebody_is_lost_access() -> None:
    """It names who loses what; the value that somebody may still read takes nothing."""
    base = {"All": desired(READER, tags=(tagged(COLUMN, classification="internal"),))}
    (risk,) = lost(compared(LAKE | base, LAKE | {"All": desired(READER, tags=(tagged(COLUMN, classification="restricted"),))}))
    assert (risk.rule, risk.logical_id, risk.is_certain, risk.property) == ("lost_access.tag", "All", True, "classification")
    assert risk.message == (
        "the LF-Tag classification of sales.orders.email is restricted instead of internal: role/Analyst loses access by it"
    )
    assert risk.because == ("role/Analyst: SELECT on sales.orders (email)",)
    assert losses(base, {"All": desired(READER, tags=(tagged(COLUMN, classification="public"),))}) == []


def test_a_dropped_lf_tag_is_lost_access_unless_it_is_inherited() -> None:
    """What the table has is the column's, too."""
    column, table = tagged(COLUMN, classification="internal"), tagged(TABLE, classification="public")
    assert losses({"All": desired(READER, tags=(column,))}, {"All": desired(READER)}) == [("tag", "All", True)]
    assert losses({"All": desired(READER, tags=(column, table))}, {"All": desired(READER, tags=(table,))}) == []


def test_a_changed_lf_tag_of_a_database_is_told_once() -> None:
    """Where it stands, not at every column that inherits it."""
    database = {"Database": {"CatalogId": ACCOUNT, "Name": "sales"}}
    base = {"All": desired(READER, tags=(tagged(database, classification="internal"),))}
    (risk,) = lost(compared(LAKE | base, LAKE | {"All": desired(READER, tags=(tagged(database, classification="restricted"),))}))
    assert risk.was == "classification=internal on the database sales"
    assert risk.because == ("role/Analyst: SELECT on sales.orders (id, email)",)


@pytest.mark.parametrize(("tables", "expected"), [(5, 5), (6, 1), (40, 1)])
def test_the_same_change_of_an_lf_tag_on_many_tables_is_told_once(tables: int, expected: int) -> None:
    """It is one decision, and a thousand lines hide it."""
    names = [f"t{number:02}" for number in range(tables)]
    catalog = {name: changed(LAKE["Orders"], "TableInput", {**LAKE["Orders"]["Properties"]["TableInput"], "Name": name}) for name in names}

    def state_of(value: str) -> dict[str, Any]:
        on = ({"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": name}} for name in names)
        return {
            "Database": LAKE["Database"],
            **catalog,
            "All": desired(READER, tags=tuple(tagged(each, classification=value) for each in on)),
        }

    found = lost(compared(state_of("internal"), state_of("restricted")))
    assert len(found) == expected
    assert sum(len(risk.because) for risk in found) == tables
    if expected == 1:
        assert found[0].was == f"classification=internal on sales.t00 and {tables - 1} more"
        assert f"of sales.t00, sales.t01, sales.t02 and {tables - 3} more is restricted" in found[0].message


def test_what_another_grant_gives_is_not_lost_by_an_lf_tag() -> None:
    """The named grant stays."""
    base = {"All": desired(READER, entry(), tags=(tagged(COLUMN, classification="internal"),))}
    assert losses(base, {"All": desired(READER, entry(), tags=(tagged(COLUMN, classification="restricted"),))}) == []


def test_an_lf_tag_of_a_table_that_no_template_has_may_take_something() -> None:
    """A crawled table has columns that nobody knows."""
    crawled = {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "crawled"}}
    base = {"All": desired(READER, tags=(tagged(crawled, classification="internal"),))}
    assert losses(base, {"All": desired(READER)}) == [("tag", "All", False)]


def test_a_value_of_an_lf_tag_that_is_in_use_is_not_to_go() -> None:
    """Grants that name it give nothing any more; one that nobody names may go."""
    tag = {"Type": "AWS::LakeFormation::Tag", "Properties": {"TagKey": "classification", "TagValues": ["public", "internal", "old"]}}
    base = {"Key": tag, "All": desired(READER)}
    assert losses(base, base | {"Key": changed(tag, "TagValues", ["public", "old"])}) == [("tag_value", "Key", True)]
    assert losses(base, base | {"Key": changed(tag, "TagValues", ["public", "internal"])}) == []
    assert losses(base, {"All": base["All"]}) == [("tag_value", "Key", True)]


def test_an_lf_tag_by_which_only_others_grant_may_take_something_from_them() -> None:
    """Also its key, and one of its values; not what the database still gives, nor what goes with its table."""
    key = {"Type": "AWS::LakeFormation::Tag", "Properties": {"TagKey": "domain", "TagValues": ["sales", "travel"]}}
    database = {"Database": {"CatalogId": ACCOUNT, "Name": "sales"}}
    of_table, of_database = tagged(TABLE, domain="sales"), tagged(database, domain="sales")
    assert losses({"All": desired(READER, tags=(of_table,))}, {"All": desired(READER)}) == [("tag", "All", False)]
    assert losses({"All": desired(READER, tags=(of_table, of_database))}, {"All": desired(READER, tags=(of_database,))}) == []
    assert losses({"Key": key}, {}) == [("tag_value", "Key", False)]
    assert losses({"Key": key}, {"Key": changed(key, "TagValues", ["travel"])}) == [("tag_value", "Key", False)]
    assert losses({"Key": key}, {"Key": key}) == []


# --- filters, locations, opt-ins, shares, links ------------------------------------------------------------------------------------------

FILTER = {
    "Type": "AWS::LakeFormation::DataCellsFilter",
    "Properties": {
        "TableCatalogId": ACCOUNT,
        "DatabaseName": "sales",
        "TableName": "orders",
        "Name": "eu",
        "ColumnNames": ["id", "email"],
        "RowFilter": {"FilterExpression": "region = 'EU'"},
    },
}
THROUGH = {"DataCellsFilter": {"TableCatalogId": ACCOUNT, "DatabaseName": "sales", "TableName": "orders", "Name": "eu"}}


def test_a_filter_that_goes_or_shows_less_is_lost_access() -> None:
    """Fewer columns surely, other rows perhaps; what nobody reads through takes nothing. Any change makes a new filter, without grants."""
    base = {"Filter": FILTER, "Grant": native(THROUGH)}
    fewer = changed(FILTER, "ColumnNames", ["id"])
    other = changed(FILTER, "RowFilter", {"FilterExpression": "region = 'US'"})
    again = desired(entry(THROUGH)), desired(entry(THROUGH), entry(principal=CLERK))
    for change, is_certain in ((fewer, True), (other, False)):
        assert losses(base, base | {"Filter": change}) == [("dies_with_filter", "Filter", True)]
        remade = losses({"Filter": FILTER, "All": again[0]}, {"Filter": change, "All": again[1]})
        assert remade == [("filter", "Filter", is_certain)]
    assert losses(base, {"Grant": native(THROUGH)}) == [("dies_with_filter", "Filter", True)]
    assert losses({"Filter": FILTER}, {"Filter": fewer}) == []
    assert losses({"Filter": FILTER}, {}) == []
    assert losses(base, base | {"Filter": changed(FILTER, "ColumnNames", ["id", "email", "name"])}) == [
        ("dies_with_filter", "Filter", True)
    ]


LOCATION = {"Type": "AWS::LakeFormation::Resource", "Properties": {"ResourceArn": "arn:aws:s3:::lake/sales", "UseServiceLinkedRole": True}}


def test_a_location_that_is_registered_no_more_is_lost_access() -> None:
    """It says who needs S3 from then on; under a wider registration nothing is lost."""
    base = LAKE | {"Location": LOCATION, "Grant": native()}
    (risk,) = lost(compared(base, LAKE | {"Grant": native()}))
    assert (risk.rule, risk.logical_id) == ("lost_access.location", "Location")
    assert "sales.orders: role/Analyst needs S3 and KMS" in risk.consequence
    wider = changed(LOCATION, "ResourceArn", "arn:aws:s3:::lake")
    assert lost(compared(base, LAKE | {"Wider": wider, "Grant": native()})) == []
    other = changed(LOCATION, "ResourceArn", "arn:aws:s3:::lake/sal")
    assert [each.rule for each in lost(compared(base, LAKE | {"Other": other, "Grant": native()}))] == ["lost_access.location"]


def test_an_opt_in_that_goes_is_lost_access() -> None:
    """Its grants do not count any more."""
    opt_in = {"Principal": {"DataLakePrincipalIdentifier": ANALYST}, "Resource": TABLE}
    assert losses({"All": desired(entry(), opt_ins=(opt_in,))}, {"All": desired(entry())}) == [("opt_in", "All", True)]
    assert losses({"All": desired(entry())}, {"All": desired(entry(), opt_ins=(opt_in,))}) == []


def test_a_resource_share_that_goes_or_shrinks_is_lost_access() -> None:
    """With another name it is updated, and nobody loses it."""
    share = {
        "Type": "AWS::RAM::ResourceShare",
        "Properties": {
            "Name": "lake",
            "Principals": [OTHER, "111122223333"],
            "ResourceArns": [f"arn:aws:glue:eu-west-1:{ACCOUNT}:catalog"],
        },
    }
    assert losses({"Share": share}, {}) == [("resource_share", "Share", True)]
    assert losses({"Share": share}, {"Share": changed(share, "Principals", [OTHER])}) == [("resource_share", "Share", True)]
    assert losses({"Share": share}, {"Share": changed(share, "Principals", ["111122223333", OTHER])}) == []


def test_a_resource_link_that_goes_is_lost_access() -> None:
    """A database of its own that goes is no link."""
    target = {"CatalogId": OTHER, "DatabaseName": "finance"}
    link = {
        "Type": "AWS::Glue::Database",
        "Properties": {"CatalogId": ACCOUNT, "DatabaseInput": {"Name": "finance_link", "TargetDatabase": target}},
    }
    assert losses({"Link": link}, {}) == [("resource_link", "Link", True)]
    own = {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": ACCOUNT, "DatabaseInput": {"Name": "own"}}}
    assert losses({"Own": own}, {}) == []


# --- what dies although both states state it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grant", [native(), desired(entry(), tags=(tagged(COLUMN, classification="internal"),))])
def test_what_is_granted_dies_with_a_database_that_moves_to_another_stack(grant: dict[str, Any]) -> None:
    """The grant's own resource is not touched, so nobody grants it again; a database that stays loses nothing."""
    tables = {"Orders": LAKE["Orders"]}
    base = state(stack({"Database": LAKE["Database"]}, "Old"), stack({}, "New"), stack(tables | {"Grant": grant}, "Grants"))
    head = state(stack({}, "Old"), stack({"Database": LAKE["Database"]}, "New"), stack(tables | {"Grant": grant}, "Grants"))
    found = [risk for risk in lost(compare(base, head)) if risk.rule == "lost_access.dies_with_database"]
    assert len(found) == 1
    assert "role/Analyst: SELECT on sales.orders" in found[0].because
    assert lost(compare(base, base)) == []


def test_a_retained_database_keeps_its_grants() -> None:
    """What is kept does not die."""
    kept = LAKE["Database"] | {"DeletionPolicy": "Retain"}
    base = {"Database": kept, "Grant": native(WHOLE_DATABASE)}
    head = {"Grant": native(WHOLE_DATABASE)}
    assert [risk.rule for risk in lost(compared(base, head))] == []
    assert [risk.rule for risk in lost(compared({"Database": LAKE["Database"], "Grant": native(WHOLE_DATABASE)}, head))] == [
        "lost_access.dies_with_database"
    ]


def test_what_is_granted_dies_with_a_table_that_is_deleted() -> None:
    """Grants on all tables of the database stay."""
    head = {"Database": LAKE["Database"]}
    assert [risk.rule for risk in lost(compared(LAKE | {"Grant": native()}, head | {"Grant": native()}))] == ["lost_access.dies_with_table"]
    wide = {"Grant": native(WHOLE_DATABASE)}
    assert lost(compared(LAKE | wide, head | wide)) == []


def test_what_is_granted_dies_with_a_column() -> None:
    """HEAD still states it; a column that nobody names may go."""
    without = changed(LAKE["Orders"], "TableInput.StorageDescriptor.Columns", [{"Name": "id", "Type": "string"}])
    base = LAKE | {"Grant": native(columns("email"))}
    (risk,) = lost(compared(base, base | {"Orders": without}))
    assert (risk.rule, risk.logical_id, risk.was) == ("lost_access.dies_with_column", "Orders", "email")
    whole = LAKE | {"Grant": native()}
    assert lost(compared(whole, whole | {"Orders": without})) == []


def test_what_is_registered_leads_nowhere_without_its_bucket() -> None:
    """A bucket that nothing is registered in may go."""
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lake"}}
    assert losses({"Bucket": bucket, "Location": LOCATION}, {"Location": LOCATION}) == [("dies_with_bucket", "Bucket", True)]
    other = changed(bucket, "BucketName", "lake2")
    assert losses({"Bucket": other, "Location": LOCATION}, {"Location": LOCATION}) == []


# --- what is revoked after it was granted ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grant", [native(), desired(entry())], ids=["native", "desired state"])
def test_a_grant_under_another_logical_id_is_revoked_after_it_was_granted(grant: dict[str, Any]) -> None:
    """The new one finds it granted, then deleting the old one revokes it."""
    (risk,) = lost(compared(LAKE | {"Old": grant}, LAKE | {"New": grant}))
    assert (risk.rule, risk.is_certain) == ("lost_access.revoked_after_grant", True)
    assert risk.message == "role/Analyst loses SELECT on sales.orders, which HEAD states"
    assert lost(compared(LAKE | {"Old": grant}, LAKE | {"Old": grant, "New": native(principal=CLERK)})) == []


def test_a_native_grant_that_is_edited_is_gone_for_a_moment() -> None:
    """Create-only, and deleted first: what both state is granted again; permissions that share nothing leave no gap."""
    base = {"Grant": native(permissions=("SELECT", "DESCRIBE"))}
    (risk,) = lost(compared(LAKE | base, LAKE | {"Grant": native(permissions=("SELECT", "INSERT"))}))
    assert (risk.rule, risk.is_certain) == ("lost_access.gap", True)
    assert risk.message == "for a moment there is no role/Analyst: SELECT on sales.orders"
    apart = lost(compared(LAKE | {"Grant": native()}, LAKE | {"Grant": native(permissions=("DESCRIBE",))}))
    assert [risk.rule for risk in apart] == ["lost_access.grant"]


def test_what_another_resource_states_is_revoked_with_a_grant_that_is_edited() -> None:
    """Nothing grants it again to the one that the deployment does not touch."""
    base = {"One": native(permissions=("SELECT", "DESCRIBE")), "Two": native()}
    assert losses(base, base | {"One": native(permissions=("DESCRIBE",))}) == [
        ("gap", "One", True),
        ("revoked_after_grant", "One", True),
    ]


def test_desired_state_that_is_edited_in_place_loses_nothing() -> None:
    """The handler compares and grants what is missing."""
    assert losses({"All": desired(entry())}, {"All": desired(entry(permissions=("SELECT", "DESCRIBE")))}) == []


def test_a_grant_that_two_resources_state_goes_with_one_of_them() -> None:
    """Lake Formation has it once; revoking it for one takes it from both."""
    both = {"One": desired(entry()), "Two": desired(entry(), entry(principal=CLERK))}
    assert losses(both, {"Two": both["Two"]}) == [("revoked_after_grant", "One", True)]
    assert losses(both, {"One": desired(entry(principal=CLERK)), "Two": both["Two"]}) == [("revoked_after_grant", "One", True)]


def test_native_grants_turned_into_desired_state_are_revoked_after_they_were_granted() -> None:
    """And the other way round."""
    assert losses({"Old": native()}, {"New": desired(entry())}) == [("revoked_after_grant", "Old", True)]
    assert losses({"Old": desired(entry())}, {"New": native()}) == [("revoked_after_grant", "Old", True)]


def test_between_stacks_nobody_knows_what_comes_first() -> None:
    """A grant that moves from one desired state to another of a second stack may be revoked last."""
    base = state(stack(LAKE | {"Old": desired(entry())}), stack({"Other": desired(entry(principal=CLERK))}, "More"))
    head = state(stack(LAKE), stack({"Other": desired(entry(principal=CLERK), entry())}, "More"))
    assert [(risk.rule, risk.is_certain) for risk in lost(compare(base, head))] == [("lost_access.revoked_after_grant", False)]


def test_all_that_is_revoked_takes_every_other_permission_with_it() -> None:
    """ALL implies them, and revoking it does."""
    base = {"Old": native(permissions=("ALL",)), "Stays": desired(entry())}
    found = lost(compared(LAKE | base, LAKE | {"Stays": base["Stays"]}))
    assert "role/Analyst loses SELECT on sales.orders, which HEAD states" in [risk.message for risk in found]


def test_an_lf_tag_under_another_logical_id_is_taken_off_after_it_was_put_on() -> None:
    """With another value perhaps; an association that stays keeps its LF-Tags."""
    base = {"Old": native_tags(TABLE, zone="curated"), "All": desired(entry(expression(zone=["curated", "raw"])))}
    renamed = {"New": base["Old"], "All": base["All"]}
    (risk,) = lost(compared(LAKE | base, LAKE | renamed))
    assert (risk.rule, risk.is_certain) == ("lost_access.untagged_after_tag", True)
    assert "role/Analyst" in risk.consequence
    edited = base | {"Old": native_tags(TABLE, zone="raw")}
    assert losses(base, edited) == [("gap", "Old", True)]
    by_one = {"All": desired(entry(expression(zone=["raw"])))}
    assert losses({"Old": base["Old"]} | by_one, {"Old": edited["Old"]} | by_one) == []
    assert losses(base, base) == []


def test_names_that_cloudformation_makes_up_are_others_after_a_replacement() -> None:
    """A database that is replaced under a made-up name takes its grants, which are made for the new one."""
    database = {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": ACCOUNT, "DatabaseInput": {}}}
    table = {"Table": {"CatalogId": ACCOUNT, "DatabaseName": {"Ref": "Made"}, "TableWildcard": {}}}
    base = {"Made": database, "Grant": native(table)}
    head = {"Made": changed(database, "CatalogId", OTHER), "Grant": native(table)}
    assert "lost_access.revoked_after_grant" not in {risk.rule for risk in lost(compared(base, head))}


@pytest.mark.parametrize("value", [None, 7, "x", [], [1], {"a": 1}, {"Ref": "Nothing"}, {"Fn::GetAtt": 3}])
def test_hostile_input_raises_nothing(value: Any) -> None:
    """A property may be of any JSON type."""
    for key in ("Grants", "TagAssociations", "OptIns"):
        broken = changed(desired(entry()), key, value)
        list(risks(compared(LAKE | {"All": desired(entry())}, LAKE | {"All": broken})))
        list(risks(compared(LAKE | {"All": broken}, LAKE)))
    for key in ("Principal", "Resource", "Permissions"):
        list(risks(compared(LAKE | {"Grant": native()}, LAKE | {"Grant": changed(native(), key, value)})))
        list(risks(compared(LAKE | {"Grant": changed(native(), key, value)}, LAKE)))


def test_templates_of_other_names_are_one_stack() -> None:
    """What only CloudFormation names is called after its stack, and is the same thing under another file's name."""
    made: dict[str, Any] = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}},
        "Files": {"Type": "AWS::S3::Bucket"},
        "Location": {"Type": "AWS::LakeFormation::Resource", "Properties": {"ResourceArn": {"Fn::GetAtt": ["Files", "Arn"]}}},
        "Grant": native(principal={"Fn::GetAtt": ["Role", "Arn"]}),  # type: ignore[arg-type]
    }
    same = {"path": "old", "stack_name": "old", "environment": "—"}
    other = {"path": "new", "stack_name": "new", "environment": "—"}
    base = state(stack(LAKE | made, **same), is_template=True)
    assert list(risks(compare(base, state(stack(LAKE | made, **other), is_template=True)))) == []
    less = {key: value for key, value in made.items() if key != "Grant"}
    (risk,) = lost(compare(base, state(stack(LAKE | less, **other), is_template=True)))
    assert (risk.rule, risk.stack) == ("lost_access.grant", "new")
    renamed = less | {"Again": made["Grant"]}
    (risk,) = lost(compare(base, state(stack(LAKE | renamed, **other), is_template=True)))
    assert (risk.rule, risk.stack, risk.logical_id) == ("lost_access.revoked_after_grant", "new", "Again")


def test_a_name_that_is_open_may_be_the_one_that_is_lost() -> None:
    """A grant to a parameter without a value may be the same grant; where HEAD adds none, it is surely lost."""
    sections = {"Parameters": {"Reader": {"Type": "String"}}}
    grant = native(principal={"Ref": "Reader"})  # type: ignore[arg-type]
    base, head = stack(LAKE | {"Grant": native()}), stack(LAKE | {"Other": grant}, sections=sections)
    assert [(risk.rule, risk.is_certain) for risk in lost(compare(state(base), state(head)))] == [("lost_access.grant", False)]
    base = stack(LAKE | {"Grant": grant}, sections=sections)
    assert [(risk.rule, risk.is_certain) for risk in lost(compare(state(base), state(stack(LAKE))))] == [("lost_access.grant", True)]


def test_what_the_deployment_grants_again_does_not_die() -> None:
    """Desired state that changes in the same deployment is applied again, with all it states."""
    database = {"Database": LAKE["Database"]}
    was, now = desired(entry(WHOLE_DATABASE)), desired(entry(WHOLE_DATABASE), entry(WHOLE_DATABASE, principal=CLERK))
    base = state(stack(database, "Old"), stack({}, "New"), stack({"Grant": was}, "Grants"))
    untouched = state(stack({}, "Old"), stack(database, "New"), stack({"Grant": was}, "Grants"))
    again = state(stack({}, "Old"), stack(database, "New"), stack({"Grant": now}, "Grants"))
    assert [risk.rule for risk in lost(compare(base, untouched))] == ["lost_access.dies_with_database"]
    assert lost(compare(base, again)) == []
