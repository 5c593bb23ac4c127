"""What responders in the security account need in the others: a role to contain as, and Config's findings sent to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aws_cdk import ArnFormat, Aws, Duration, Stack, aws_events as events, aws_iam as iam
from constructs import Construct

from constructs_lib.core import acknowledge_wildcards, misuse, trusted_service
from constructs_lib.runtime.responders.protection import DEPLOYING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONTAINMENT_ROLE: Final = "governed-lake-containment"
"""The role's name in every account, which responders assume."""
RESPONDER_ROLE: Final = "governed-lake-responder"
"""The name of the responders' own role, in the security account."""
FINDINGS_BUS: Final = "governed-lake-findings"
"""The event bus in the security account that other accounts send findings to."""

_AGAINST_A_RULE: Final = {
    "source": ["aws.config"],
    "detail-type": ["Config Rules Compliance Change"],
    "detail": {"newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]}},
}
_ANY: Final = (
    "which {} a finding will be about is not known before; a session is bound to the one that it is about by a session policy, and "
    "whom the role must not touch is denied"
)


class ContainmentRole(Construct):
    """What responders do in this account, they do as this role: put buckets into quarantine, revoke sessions, and take it back.

    Its right to put inline policies is a right to everything; so the responders' own role alone may assume it, each of their sessions
    gets a session policy for one containment of one resource, and the role is denied any change of break-glass, deploying and responding
    roles. It belongs into a stack without a permissions boundary that forbids changes in IAM.

    Args:
        security_account: The account of the responders.
        break_glass_role: Name of the role for emergencies.
        deploying_roles: Patterns of names of roles that deploy, with `{account}` for the account; those of `cdk bootstrap` when left out.
        responder_role: Name of the responders' role; `governed-lake-responder` when left out.
        role_name: The name of this role, the same in every account; `governed-lake-containment` when left out.

    Example:
        >>> from aws_cdk import App, Stack
        >>> ContainmentRole(Stack(App(), "Doc"), "Containment", security_account="333333333333", break_glass_role="BreakGlass").role_name
        'governed-lake-containment'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        security_account: str,
        break_glass_role: str,
        deploying_roles: Sequence[str] | None = None,
        responder_role: str = RESPONDER_ROLE,
        role_name: str = CONTAINMENT_ROLE,
    ) -> None:
        super().__init__(scope, construct_id)
        deploying_roles = DEPLOYING if deploying_roles is None else deploying_roles
        self.role_name = role_name
        self.role = _role(self, security_account, responder_role, role_name)
        kept = (break_glass_role, role_name, responder_role, *deploying_roles)
        statements = [*self._storage(), *self._identities(), *self._others(), self._never(kept)]
        self.policy = iam.ManagedPolicy(self, "Policy", roles=[self.role], statements=statements)
        acknowledge_wildcards(
            self.policy,
            {
                "Buckets": _ANY.format("bucket"),
                "AccountPublicAccess": "the public access block of an account has no ARN",
                "Roles": _ANY.format("role"),
                "Users": _ANY.format("user"),
                "KeyGrants": _ANY.format("key"),
                "Functions": _ANY.format("function"),
            },
        )

    def _storage(self) -> list[iam.PolicyStatement]:
        stack = Stack.of(self)
        kinds = ("Policy", "Tagging", "PublicAccessBlock")
        return [
            iam.PolicyStatement(
                sid="Buckets",
                actions=["s3:DeleteBucketPolicy", *(f"s3:{verb}Bucket{kind}" for verb in ("Get", "Put") for kind in kinds)],
                resources=[stack.format_arn(service="s3", region="", account="", resource="*")],
                conditions={"StringEquals": {"aws:ResourceAccount": stack.account}},
            ),
            iam.PolicyStatement(
                sid="AccountPublicAccess",
                actions=["s3:GetAccountPublicAccessBlock", "s3:PutAccountPublicAccessBlock"],
                resources=["*"],
            ),
        ]

    def _identities(self) -> list[iam.PolicyStatement]:
        return [
            iam.PolicyStatement(
                sid="Roles",
                actions=["iam:DeleteRolePolicy", "iam:GetRole", "iam:ListRolePolicies", "iam:PutRolePolicy"],
                resources=[_arn(self, "iam", "role/*")],
            ),
            iam.PolicyStatement(
                sid="Users",
                actions=[
                    "iam:DeleteUserPolicy",
                    "iam:GetUser",
                    "iam:ListAccessKeys",
                    "iam:ListUserPolicies",
                    "iam:PutUserPolicy",
                    "iam:UpdateAccessKey",
                ],
                resources=[_arn(self, "iam", "user/*")],
            ),
        ]

    def _others(self) -> list[iam.PolicyStatement]:
        """In every Region: a finding is where its resource is."""
        return [
            iam.PolicyStatement(
                sid="KeyGrants",
                actions=["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
                resources=[_arn(self, "kms", "key/*", region="*")],
            ),
            iam.PolicyStatement(
                sid="Functions",
                actions=[f"lambda:{verb}FunctionConcurrency" for verb in ("Delete", "Get", "Put")],
                resources=[_arn(self, "lambda", "function:*", region="*")],
            ),
        ]

    def _never(self, kept: Sequence[str]) -> iam.PolicyStatement:
        account = Stack.of(self).account
        names = [name.replace("{account}", account) for name in kept]
        return iam.PolicyStatement(
            sid="NeverThese",
            effect=iam.Effect.DENY,
            actions=["iam:DeleteRolePolicy", "iam:PutRolePolicy"],
            resources=[_arn(self, "iam", f"role/{path}{name}") for name in names for path in ("", "*/")],
        )


class PermissionSetContainmentRole(Construct):
    """What responders do about people of Identity Center, they do as this role in the management account, and nothing else.

    The role that a permission set makes in an account cannot be changed there. Permission sets that are provisioned to the management
    account itself need more rights to be provisioned again, which this role does not have.

    See https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html.

    Args:
        security_account: The account of the responders.
        instance_arn: The Identity Center instance.
        responder_role: Name of the responders' role; `governed-lake-responder` when left out.
        role_name: The name of this role; `governed-lake-containment` when left out.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        security_account: str,
        instance_arn: str,
        responder_role: str = RESPONDER_ROLE,
        role_name: str = CONTAINMENT_ROLE,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role_name = role_name
        self.role = _role(self, security_account, responder_role, role_name)
        identity_center = f"arn:{Aws.PARTITION}:sso:::"
        instance = instance_arn.rpartition("/")[2]
        statement = iam.PolicyStatement(
            sid="PermissionSets",
            actions=[
                "sso:DeleteInlinePolicyFromPermissionSet",
                "sso:DescribePermissionSet",
                "sso:DescribePermissionSetProvisioningStatus",
                "sso:GetInlinePolicyForPermissionSet",
                "sso:ListPermissionSets",
                "sso:ProvisionPermissionSet",
                "sso:PutInlinePolicyToPermissionSet",
            ],
            resources=[instance_arn, f"{identity_center}permissionSet/{instance}/*", f"{identity_center}account/*"],
        )
        self.policy = iam.ManagedPolicy(self, "Policy", roles=[self.role], statements=[statement])
        acknowledge_wildcards(self.policy, {"PermissionSets": _ANY.format("permission set")})


class FindingForwarding(Construct):
    """Sends findings to the responders' event bus: from other accounts Config's, which no administrator's account sees by itself.

    The other services send theirs to the security account themselves, but to the bus of the Region that they are in; so one belongs into
    each other Region of that account, with `organization.response.elsewhere()`.

    See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html.

    Args:
        security_account: The account of the bus.
        bus_name: The bus's name; `governed-lake-findings` when left out.
        region: The Region of the bus; the stack's when left out.
        patterns: Which events, by a name; what Config finds to be against a rule when left out.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        security_account: str,
        bus_name: str = FINDINGS_BUS,
        region: str | None = None,
        patterns: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        region = stack.region if region is None else region
        bus = stack.format_arn(service="events", region=region, account=security_account, resource="event-bus", resource_name=bus_name)
        # EventBridge asks for a role where the bus lets an organisation in rather than this account by name, or is in another Region.
        self.role = iam.Role(self, "Role", assumed_by=trusted_service(self, "events.amazonaws.com"), description="Sends Config's findings")
        send = iam.PolicyStatement(sid="Send", actions=["events:PutEvents"], resources=[bus])
        self.policy = iam.ManagedPolicy(self, "Policy", roles=[self.role], statements=[send])
        target = events.CfnRule.TargetProperty(id="Responders", arn=bus, role_arn=self.role.role_arn)
        wanted = {"Resource": _AGAINST_A_RULE} if patterns is None else {f"{name}Rule": each for name, each in patterns.items()}
        self.rules = [
            events.CfnRule(
                self,
                name,
                description="What Config finds to be against a rule, for the responders"
                if patterns is None
                else "Findings for the responders",
                event_pattern=pattern,
                targets=[target],
            )
            for name, pattern in wanted.items()
        ]
        for rule in self.rules:
            rule.node.add_dependency(self.policy)


def _role(scope: Construct, security_account: str, responder_role: str, role_name: str) -> iam.Role:
    """Trusts the account, on condition of the role: named as principal it would have to be there first, and would be lost with it."""
    if not (security_account.isdigit() and len(security_account) == 12):  # noqa: PLR2004 - an account's id
        msg = f"got security_account {security_account!r}; allowed is the 12-digit id of the account that responders run in"
        raise misuse(scope, msg, code="containment_account")
    responder = f"arn:{Aws.PARTITION}:iam::{security_account}:role/{responder_role}"
    return iam.Role(
        scope,
        "Resource",
        role_name=role_name,
        description="Responders in the security account contain as this role what a finding is about",
        max_session_duration=Duration.hours(1),
        assumed_by=iam.PrincipalWithConditions(iam.AccountPrincipal(security_account), {"ArnEquals": {"aws:PrincipalArn": responder}}),
    )


def _arn(scope: Construct, service: str, rest: str, *, region: str = "") -> str:
    return Stack.of(scope).format_arn(service=service, region=region, resource=rest, arn_format=ArnFormat.NO_RESOURCE_NAME)
