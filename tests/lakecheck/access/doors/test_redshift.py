"""Who gets a login of a warehouse, and with it the roles that it reads with."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.access.doors.redshift import redshift
from lakecheck.access.model import Door
from lakecheck.estate.model import Warehouse
from lakecheck.formula import Truth, unresolved
from tests.lakecheck.access.doors.escalations import edge, edges
from tests.lakecheck.access.doors.lakes import CONSUMER, LAKE, REGION, allow, deny, lake, origin, role, trust

SPECTRUM = role("Spectrum", trust=trust("redshift.amazonaws.com"))
CLUSTER = f"arn:aws:redshift:{REGION}:{LAKE}:cluster:sales"
NAMESPACE = f"arn:aws:redshift-serverless:{REGION}:{LAKE}:namespace/1111"
WORKGROUP = f"arn:aws:redshift-serverless:{REGION}:{LAKE}:workgroup/2222"
PAIR = {("role/Dev", "role/Spectrum"): Truth.OPEN}


def cluster() -> Warehouse:
    """A provisioned one."""
    return Warehouse(arn=CLUSTER, account=LAKE, roles=(SPECTRUM.arn,), origin=origin("Cluster"))


def serverless() -> Warehouse:
    """A namespace with a workgroup."""
    return Warehouse(arn=NAMESPACE, workgroups=(WORKGROUP,), account=LAKE, roles=(SPECTRUM.arn,), origin=origin("Namespace"))


def found(source: Any, warehouse: Warehouse) -> dict[tuple[str, str], Truth]:
    """Who works with which role."""
    return edges(redshift(lake(SPECTRUM, source, warehouses=(warehouse,))))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("redshift:GetClusterCredentials", f"arn:aws:redshift:{REGION}:{LAKE}:dbuser:sales/analyst"),
        ("redshift:GetClusterCredentials", "*"),
        ("redshift:GetClusterCredentialsWithIAM", f"arn:aws:redshift:{REGION}:{LAKE}:dbname:sales/dev"),
        ("redshift:ModifyCluster", CLUSTER),
    ],
)
def test_credentials_of_a_cluster(action: str, resource: str) -> None:
    """By user, by database, or by a new password."""
    assert found(role("Dev", allow(action, resource)), cluster()) == PAIR
    assert found(role("Dev", allow(action, resource), deny(action)), cluster()) == {}
    assert found(role("Dev", allow(action, resource.replace("sales", "other"))), cluster()) == ({} if "sales" in resource else PAIR)


@pytest.mark.parametrize(
    ("action", "resource"), [("redshift-serverless:GetCredentials", WORKGROUP), ("redshift-serverless:UpdateNamespace", NAMESPACE)]
)
def test_credentials_of_a_workgroup(action: str, resource: str) -> None:
    """Or the password of its namespace."""
    assert found(role("Dev", allow(action, resource)), serverless()) == PAIR
    assert found(role("Dev", allow(action, f"{resource}9")), serverless()) == {}


def test_the_data_api_needs_a_login_too() -> None:
    """A secret, or credentials."""
    api = allow("redshift-data:*")
    assert found(role("Dev", api), cluster()) == {}
    assert found(role("Dev", api), serverless()) == {}
    secret = allow("secretsmanager:GetSecretValue")
    assert found(role("Dev", api, secret), cluster()) == PAIR
    assert found(role("Dev", api, secret), serverless()) == PAIR
    assert found(role("Dev", secret), cluster()) == {}


def test_another_account_gets_no_login() -> None:
    """Clusters have no policies of their own."""
    assert found(role("Dev", allow("redshift:*"), account=CONSUMER), cluster()) == {}


def test_what_the_database_allows_is_not_known() -> None:
    """It says so."""
    dev = role("Dev", allow("redshift:GetClusterCredentials"))
    one = edge(redshift(lake(SPECTRUM, dev, warehouses=(cluster(),))), dev, SPECTRUM)
    assert one.step.door is Door.REDSHIFT
    assert any("what the database lets" in reason for reason in unresolved(one.conditions))
