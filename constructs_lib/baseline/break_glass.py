"""The role for emergencies: what nothing else may do any more, for named people with a second factor, for an hour, seen by all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Aws, Duration, Tags, Token, aws_iam as iam
from constructs import Construct

from constructs_lib.core import acknowledge, misuse

if TYPE_CHECKING:
    from collections.abc import Mapping

BREAK_GLASS_ROLE: Final = "BreakGlass"
"""The role's name where none is stated."""
BREAK_GLASS_PATH: Final = "/break-glass/"
"""The path of the users who may assume it."""

_HOUR: Final = Duration.hours(1)
_TAG: Final = "break-glass"
_ADMINISTRATOR: Final = "AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AdministratorAccess]"
_EVERYTHING: Final = (
    "an emergency is what nobody thought of, so the role may do everything; users below /break-glass/ of the security account assume it "
    "with a second factor for an hour, and every use raises an alarm"
)


class BreakGlassRole(Construct):
    """The break-glass role of one account.

    IAM users of `trusted_account` below `path` assume it, with a second factor that they gave within the last hour, for an hour. Users
    and not Identity Center, because the emergency may be that Identity Center does not work. Nobody makes them here: a person
    in the security account creates each by hand and gives it a hardware key. No service and no other role can assume it.

    Guardrails exempt it by name, and its use raises an alarm: see `constructs_lib.organization`.

    See https://docs.aws.amazon.com/whitepapers/latest/organizing-your-aws-environment/break-glass-access.html.

    Args:
        trusted_account: The account whose users may assume it.
        organization_id: Whose members they have to be; not asked when None.
        role_name: The role's name in every account; `BreakGlass` when left out.
        path: The path of the users; `/break-glass/` when left out.

    Raises:
        DataLakeError: `break_glass_path` for a path that does not begin and end with a slash, or that is the root of all;
            `break_glass_account` for something that is no account's id.

    Example:
        >>> from aws_cdk import App, Stack
        >>> BreakGlassRole(Stack(App(), "Doc"), "BreakGlass", trusted_account="333333333333", organization_id="o-exampleorgid").role_name
        'BreakGlass'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        trusted_account: str,
        organization_id: str | None,
        role_name: str | None = None,
        path: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role_name = BREAK_GLASS_ROLE if role_name is None else role_name
        path = BREAK_GLASS_PATH if path is None else path
        if len(path) < 3 or not (path.startswith("/") and path.endswith("/")) or "*" in path or "?" in path:  # noqa: PLR2004 - slash, name, slash
            msg = f"got the path {path!r}; allowed is one such as {BREAK_GLASS_PATH}, which only break-glass users have"
            raise misuse(self, msg, code="break_glass_path")
        if not Token.is_unresolved(trusted_account) and not (len(trusted_account) == 12 and trusted_account.isdigit()):  # noqa: PLR2004
            msg = f"got the trusted account {trusted_account!r}; allowed is an account id of twelve digits, as text"
            raise misuse(self, msg, code="break_glass_account")
        self.role = iam.Role(
            self,
            "Resource",
            role_name=self.role_name,
            description=f"For emergencies: users below {path} of {trusted_account} only, with a second factor. Every use raises an alarm",
            assumed_by=iam.AccountPrincipal(trusted_account).with_conditions(_conditions(trusted_account, path, organization_id)),
            max_session_duration=_HOUR,
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AdministratorAccess")],
        )
        Tags.of(self.role).add(_TAG, "true")
        acknowledge(self.role, _ADMINISTRATOR, reason=_EVERYTHING)


def _conditions(account: str, path: str, organization_id: str | None) -> Mapping[str, Mapping[str, str]]:
    conditions: dict[str, dict[str, str]] = {
        "ArnLike": {"aws:PrincipalArn": f"arn:{Aws.PARTITION}:iam::{account}:user{path}*"},
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": str(_HOUR.to_seconds())},
    }
    if organization_id is not None:
        conditions["StringEquals"] = {"aws:PrincipalOrgID": organization_id}
    return conditions
