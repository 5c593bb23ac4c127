"""The data perimeter: buckets and keys that nobody outside the organisation can use, whatever else their policies allow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_iam as iam

from constructs_lib.core.complaints import misuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

_PERIMETER = "governed-lake:data-perimeter"
_ORGANIZATION_ID = re.compile(r"^o-[a-z0-9]{10,32}$")
_ACCOUNT_ID = re.compile(r"^[0-9]{12}$")


@dataclass(frozen=True, kw_only=True, slots=True)
class DataPerimeter:
    """Who is inside.

    Attributes:
        organization_id: The organisation.
        trusted_accounts: Accounts of others, such as a producer's, that are let in all the same.
    """

    organization_id: str
    trusted_accounts: tuple[str, ...] = ()

    def statements(self, actions: Sequence[str], resources: Sequence[str]) -> tuple[iam.PolicyStatement, ...]:
        """Denies `actions` to principals outside, and to AWS services that act for somebody outside.

        Both allow nothing and bind no service that says nothing of its source: CloudWatch Logs, S3's delivery of access logs. A missing
        `aws:PrincipalOrgID` (somebody anonymous, or of an account in no organisation) counts as outside.

        See https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html and
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceorgid.
        """
        others: dict[str, Any] = {"aws:PrincipalOrgID": self.organization_id}
        their_services: dict[str, Any] = {"aws:SourceOrgID": self.organization_id}
        if self.trusted_accounts:
            others["aws:PrincipalAccount"] = list(self.trusted_accounts)
            their_services["aws:SourceAccount"] = list(self.trusted_accounts)
        conditions = {
            "DenyOutsideOrganization": {
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                "StringNotEqualsIfExists": others,
            },
            "DenyServicesForOthers": {
                "Bool": {"aws:PrincipalIsAWSService": "true"},
                "Null": {"aws:SourceAccount": "false"},
                "StringNotEqualsIfExists": their_services,
            },
        }
        return tuple(
            iam.PolicyStatement(
                sid=sid,
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=list(actions),
                resources=list(resources),
                conditions=condition,
            )
            for sid, condition in conditions.items()
        )


def data_perimeter(scope: Construct, *, organization_id: str, trusted_accounts: Sequence[str] = ()) -> None:
    """Lets every bucket and key below `scope` deny principals, and services acting for somebody, outside the organisation.

    A resource control policy says the same of a whole account, but holds only as long as it is attached; this holds where the data is.
    Call it before the first child is created.

    Args:
        scope: The App, Stage or Stack.
        organization_id: The organisation, as `aws organizations describe-organization` shows it. A wrong one locks everybody
            out of the buckets, until the root user deletes their policies.
        trusted_accounts: Accounts of others that are let in; none when left out.

    Raises:
        DataLakeError: `perimeter_organization` for what is no organisation's id; `perimeter_account` for what is no account's.
    """
    if not _ORGANIZATION_ID.match(organization_id):
        msg = f"got organization_id {organization_id!r}; allowed is an organisation's id such as o-exampleorgid: look it up"
        raise misuse(scope, msg, code="perimeter_organization")
    for account in trusted_accounts:
        if not _ACCOUNT_ID.match(account):
            msg = f"got the trusted account {account!r}; allowed are account ids of twelve digits, as text"
            raise misuse(scope, msg, code="perimeter_account")
    scope.node.set_context(_PERIMETER, {"organization_id": organization_id, "trusted_accounts": list(trusted_accounts)})


def perimeter_of(scope: Construct) -> DataPerimeter | None:
    """The perimeter that `scope` is in; None where `data_perimeter` was not called."""
    noted = scope.node.try_get_context(_PERIMETER)
    if noted is None:
        return None
    return DataPerimeter(organization_id=noted["organization_id"], trusted_accounts=tuple(noted["trusted_accounts"]))
