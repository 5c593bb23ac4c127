"""Where accounts stand in the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, CustomResource, Duration, Stack, Token, aws_iam as iam
from constructs import Construct

from constructs_lib.core import HandlerFunction, misuse
from constructs_lib.organization.handler_logs import log_key as given_or_new

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

    from constructs_lib.organization.structure import AnyOrganization, Place

PLACEMENT_TYPE = "Custom::OrganizationAccountPlacement"
"""CloudFormation type of an account's place; `AccountId` stands below `UnitId`."""

_MEMORY = "/governed-lake/account-placement"
_TIMEOUT = Duration.minutes(20)

_READ = "Reading the organisation takes no resource."
_ACCOUNTS = "An account that is taken out of the code is moved back after the policy has changed, so the policy cannot name accounts."
_PLACES = "An account is moved from wherever it stands: any unit of this organisation, or its root."


class AccountPlacements(Construct):
    """Moves accounts below units, by one function. Its stack is in the management account.

    An account leaves the policies of the unit where it was, and Control Tower's controls of it: one that Control Tower has enrolled belongs
    below a registered unit. While somebody's service or resource control policies would be left, the account is not moved, and the
    deployment fails: attach them to the account first, with which they move, or above the new unit. A custom resource, because
    `AWS::Organizations::Account` makes an account, and can take over one that is there only by an import.

    See https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_move.html

    Args:
        organization: Whose accounts they are.
        log_key: Encrypts the function's log; a new key when left out. Its policy has to let CloudWatch Logs use it.

    Attributes:
        handler: The function.
        placements: What has been placed, by the account's id.
    """

    def __init__(self, scope: Construct, construct_id: str, *, organization: AnyOrganization, log_key: kms.IKey | None = None) -> None:
        super().__init__(scope, construct_id)
        self._organization = organization
        self.placements: dict[str, AccountPlacement] = {}
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="organization",
            module="placement",
            statements=[
                iam.PolicyStatement(
                    sid="MoveAccounts",
                    actions=["organizations:ListParents", "organizations:MoveAccount"],
                    resources=[self._arn("account", "*")],
                ),
                iam.PolicyStatement(
                    sid="MoveBetweenPlaces",
                    actions=["organizations:MoveAccount"],
                    resources=[self._arn("ou", "*"), self._arn("root", organization.root_id)],
                ),
                iam.PolicyStatement(
                    sid="ReadPolicies",
                    actions=["organizations:ListParents", "organizations:ListPoliciesForTarget"],
                    resources=[self._arn("account", "*"), self._arn("ou", "*"), self._arn("root", organization.root_id)],
                ),
                iam.PolicyStatement(sid="ReadOrganization", actions=["organizations:DescribeOrganization"], resources=["*"]),
                iam.PolicyStatement(
                    sid="RememberWhereTheyWere",
                    actions=["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"],
                    resources=[Stack.of(self).format_arn(service="ssm", resource="parameter", resource_name=f"{_MEMORY.lstrip('/')}/*")],
                ),
            ],
            wildcards={
                "MoveAccounts": _ACCOUNTS,
                "MoveBetweenPlaces": _PLACES,
                "ReadPolicies": _PLACES,
                "ReadOrganization": _READ,
                "RememberWhereTheyWere": _ACCOUNTS,
            },
            service_timeout=_TIMEOUT,
            log_key=given_or_new(self, log_key),
            description="Moves accounts of the organisation below the declared units",
        )

    def place(self, construct_id: str, *, account: str, unit: Place) -> AccountPlacement:
        """Puts an account below a unit; it is moved back on delete, if it is still there.

        Args:
            construct_id: Id below this construct.
            account: The account's id; not the management account's, which stays at the root.
            unit: Where it goes.

        Raises:
            DataLakeError: `account_placed_twice`, `management_account_placed`.
        """
        if account in self.placements:
            msg = f"got account {account} twice; an account stands in one place: take one of the two out"
            raise misuse(self, msg, code="account_placed_twice")
        if not Token.is_unresolved(account) and account == Stack.of(self).account:
            msg = f"got account {account}, which manages the organisation and stays at its root; place member accounts only"
            raise misuse(self, msg, code="management_account_placed")
        self.placements[account] = AccountPlacement(
            self, construct_id, organization=self._organization, account=account, unit=unit, handler=self.handler
        )
        return self.placements[account]

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:{Aws.PARTITION}:organizations::{Stack.of(self).account}:{kind}/{self._organization.organization_id}/{name}"


class AccountPlacement(Construct):
    """The place of one account; made by `AccountPlacements.place`.

    Args:
        organization: Whose account it is; for those who read the template, as it changes nothing.
        account: The account's id.
        unit: Where it goes.
        handler: The function that moves it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, organization: AnyOrganization, account: str, unit: Place, handler: HandlerFunction
    ) -> None:
        super().__init__(scope, construct_id)
        self.account = account
        self.resource = CustomResource(
            self,
            "Resource",
            resource_type=PLACEMENT_TYPE,
            service_token=handler.function.function_arn,
            service_timeout=_TIMEOUT,
            properties={
                "AccountId": account,
                "UnitId": unit.place_id,
                "OrganizationId": organization.organization_id,
                "MemoryPrefix": _MEMORY,
            },
        )
