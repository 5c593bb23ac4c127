"""Who can be granted something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from constructs_lib.governance import DataPrincipal
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("name", ["IAM_ALLOWED_PRINCIPALS", "iam_allowed_principals", "444444444401:IAMPrincipals", "*"])
@pytest.mark.parametrize("make", [DataPrincipal.role_arn, DataPrincipal.account, DataPrincipal.saml, DataPrincipal.organization])
def test_fails_when_everybody_is_meant(make: Callable[[str], DataPrincipal], name: str) -> None:
    """No way of making a principal lets a group that means everybody through."""
    with pytest.raises(DataLakeError, match="name who is meant") as raised:
        make(name)
    assert raised.value.code == "principal_not_allowed"


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (DataPrincipal.role_arn, "arn:aws:iam::444444444401:user/somebody"),
        (DataPrincipal.role_arn, "arn:aws:iam::444444444401:root"),
        (DataPrincipal.account, "44444444440"),
        (DataPrincipal.permission_set, "a name with spaces"),
        (DataPrincipal.permission_set, "Anything*"),
        (DataPrincipal.identity_center_group, "group/x"),
        (DataPrincipal.saml, "arn:aws:iam::444444444401:saml-provider/idp"),
        (DataPrincipal.organization, "o-exampleorgid"),
    ],
)
def test_fails_when_it_is_something_else(make: Callable[[str], DataPrincipal], value: str) -> None:
    """Each kind takes only what it is for."""
    with pytest.raises(DataLakeError, match="allowed here is"):
        make(value)


def test_other_partitions_are_fine() -> None:
    """ARNs of AWS GovCloud and China are ARNs."""
    for partition in ("aws-us-gov", "aws-cn"):
        arn = f"arn:{partition}:iam::444444444401:role/path/Analyst"
        assert DataPrincipal.role_arn(arn).identifier == arn
    unit = "arn:aws-cn:organizations::111111111111:ou/o-exampleorgid/ou-abcd-12345678"
    assert DataPrincipal.organization(unit).identifier == unit


def test_an_account_is_known_as_one() -> None:
    """Only a whole account passes rights on."""
    assert DataPrincipal.account("444455556666").is_account
    assert not DataPrincipal.role_arn("arn:aws:iam::444455556666:role/Analyst").is_account
