"""Native grants and associations: shapes that CloudFormation takes, lanes that never race, ids that do not move."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import aws_iam as iam
from hypothesis import given, settings, strategies as st

from constructs_lib.governance import (
    PERMISSIONS_TYPE,
    CatalogPermissions,
    CatalogResource,
    Columns,
    DataPrincipal,
    LakeFormationSettings,
    LfTags,
    NativePermissions,
)
from lakemodel.errors import DataLakeError
from tests.constructs.governance.support import ADMIN, ANALYST, PARTNER, Orders
from tests.support import ACCOUNT, new_stack, resources, template

if TYPE_CHECKING:
    from collections.abc import Callable

GRANT = "AWS::LakeFormation::PrincipalPermissions"
TAG = "AWS::LakeFormation::TagAssociation"
analyst = DataPrincipal.role_arn(ANALYST)
partner = DataPrincipal.role_arn(PARTNER)
ORDERS = CatalogResource.table_named("sales", "orders")


def native_in(stack: Any) -> NativePermissions:
    return NativePermissions(stack, "Permissions", settings=LakeFormationSettings(stack, "LakeFormation", admins=[ADMIN]))


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """A template with one of each."""
    stack = new_stack()
    permissions = native_in(stack)
    permissions.grants.read(
        iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal()), where=LfTags.all(domain="sales", zone="curated")
    )
    permissions.on_table(Orders()).read(analyst, columns=Columns.all_but("email"))
    permissions.on_table(Orders()).read(partner, rows="country = 'DE'")
    permissions.on_database(SimpleNamespace(database_name="travel")).read(analyst)
    permissions.grant(analyst, ORDERS, ["INSERT"])
    permissions.grant(analyst, ORDERS, ["DELETE"], grantable=["DESCRIBE"])
    permissions.grant(analyst, CatalogResource.location("arn:aws:s3:::lake"), ["DATA_LOCATION_ACCESS"])
    permissions.associate(ORDERS, {"zone": "Curated", "domain": "sales"})
    permissions.associate(CatalogResource.columns_of("sales", "orders", ["email"]), {"classification": "restricted"})
    return template(stack)


def lined_up(synthesized: dict[str, Any]) -> dict[str, Any]:
    return {**resources(synthesized, GRANT), **resources(synthesized, TAG)}


def test_each_resource_has_one_shape_with_the_catalogs_id(made: dict[str, Any]) -> None:
    """One kind and nothing beside it; no kind is empty; all tables are a wildcard that is there."""
    shapes = [each["Properties"]["Resource"] for each in lined_up(made).values()]
    assert all(len(shape) == 1 for shape in shapes)
    bodies = {kind: body for shape in shapes for kind, body in shape.items()}
    assert all(body.get("CatalogId", body.get("TableCatalogId")) == ACCOUNT for body in bodies.values())
    assert {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "travel", "TableWildcard": {}}} in shapes
    expression = [{"TagKey": "domain", "TagValues": ["sales"]}, {"TagKey": "zone", "TagValues": ["curated"]}]
    assert {"LFTagPolicy": {"CatalogId": ACCOUNT, "ResourceType": "TABLE", "Expression": expression}} in shapes
    assert {"DataLocation": {"CatalogId": ACCOUNT, "ResourceArn": "arn:aws:s3:::lake"}} in shapes
    assert {"DataCellsFilter", "TableWithColumns", "Database"} < set(bodies)
    assert "Catalog" not in bodies
    assert "IAM_ALLOWED_PRINCIPALS" not in json.dumps(made)
    assert resources(made, PERMISSIONS_TYPE) == {}


def test_a_grant_of_the_same_on_the_same_is_one_resource(made: dict[str, Any]) -> None:
    """Permissions add up in it, as the resource is known without them."""
    plain = {"Table": {"CatalogId": ACCOUNT, "DatabaseName": "sales", "Name": "orders"}}
    (grant,) = [each["Properties"] for each in resources(made, GRANT).values() if each["Properties"]["Resource"] == plain]
    assert grant["Permissions"] == ["DELETE", "DESCRIBE", "INSERT"]
    assert grant["PermissionsWithGrantOption"] == ["DESCRIBE"]


def test_each_key_of_a_thing_is_a_resource_of_its_own(made: dict[str, Any]) -> None:
    """So that one value changes without the others."""
    pairs = [pair for each in resources(made, TAG).values() for pair in each["Properties"]["LFTags"]]
    assert sorted((pair["TagKey"], *pair["TagValues"]) for pair in pairs) == [
        ("classification", "restricted"),
        ("domain", "sales"),
        ("zone", "curated"),
    ]


def waits(synthesized: dict[str, Any]) -> dict[str, list[str]]:
    """The grants and associations that each of them waits for."""
    entries = lined_up(synthesized)
    return {name: [other for other in each["DependsOn"] if other in entries] for name, each in entries.items()}


def test_lanes_are_few_and_never_fork(made: dict[str, Any]) -> None:
    """Each waits for at most one, and is waited for by at most one; at most four wait for none; all come after the settings."""
    chain = waits(made)
    assert all(len(earlier) <= 1 for earlier in chain.values())
    behind = [name for earlier in chain.values() for name in earlier]
    assert len(behind) == len(set(behind))
    assert 1 <= sum(not earlier for earlier in chain.values()) <= 4
    (owner,) = resources(made, "Custom::LakeFormationSettings")
    assert all(owner in each["DependsOn"] for each in lined_up(made).values())
    for name in chain:
        seen = [name]
        while chain[seen[-1]]:
            seen += chain[seen[-1]]
            assert len(seen) == len(set(seen)), "a lane has no circle"


def test_all_of_an_object_is_in_one_lane_tags_first(made: dict[str, Any]) -> None:
    """Everything on a table stands one behind the other, its LF-Tags before its grants."""
    chain, entries = waits(made), lined_up(made)
    of_orders = {name for name, each in entries.items() if '"orders"' in json.dumps(each["Properties"]["Resource"])}
    last = of_orders - {earlier for name in of_orders for earlier in chain[name]}
    (name,) = last
    types = []
    while name in of_orders:
        types.append(entries[name]["Type"])
        name = (chain[name] or [""])[0]
    assert types == [GRANT] * 3 + [TAG] * 3


def built(entries: list[tuple[str, str, bool]]) -> dict[str, Any]:
    """A template of grants and associations on tables, in that order of calls."""
    stack = new_stack()
    permissions = native_in(stack)
    roles = {name: iam.Role(stack, name, assumed_by=iam.AccountRootPrincipal()) for name in ("One", "Two")}
    for role, table, is_tag in entries:
        resource = CatalogResource.table_named("sales", table)
        if is_tag:
            permissions.associate(resource, {"zone": "curated"})
        else:
            permissions.grant(roles[role], resource, ["SELECT"])
    return template(stack)


ENTRIES = st.lists(
    st.tuples(st.sampled_from(["One", "Two"]), st.text("abc", min_size=1, max_size=2), st.booleans()), min_size=1, max_size=8, unique=True
)


@settings(max_examples=4, deadline=None)
@given(entries=ENTRIES, data=st.data())
def test_order_does_not_show_and_one_more_touches_a_neighbour_only(entries: list[tuple[str, str, bool]], data: st.DataObject) -> None:
    """The same entries in another order are the same template; without one of them, nothing but what waited for it is another."""
    whole = lined_up(built(entries))
    assert lined_up(built(data.draw(st.permutations(entries)))) == whole
    fewer = lined_up(built(entries[1:]))
    assert fewer.keys() <= whole.keys()
    changed = [name for name in fewer if fewer[name] != whole[name]]
    assert len(changed) <= 1
    assert all(fewer[name]["Properties"] == whole[name]["Properties"] for name in changed)


def test_several_in_a_stack_share_its_lanes() -> None:
    """Two constructs in one stack make no more than four lanes."""
    stack = new_stack()
    first = native_in(stack)
    second = NativePermissions(stack, "More", settings=first._settings)
    for number in range(12):
        first.grant(analyst, CatalogResource.table_named("sales", f"a{number}"), ["SELECT"])
        second.grant(analyst, CatalogResource.table_named("sales", f"b{number}"), ["SELECT"])
    chain = waits(template(stack))
    assert len(chain) == 24
    assert sum(not earlier for earlier in chain.values()) == 4


IMPOSSIBLE: list[tuple[str, Callable[[NativePermissions], Any]]] = [
    ("the name of a permission set's role is not known", lambda p: p.grant(DataPrincipal.permission_set("Loader"), ORDERS, ["SELECT"])),
    ("a grant on the catalog", lambda p: p.grant(analyst, CatalogResource.catalog(), ["CREATE_DATABASE"])),
    ("CloudFormation has no resource for it", lambda p: p.opt_in(analyst, ORDERS)),
    ("an expression of 6 keys", lambda p: p.grant_where(analyst, LfTags.all(**{f"key{n}": "a" for n in range(6)}), ["SELECT"])),
]


@pytest.mark.parametrize(("message", "declare"), IMPOSSIBLE)
def test_fails_when_native_resources_cannot(message: str, declare: Callable[[NativePermissions], Any]) -> None:
    """What no native resource can bring about is refused at once, with what can."""
    with pytest.raises(DataLakeError, match=f"{message}.*use CatalogPermissions") as raised:
        declare(native_in(new_stack()))
    assert raised.value.code == "native_impossible"


@pytest.mark.parametrize("native_first", [True, False])
def test_fails_when_another_construct_grants_there_too(native_first: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A native grant is known by principal and resource: no other construct may grant the principal anything there."""
    stack = new_stack()
    native = native_in(stack)
    other = CatalogPermissions(stack, "Other", settings=native._settings)
    first, second = (native, other) if native_first else (other, native)
    first.grant(analyst, ORDERS, ["SELECT"])
    with pytest.raises(DataLakeError, match="declare all of it in one construct") as raised:
        second.grant(analyst, ORDERS, ["INSERT"])
    assert raised.value.code == "declared_twice"


def test_the_same_checks_hold() -> None:
    """What CatalogPermissions refuses is refused here."""
    permissions = native_in(new_stack())
    permissions.on_table(Orders()).read(analyst)
    with pytest.raises(DataLakeError, match="makes its filter of rows"):
        permissions.on_table(Orders()).read(analyst, rows="country = 'DE'")
