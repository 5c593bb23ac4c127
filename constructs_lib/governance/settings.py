"""Data lake settings of an account, with the functions that keep them and the permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Aws, CustomResource, DefaultStackSynthesizer, Duration, Fn, Stack, aws_iam as iam, aws_lambda as lambda_
from constructs import Construct

from constructs_lib.core import HandlerFunction, misuse
from constructs_lib.governance.catalog_policy import CatalogPolicy
from constructs_lib.governance.conflicts import DeclaredRights
from constructs_lib.governance.share_register import ShareRegister, home_of
from constructs_lib.storage import LakeKey
from lakemodel.config.model import ExistingAdmins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_kms as kms

    from constructs_lib.governance.permissions import PermissionsOwner

SETTINGS_TYPE = "Custom::LakeFormationSettings"
"""CloudFormation type of the settings' custom resource."""

PERMISSIONS_TIMEOUT = Duration.minutes(60)
"""How long a custom resource of permissions is waited for, at most: several deployments may wait for the one writer."""

_SETTINGS_TIMEOUT = Duration.minutes(20)
_MEMORY = "/governed-lake/lake-formation-settings"
_VERSIONS = (3, 4, 5)

_NO_RESOURCE = (
    "These actions of Lake Formation take no resource: `*` is the only one IAM accepts. What the role may touch is this account's own."
)
_NO_PATH = "iam:ListRoles takes no resource; it reads names, to find the roles of permission sets."
_CATALOG = "Lake Formation asks for the metadata of whatever database or table a grant or tag names; reading it shows no data."
_ADMINS = "Any role or user of the account may be a data lake administrator; the function only asks whether one still exists."
_SHARES = "Lake Formation makes a resource share for every account that data is shared with; their names are known at deployment only."
_ORGANIZATION = "Reading the organisation's structure takes no resource; Lake Formation does so when a grant goes to another account."


