"""Parts: entries are rendered when the template is written, all of them, in an order of their own, after what they need."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import CfnWaitConditionHandle, Stack, aws_iam as iam
from constructs import Construct
from jsii._kernel.providers.process import _NodeProcess

from constructs_lib.catalog import ContractCatalog
from constructs_lib.governance import PERMISSIONS_TYPE, CatalogResource, DataPrincipal, TableGrants
from tests.constructs.catalog.lake import contracts, zones
from tests.constructs.governance.support import ANALYST, grants, permissions_in
from tests.support import new_stack, resources, template

ORDERS = CatalogResource.table_named("sales", "orders")
ANALYST_PRINCIPAL = DataPrincipal.role_arn(ANALYST)


def part_of(stack: Stack) -> dict[str, Any]:
    """The one custom resource of a stack whose permissions have one part."""
    (part,) = resources(template(stack), PERMISSIONS_TYPE).values()
    return part


def test_what_is_granted_after_a_look_is_there_too() -> None:
    """Entries are rendered once; something that is added afterwards makes them be rendered again."""
    stack = new_stack()
    permissions = permissions_in(stack, parts=1, ontology=None)
    permissions.grant(role(stack, "Early"), ORDERS, ["DESCRIBE"])
    assert list(permissions.problems()) == []
    permissions.grant(role(stack, "Late"), ORDERS, ["DESCRIBE"])
    permissions.opt_in(role(stack, "Opted"), ORDERS)
    permissions.associate(CatalogResource.table_named("sales", "visits"), {"domain": "sales"})
    properties = part_of(stack)["Properties"]
    assert [len(properties[key]) for key in ("Grants", "OptIns", "TagAssociations")] == [2, 1, 1]


def test_what_there_is_none_of_is_absent() -> None:
    """No empty list for opt-ins and associations."""
    stack = new_stack()
    permissions_in(stack, parts=1, ontology=None).grant(role(stack, "Analyst"), ORDERS, ["DESCRIBE"])
    assert set(part_of(stack)["Properties"]) == {"ServiceToken", "ServiceTimeout", "Grants", "RevokeIamAllowedPrincipals"}


def role(stack: Stack, name: str) -> iam.Role:
    """A role, whose ARN is a reference."""
    return iam.Role(stack, name, assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))


@pytest.mark.parametrize("names", [("A", "B", "C"), ("C", "B", "A")])
def test_the_order_of_declaration_does_not_show(names: tuple[str, ...]) -> None:
    """Entries are in the order of what they say, references as the template spells them."""
    stack = new_stack()
    roles = {name: role(stack, name) for name in names}
    permissions = permissions_in(stack, parts=1, ontology=None)
    for each in roles.values():
        permissions.grant(each, ORDERS, ["SELECT", "DESCRIBE"])
        permissions.opt_in(each, ORDERS)
    properties = part_of(stack)["Properties"]
    for key in ("Grants", "OptIns"):
        arns = [entry["Principal"]["DataLakePrincipalIdentifier"]["Fn::GetAtt"][0] for entry in properties[key]]
        assert [arn[0] for arn in arns] == ["A", "B", "C"]
    assert properties["OptIns"][0]["Resource"] == {"Table": {"DatabaseName": "sales", "Name": "orders"}}


def test_each_thing_that_comes_before_is_waited_for() -> None:
    """However many entries name it, once; two different ones, both."""
    stack = new_stack()
    permissions = permissions_in(stack, parts=1, ontology=None)
    first, second = (Construct(stack, name) for name in ("First", "Second"))
    handles = [CfnWaitConditionHandle(each, "Resource") for each in (first, second)]
    for after in (first, second, first):
        permissions.grant(role(stack, f"R{len(stack.node.children)}"), ORDERS, ["DESCRIBE"], after=after)
    assert {stack.get_logical_id(each) for each in handles} <= set(part_of(stack)["DependsOn"])


def test_a_grant_on_a_catalogs_table_waits_for_that_table() -> None:
    """Its resource is one of a fragment; Lake Formation refuses a grant on a table that is not there yet."""
    stack = new_stack()
    catalog = ContractCatalog(stack, "Catalog", contracts=contracts(), zones=zones(stack), optimizers=False)
    permissions = permissions_in(stack, parts=1, ontology=None)
    TableGrants.from_table(catalog.table("sales", "orders"), permissions).read(role(stack, "Analyst"))
    made = template(stack)
    (part,) = resources(made, PERMISSIONS_TYPE).values()
    waited = set(part["DependsOn"]) & set(resources(made, "AWS::Glue::Table"))
    assert waited == {"TableSalesOrdersOrders3D9F50CF"}
    assert len(grants(made)) == 2


def calls_into_node(monkeypatch: pytest.MonkeyPatch, tables: int) -> int:
    """How many there are for three grants on each of so many tables, once every part is there."""
    stack = new_stack()
    permissions = permissions_in(stack, parts=1, ontology=None)
    after = Construct(stack, "Before")
    permissions.grant(ANALYST_PRINCIPAL, ORDERS, ["DESCRIBE"], after=after)
    counted = 0
    send = _NodeProcess.send

    def counting(self: _NodeProcess, *arguments: Any, **more: Any) -> Any:
        nonlocal counted
        counted += 1
        return send(self, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(_NodeProcess, "send", counting)
        for number in range(tables):
            permissions.grant(ANALYST_PRINCIPAL, CatalogResource.table_named("sales", f"t{number}"), ["SELECT", "DESCRIBE"], after=after)
    return counted


def test_more_grants_make_no_more_calls_into_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """A grant is an entry in Python until the template is written."""
    assert calls_into_node(monkeypatch, 50) == 0
