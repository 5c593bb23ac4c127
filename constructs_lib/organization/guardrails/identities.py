"""Ready guardrails on who there is: root users, IAM users, identity providers, and the roles that other guardrails spare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from constructs_lib.organization.guardrails.model import Exempt, Exemptions, Guardrail, role_arns
from constructs_lib.organization.guardrails.services import CONTAINED, DEPLOYED, ROLE_CHANGES

if TYPE_CHECKING:
    from collections.abc import Sequence

_POLICY_CHANGES: Final = ("iam:CreatePolicy*", "iam:DeletePolicy*", "iam:SetDefaultPolicyVersion")


def no_root_user() -> tuple[Guardrail, ...]:
    """Root users do nothing, but for what the organisation does as root centrally, with `sts:AssumeRoot`."""
    return (
        Guardrail(
            sid="NoRootUser",
            why="A root user has every right, and nobody knows who it was.",
            deny=("*",),
            conditions={"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:root"}, "Null": {"aws:AssumedRoot": "true"}},
            # A root user is no role: nobody has to be spared.
            exempt=Exempt.NOBODY,
            source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-assumedroot",
        ),
    )


def no_iam_users() -> tuple[Guardrail, ...]:
    """No IAM user and no long-lived credential is made, but by deployments. Users that are there can still be removed."""
    page = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
    return (
        Guardrail(
            sid="NoUsers",
            why="People come through Identity Center, programs through roles; a key that never expires is found by somebody.",
            deny=(
                *("iam:AddUserToGroup", "iam:AttachGroupPolicy", "iam:AttachUserPolicy", "iam:CreateAccessKey", "iam:CreateLoginProfile"),
                *("iam:CreateServiceSpecificCredential", "iam:CreateUser", "iam:DeleteUserPermissionsBoundary", "iam:PutGroupPolicy"),
                *("iam:PutUserPermissionsBoundary", "iam:ResetServiceSpecificCredential", "iam:UpdateLoginProfile"),
                # Who moves a user to another path makes it one of those whom a role trusts by their path.
                *("iam:UpdateUser", "iam:UploadSSHPublicKey", "iam:UploadSigningCertificate"),
            ),
            exempt=DEPLOYED,
            source=page,
        ),
        Guardrail(
            sid="NoUserPolicies",
            why="A policy gives a user that is there more than it had. Containment writes denials.",
            deny=("iam:PutUserPolicy",),
            exempt=CONTAINED,
            source=page,
        ),
    )


def keep_break_glass_users(path: str = "/break-glass/") -> tuple[Guardrail, ...]:
    """The users who become the break-glass role keep their password, second factor and rights: nobody locks them out.

    That nobody else becomes one of them is a matter of `no_iam_users`.

    Args:
        path: The path of the users, and of the groups that they are in; `/break-glass/` when left out.
    """
    return (
        Guardrail(
            sid="KeepBreakGlassUsers",
            why="Who takes the last key away first is undisturbed afterwards.",
            deny=(
                *("iam:DeactivateMFADevice", "iam:DeleteAccessKey", "iam:DeleteGroup", "iam:DeleteGroupPolicy", "iam:DeleteLoginProfile"),
                *("iam:DeleteUser", "iam:DeleteUserPolicy", "iam:DetachGroupPolicy", "iam:DetachUserPolicy", "iam:RemoveUserFromGroup"),
                *("iam:UpdateAccessKey", "iam:UpdateGroup"),
            ),
            resources=tuple(f"arn:*:iam::*:{kind}{path}*" for kind in ("group", "user")),
            exempt=DEPLOYED,
            source="https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_permissions_emergency_process.html",
        ),
    )


def no_identity_providers() -> tuple[Guardrail, ...]:
    """Nobody but deployments decides who else may vouch for people and programs."""
    return (
        Guardrail(
            sid="NoProviders",
            why="Whoever a provider vouches for comes in without having been anybody here.",
            deny=(
                *("iam:AddClientIDToOpenIDConnectProvider", "iam:CreateOpenIDConnectProvider", "iam:CreateSAMLProvider"),
                *("iam:UpdateOpenIDConnectProviderThumbprint", "iam:UpdateSAMLProvider"),
                *("rolesanywhere:CreateTrustAnchor", "rolesanywhere:EnableTrustAnchor", "rolesanywhere:ImportCrl"),
                *("rolesanywhere:UpdateTrustAnchor", "sso:CreateInstance"),
            ),
            exempt=DEPLOYED,
            source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers.html",
        ),
    )


def keep_exempt_roles(exemptions: Exemptions, *, also: tuple[str, ...] = ()) -> tuple[Guardrail, ...]:
    """Nobody becomes exempt by making, changing or passing on a role with an exempt name. `ServicePolicies` adds it by itself.

    Who may assume such a role is its trust policy's matter, which only the deployment and the break-glass role may change.

    Args:
        exemptions: The exempt roles.
        also: More of them, which single guardrails spare; none when left out.
    """
    everyone = (*exemptions.of(~Exempt.NOBODY), *also)
    return (
        Guardrail(
            sid="KeepExemptRoles",
            why="A role that is made with an exempt name, or changed, would be stopped by nothing.",
            deny=ROLE_CHANGES,
            resources=tuple(role_arns((*everyone, *exemptions.passing_roles))),
            exempt=DEPLOYED,
            source="https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html",
        ),
        Guardrail(
            sid="PassExemptRoles",
            why="A service that is given an exempt role does with it what its caller says.",
            deny=("iam:AddRoleToInstanceProfile", "iam:PassRole"),
            resources=tuple(role_arns(everyone)),
            exempt=DEPLOYED,
            exempt_roles=exemptions.passing_roles,
            source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
        ),
    )


def exempt_roles_kept(guardrails: Sequence[Guardrail], exemptions: Exemptions) -> list[Guardrail]:
    """These guardrails, after those that keep every role which one of them spares; as they are when none spares anybody."""
    spared = {role for each in guardrails for role in each.exempt_roles} - set(exemptions.passing_roles)
    if not spared and all(each.exempt is Exempt.NOBODY for each in guardrails):
        return list(guardrails)
    given = {(each.sid, each.deny): each.resources for each in guardrails}
    kept = keep_exempt_roles(exemptions, also=tuple(sorted(spared)))
    # Who names them as well, perhaps for other roles, means both.
    both = [each.but(resources=tuple(sorted({*each.resources, *given.get((each.sid, each.deny), ())}))) for each in kept]
    named = {(each.sid, each.deny) for each in kept}
    return [*both, *(each for each in guardrails if (each.sid, each.deny) not in named)]


def keep_stacks(stacks: tuple[str, ...], exemptions: Exemptions) -> tuple[Guardrail, ...]:
    """Stacks are changed by their deployment alone: CloudFormation acts as a stack's own role for everybody who may update the stack.

    Args:
        stacks: Names of stacks; a `*` at the end stands for the rest.
        exemptions: Its `passing_roles` may, as deployments do.
    """
    return (
        Guardrail(
            sid="KeepStacks",
            why="Who updates a stack acts as the role that it was deployed with, without having to pass that role.",
            deny=(
                *("cloudformation:CancelUpdateStack", "cloudformation:ContinueUpdateRollback", "cloudformation:CreateChangeSet"),
                *("cloudformation:DeleteStack", "cloudformation:ExecuteChangeSet", "cloudformation:ExecuteStackRefactor"),
                "cloudformation:RollbackStack",
                *("cloudformation:SetStackPolicy", "cloudformation:UpdateStack", "cloudformation:UpdateTerminationProtection"),
            ),
            resources=tuple(f"arn:*:cloudformation:*:*:stack/{stack}/*" for stack in stacks),
            exempt=DEPLOYED,
            exempt_roles=exemptions.passing_roles,
            source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html",
        ),
    )


def keep_assets(exemptions: Exemptions, *, qualifier: str = "hnb659fds") -> tuple[Guardrail, ...]:
    """Nobody but who publishes them writes the code and the templates that deployments take.

    The CDK names an asset after its content, and takes one that is there for what its name says: who puts other content under the name of
    the next deployment's has it deployed.

    Args:
        exemptions: Its `passing_roles` may, as deployments do.
        qualifier: Of the bootstrapped roles and buckets; the CDK's own when left out.
    """
    return (
        Guardrail(
            sid="KeepAssets",
            why="Who writes what is deployed next deploys it.",
            deny=(
                "s3:DeleteObject*",
                "s3:PutObject*",
                "s3:PutBucketPolicy",
                "ecr:BatchDeleteImage",
                "ecr:PutImage",
                "ecr:SetRepositoryPolicy",
            ),
            resources=(
                *(f"arn:*:s3:::cdk-{qualifier}-assets-*{rest}" for rest in ("", "/*")),
                f"arn:*:ecr:*:*:repository/cdk-{qualifier}-container-assets-*",
            ),
            exempt=DEPLOYED,
            exempt_roles=(*exemptions.passing_roles, *_publishing_roles(qualifier)),
            source="https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html",
        ),
    )


def only_deployed_by(principals: tuple[str, ...], exemptions: Exemptions, *, qualifier: str = "hnb659fds") -> tuple[Guardrail, ...]:
    """Nobody but these roles may become one of those that hand CloudFormation its role.

    The CDK's deployment roles trust everybody whom their own account lets assume roles, and who deploys may do everything; so do those
    that publish what is deployed next. Who comes from an account to which the policy is not attached, such as one for delivery, is limited
    by the roles' trust policies alone.

    Args:
        principals: Roles by name, with their path; a `*` at the end stands for the rest.
        exemptions: Its `passing_roles` are what nobody else becomes.
        qualifier: Of the bootstrapped roles that publish; the CDK's own when left out.
    """
    return (
        Guardrail(
            sid="OnlyDeployedBy",
            why="Who may deploy may do everything, guardrails or not.",
            deny=("sts:AssumeRole",),
            resources=tuple(role_arns((*exemptions.passing_roles, *_publishing_roles(qualifier)))),
            exempt_roles=principals,
            source="https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html",
        ),
    )


def _publishing_roles(qualifier: str) -> tuple[str, ...]:
    return tuple(f"cdk-{qualifier}-{kind}-publishing-role-*" for kind in ("file", "image"))


def keep_boundary(policy: str, roles: tuple[str, ...]) -> tuple[Guardrail, ...]:
    """The permissions boundary stays what it is, and roles that have it keep it.

    Args:
        policy: The managed policy's name, with its path.
        roles: Roles that must not be given another one, by name; a `*` at the end stands for the rest. None: those with a boundary keep
            one.
    """
    arn = f"arn:*:iam::*:policy/{policy}"
    page = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"
    kept = (
        Guardrail(
            sid="KeepBoundary",
            why="Who edits the boundary has no boundary.",
            deny=_POLICY_CHANGES,
            resources=(arn,),
            exempt=DEPLOYED,
            source=page,
        ),
        Guardrail(
            sid="KeepBounded",
            why="A role without its boundary has every right that its policies give it.",
            deny=("iam:DeleteRolePermissionsBoundary",),
            conditions={"ArnLike": {"iam:PermissionsBoundary": arn}},
            exempt=DEPLOYED,
            source=page,
        ),
    )
    if not roles:
        return kept
    return (
        *kept,
        Guardrail(
            sid="KeepBoundedRoles",
            why="Another boundary may be a wider one.",
            deny=("iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"),
            resources=tuple(role_arns(roles)),
            exempt=DEPLOYED,
            source=page,
        ),
    )