class LakeFormationSettings(Construct):
    """Lake Formation's settings in one account: administrators, no default permissions, version of sharing. One owner an account.

    A custom resource, because the native `AWS::LakeFormation::DataLakeSettings` ignores empty default permissions, so that
    `IAM_ALLOWED_PRINCIPALS` would get every new table; overwrites or never removes other administrators; and fails for good once one
    of them was deleted. This one reads, merges, puts and reads back. On delete it takes out the administrators that it added, and
    leaves default permissions cleared and the version of sharing as it is: nothing is opened by removing a stack. Other settings, such
    as trusted owners and external filtering, are put back as they were found.

    The deploying role of CloudFormation and the function that applies `CatalogPermissions` are administrators too: without that,
    neither could make LF-Tags, data locations or grants. Everything else of Lake Formation has to come after this construct.

    **`ExistingAdmins.REPLACE` locks people out.** Every administrator and read-only administrator that is not declared here is taken out
    at the next deployment, services such as DataZone and Security Lake that made themselves administrators included. They are
    remembered, and come back, as far as they still exist, when this is deleted, changed back to `KEEP` or rolled back.

    See https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html.

    Args:
        admins: Who administers Lake Formation: roles, or ARNs of roles and users. One that is deleted later does not block deployments.
        read_only_admins: Who sees everything in the catalog and grants nothing; nobody when left out.
        existing_admins: What becomes of administrators that are there and not declared: they are kept when left out.
        cross_account_version: 4 when left out; 3 and 5 are possible. It is never lowered: an account that has a higher one fails, and
            an update back to a lower one, which may be a rollback, leaves it and says so in the attribute `CrossAccountVersion`.
        shares: Whether grants to other accounts are possible; yes when left out. Adds what Lake Formation needs of RAM and Glue, and a
            `CatalogPolicy`.
        log_key: Encrypts the functions' logs; a new key when left out. Its policy has to let CloudWatch Logs use it.

    Raises:
        DataLakeError: `cross_account_version`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        admins: Sequence[iam.IRole | str],
        read_only_admins: Sequence[iam.IRole | str] = (),
        existing_admins: ExistingAdmins | None = None,
        cross_account_version: int | None = None,
        shares: bool = True,
        log_key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        existing_admins = ExistingAdmins.KEEP if existing_admins is None else existing_admins
        cross_account_version = 4 if cross_account_version is None else cross_account_version
        if cross_account_version not in _VERSIONS:
            msg = f"got cross_account_version {cross_account_version}; allowed are {', '.join(map(str, _VERSIONS))}"
            raise misuse(self, msg, code="cross_account_version")
        self.shares = shares
        self.declared = DeclaredRights()
        if (home := home_of(self)) is not None:
            ShareRegister.of(self).know_declared(home, self.declared)
        self.log_key = self._log_key() if log_key is None else log_key
        self.settings_handler = HandlerFunction(
            self,
            "Settings",
            package="lakeformation",
            module="settings",
            statements=self._settings_statements(),
            wildcards={"Settings": _NO_RESOURCE, "LookUpAdministrators": _ADMINS},
            service_timeout=_SETTINGS_TIMEOUT,
            log_key=self.log_key,
            description="Keeps Lake Formation's settings of this account as declared",
        )
        self.permissions_handler = HandlerFunction(
            self,
            "Permissions",
            package="lakeformation",
            module="permissions",
            statements=[*self._permissions_statements(), *(self._share_statements() if shares else ())],
            wildcards={
                "Permissions": _NO_RESOURCE,
                "ReadMetadata": _CATALOG,
                "FindPermissionSets": _NO_PATH,
                "CreateShares": _SHARES,
                "ManageShares": _SHARES,
                "ManageSharePermissions": _SHARES,
                "ReadShares": _SHARES,
                "ShareCatalog": _CATALOG,
                "ReadOrganization": _ORGANIZATION,
            },
            service_timeout=PERMISSIONS_TIMEOUT,
            log_key=self.log_key,
            description="Keeps Lake Formation grants and LF-Tag associations as declared",
        )
        self.permissions_function: lambda_.IFunction = self.permissions_handler.function
        self.resource: Construct = CustomResource(
            self,
            "Resource",
            resource_type=SETTINGS_TYPE,
            service_token=self.settings_handler.function.function_arn,
            service_timeout=_SETTINGS_TIMEOUT,
            properties={
                "Admins": [*map(_arn, admins), *self._deploying_role(), self.permissions_handler.role.role_arn],
                "ReadOnlyAdmins": [_arn(admin) for admin in read_only_admins],
                "ExistingAdmins": existing_admins.value,
                "CrossAccountVersion": str(cross_account_version),
                "MemoryParameter": _MEMORY,
            },
        )
        self.catalog_policy = CatalogPolicy(self, "Sharing", log_key=self.log_key) if shares else None
        if self.catalog_policy is not None:  # whoever waits for the settings, such as grants to accounts, waits for it as well
            self.resource.node.add_dependency(self.catalog_policy.resource)

    @staticmethod
    def from_permissions_function(
        scope: Construct, construct_id: str, *, permissions_function_arn: str, shares: bool | None = None
    ) -> PermissionsOwner:
        """Settings that another app owns, for `CatalogPermissions` of this one: it makes nothing and waits for nothing.

        Args:
            scope: Where the imported function is put.
            construct_id: Its id there.
            permissions_function_arn: ARN of the owner's `permissions_function`, of the stack's own account.
            shares: Whether the owner's settings allow grants to other accounts; no when left out.
        """
        return _ImportedSettings(scope, construct_id, permissions_function_arn, shares=False if shares is None else shares)

    def _log_key(self) -> kms.IKey:
        key = LakeKey(self, "LogKey", description="logs of the Lake Formation handlers", via_services=("logs",))
        stack = Stack.of(self)
        key.allow_log_groups(
            stack.format_arn(service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME)
        )
        return key.key

    def _deploying_role(self) -> list[str]:
        """The role CloudFormation deploys with; its ARN has placeholders that only the CDK CLI or CloudFormation fill in."""
        synthesizer = Stack.of(self).synthesizer
        if not isinstance(synthesizer, DefaultStackSynthesizer):
            return []
        return [Fn.sub(synthesizer.cloud_formation_execution_role_arn)]

    def _settings_statements(self) -> list[iam.PolicyStatement]:
        stack = Stack.of(self)
        return [
            iam.PolicyStatement(
                sid="Settings", actions=["lakeformation:GetDataLakeSettings", "lakeformation:PutDataLakeSettings"], resources=["*"]
            ),
            iam.PolicyStatement(
                sid="LookUpAdministrators",
                actions=["iam:GetRole", "iam:GetUser"],
                resources=[stack.format_arn(service="iam", region="", resource=kind, resource_name="*") for kind in ("role", "user")],
            ),
            iam.PolicyStatement(
                sid="RememberWhoWasThere",
                actions=["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"],
                resources=[stack.format_arn(service="ssm", resource="parameter", resource_name=_MEMORY.lstrip("/"))],
            ),
        ]

    def _permissions_statements(self) -> list[iam.PolicyStatement]:
        return [
            iam.PolicyStatement(
                sid="Permissions",
                actions=[
                    "lakeformation:AddLFTagsToResource",
                    "lakeformation:BatchGrantPermissions",
                    "lakeformation:BatchRevokePermissions",
                    "lakeformation:CreateLakeFormationOptIn",
                    "lakeformation:DeleteLakeFormationOptIn",
                    "lakeformation:GetResourceLFTags",
                    "lakeformation:ListLakeFormationOptIns",
                    "lakeformation:ListPermissions",
                    "lakeformation:RemoveLFTagsFromResource",
                ],
                resources=["*"],
            ),
            iam.PolicyStatement(sid="ReadMetadata", actions=["glue:GetDatabase", "glue:GetTable"], resources=self._catalog_arns()),
            iam.PolicyStatement(sid="FindPermissionSets", actions=["iam:ListRoles"], resources=["*"]),
        ]

    def _share_statements(self) -> list[iam.PolicyStatement]:
        """What the managed policy AWSLakeFormationCrossAccountManager gives, as far as grants and revocations need it.

        `ram:GetResourceShares` knows no share's name as a condition, and with one it would be allowed nothing. See
        https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsresourceaccessmanagerram.html.
        """
        named = {"StringLike": {"ram:ResourceShareName": "LakeFormation*"}}
        shared = {"StringLikeIfExists": {"ram:RequestedResourceType": ["glue:Table", "glue:Database", "glue:Catalog"]}}
        permission = {"ArnLike": {"ram:PermissionArn": f"arn:{Aws.PARTITION}:ram::aws:permission/AWSRAMLFEnabled*"}}
        manage = ["AssociateResourceShare", "DeleteResourceShare", "DisassociateResourceShare", "UpdateResourceShare"]
        read = ["GetResourceShareAssociations", "GetResourceShares", "ListResourceSharePermissions", "ListResources"]
        organization = ["DescribeAccount", "DescribeOrganization"]
        return [
            iam.PolicyStatement(sid="CreateShares", actions=["ram:CreateResourceShare"], resources=["*"], conditions=shared),
            iam.PolicyStatement(sid="ManageShares", actions=[f"ram:{action}" for action in manage], resources=["*"], conditions=named),
            iam.PolicyStatement(
                sid="ManageSharePermissions", actions=["ram:AssociateResourceSharePermission"], resources=["*"], conditions=permission
            ),
            iam.PolicyStatement(sid="ReadShares", actions=[f"ram:{action}" for action in read], resources=["*"]),
            iam.PolicyStatement(
                sid="ShareCatalog", actions=["glue:DeleteResourcePolicy", "glue:PutResourcePolicy"], resources=self._catalog_arns()
            ),
            iam.PolicyStatement(sid="ReadOrganization", actions=[f"organizations:{action}" for action in organization], resources=["*"]),
        ]

    def _catalog_arns(self) -> list[str]:
        stack = Stack.of(self)
        return [
            stack.format_arn(service="glue", resource="catalog"),
            stack.format_arn(service="glue", resource="database", resource_name="*"),
            stack.format_arn(service="glue", resource="table", resource_name="*/*"),
        ]


class _ImportedSettings(Construct):
    """What `CatalogPermissions` needs of settings that another app owns."""

    def __init__(self, scope: Construct, construct_id: str, permissions_function_arn: str, *, shares: bool) -> None:
        super().__init__(scope, construct_id)
        self.shares = shares
        home, register = home_of(self), ShareRegister.of(self)
        known = () if home is None else register.declared_in(home)
        self.declared = known[0] if known else DeclaredRights()  # imported in several stacks, it is the same account's
        if home is not None:
            register.know_declared(home, self.declared)
        self.permissions_function = lambda_.Function.from_function_arn(self, "PermissionsFunction", permissions_function_arn)
        self.resource: Construct = self


def _arn(admin: iam.IRole | str) -> str:
    return admin if isinstance(admin, str) else admin.role_arn
