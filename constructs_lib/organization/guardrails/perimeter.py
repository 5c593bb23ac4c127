"""Ready guardrails on resources, for everybody from everywhere: the organisation's own principals only, encrypted on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from constructs_lib.organization.guardrails.model import ResourceGuardrail
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGE: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html"
_STS_BY_PRINCIPALS: Final = ("sts:AssumeRole", "sts:SetContext")
"""What principals of accounts do. Those of identity providers, who tag their sessions as well, have no organisation: see
`oidc_providers`."""
_ACTIONS: Final = {
    "s3": ("s3:*",),
    "kms": ("kms:*",),
    "sts": ("sts:*",),
    "sqs": ("sqs:*",),
    "secretsmanager": ("secretsmanager:*",),
    "ecr": ("ecr:*",),
    "logs": ("logs:*",),
}
PERIMETER_SERVICES: Final = ("s3", "kms", "sts", "sqs", "secretsmanager")
"""What `data_perimeter` protects when its `services` are left out."""


def data_perimeter(
    organization_id: str,
    *,
    services: tuple[str, ...] | None = None,
    trusted_accounts: tuple[str, ...] = (),
    oidc_providers: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[ResourceGuardrail, ...]:
    """Only principals of the organisation, and services on behalf of it, reach its resources; on encrypted ways.

    Services that act with a principal's rights count as that principal. Service-linked roles are never stopped by such policies.

    Args:
        organization_id: The organisation's id.
        services: Whose resources: `PERIMETER_SERVICES` when left out.
        trusted_accounts: Accounts outside whose principals and resources may as well, such as a partner's or those that AWS delivers load
            balancers' logs from; none when left out. The resources' own policies still decide.
        oidc_providers: Whose tokens are accepted, as `token.actions.githubusercontent.com`, with patterns of the subjects that may come;
            every provider that an account has when left out, nobody's when empty.

    Raises:
        DataLakeError: `perimeter_unknown_service`.
    """
    services = PERIMETER_SERVICES if services is None else services
    unknown = [each for each in services if each not in _ACTIONS]
    if unknown or not services:
        msg = f"got the services {', '.join(services) or '(none)'}; allowed are {', '.join(_ACTIONS)}"
        raise DataLakeError(msg, code="perimeter_unknown_service")
    by_principals = tuple(action for each in services for action in (_STS_BY_PRINCIPALS if each == "sts" else _ACTIONS[each]))
    everything = tuple(action for each in services for action in _ACTIONS[each])
    principals: dict[str, str | tuple[str, ...]] = {"aws:PrincipalOrgID": organization_id}
    sources: dict[str, str | tuple[str, ...]] = {"aws:SourceOrgID": organization_id}
    if trusted_accounts:
        principals["aws:PrincipalAccount"] = trusted_accounts
        sources["aws:SourceAccount"] = trusted_accounts
    found = [
        ResourceGuardrail(
            sid="OwnPrincipals",
            why="Whatever a resource's own policy says, nobody from outside comes in.",
            deny=by_principals,
            conditions={"StringNotEqualsIfExists": principals, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
            source=_PAGE,
        ),
        ResourceGuardrail(
            sid="OwnSources",
            why="A service that acts for somebody else's resource is a deputy that was confused.",
            deny=everything,
            # Not every service says for whom it acts: those that do not are left to the resources' own policies.
            conditions={
                "StringNotEqualsIfExists": sources,
                "Null": {"aws:SourceAccount": "false"},
                "Bool": {"aws:PrincipalIsAWSService": "true"},
            },
            source="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
        ),
        ResourceGuardrail(
            sid="EncryptedWays",
            why="What is not encrypted on its way is read by whoever is on the way.",
            deny=everything,
            conditions={"Bool": {"aws:SecureTransport": "false"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
            source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport",
        ),
    ]
    if "s3" in services:
        found.append(_no_foreign_keys())
    if "sts" in services and oidc_providers is not None:
        found += _own_tokens(oidc_providers)
    return tuple(found)


def _no_foreign_keys() -> ResourceGuardrail:
    return ResourceGuardrail(
        sid="OwnKeys",
        why="What is encrypted with a caller's own key is lost to everybody else: so ransom is asked.",
        deny=("s3:PutObject",),
        conditions={"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}},
        source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html",
    )


def _own_tokens(providers: Mapping[str, tuple[str, ...]]) -> list[ResourceGuardrail]:
    page = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html"
    action = ("sts:AssumeRoleWithWebIdentity",)
    why = "A provider with many tenants vouches for all of them."
    # A token has the subject of its own provider only: the subjects of all others are missing.
    strangers = {"Null": {f"{provider}:sub": "true" for provider in sorted(providers)}} if providers else {}
    return [
        ResourceGuardrail(sid="OwnProviders", why=why, deny=action, conditions=strangers, source=page),
        *(
            ResourceGuardrail(
                sid=f"OwnSubjects{number}",
                why=why,
                deny=action,
                conditions={
                    "StringNotLikeIfExists": {f"{provider}:sub": subjects},
                    "Null": {f"{provider}:sub": "false"},
                },
                source=page,
            )
            for number, (provider, subjects) in enumerate(sorted(providers.items()), 1)
        ),
    ]
