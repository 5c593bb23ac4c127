"""The organisation's guardrails as tests look at them: every ready set, packed, with FullAWSAccess beside them."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from constructs_lib.organization.guardrails import (
    Exemptions,
    Guardrail,
    allowed_regions,
    data_perimeter,
    encrypted_private_storage,
    keep_assets,
    keep_boundary,
    keep_break_glass_users,
    keep_data,
    keep_deployed,
    keep_detectors,
    keep_in_organization,
    keep_lake_formation_settings,
    keep_log_archive,
    keep_parameters,
    keep_responders,
    keep_stacks,
    keep_trails,
    no_iam_users,
    no_identity_providers,
    no_outside_shares,
    no_root_user,
    writes_stay_in_organization,
)
from constructs_lib.organization.guardrails.identities import exempt_roles_kept
from constructs_lib.organization.guardrails.packing import document, pack
from lakecheck.iam import Decision, Policy, decide, parse_policy

ORGANIZATION: Final = "o-exampleorgid"
ACCOUNT: Final = "444444444401"
FULL: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
EXEMPTIONS: Final = Exemptions(handler_roles=("Prod-MainAccount-*",), response_roles=("governed-lake-containment",))

PERSON: Final = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Administrator_0123456789abcdef"
BREAK_GLASS: Final = f"arn:aws:iam::{ACCOUNT}:role/BreakGlass"
DEPLOYMENT: Final = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-eu-west-1"
PASSING: Final = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-deploy-role-{ACCOUNT}-eu-west-1"
HANDLER: Final = f"arn:aws:iam::{ACCOUNT}:role/Prod-MainAccount-AccountLakeFormationSettings-a1B2c3"
CONTAINMENT: Final = f"arn:aws:iam::{ACCOUNT}:role/governed-lake-containment"
PUBLISHING: Final = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-file-publishing-role-{ACCOUNT}-eu-west-1"
RESPONDER: Final = f"arn:aws:iam::{ACCOUNT}:role/governed-lake-responder"
JOB: Final = f"arn:aws:iam::{ACCOUNT}:role/Prod-MainPipelines-SalesOrdersJobRole-a1B2c3"


def every_guardrail(exemptions: Exemptions = EXEMPTIONS) -> tuple[Guardrail, ...]:
    """All ready sets, with names as the reference has them."""
    return (
        *keep_in_organization(),
        *keep_trails(),
        *keep_detectors(),
        *keep_lake_formation_settings(),
        *keep_deployed(("Organization-*", "Prod-MainAccount")),
        *keep_stacks(("Organization-*", "Prod-*"), exemptions),
        *keep_assets(exemptions),
        *keep_boundary("governed-lake-boundary", ("Prod-Main*",)),
        *no_root_user(),
        *no_iam_users(),
        *no_identity_providers(),
        *encrypted_private_storage(),
        *keep_data(),
        *keep_log_archive(("governed-lake-logs-*",)),
        *no_outside_shares(),
        *writes_stay_in_organization(ORGANIZATION),
        *allowed_regions(("eu-west-1", "eu-central-1")),
        *keep_parameters(("governed-lake/*",)),
        *keep_responders("governed-lake-responder", queues=("Organization-Security*Findings*",), tables=("Organization-Security*",)),
        *keep_break_glass_users(),
    )


@cache
def service_policies() -> tuple[Policy, ...]:
    """The packed service control policies of one level, FullAWSAccess first."""
    packed = pack(
        [each.statement(EXEMPTIONS) for each in exempt_roles_kept(every_guardrail(), EXEMPTIONS)],
        max_characters=10_240,
        of="service control policy",
    )
    return (parse_policy(FULL, name="FullAWSAccess"), *(parse_policy(document(each), name=f"part {at}") for at, each in enumerate(packed)))


@cache
def resource_policies(**changes: Any) -> tuple[Policy, ...]:
    """The packed resource control policies."""
    packed = pack(
        [each.statement() for each in data_perimeter(ORGANIZATION, **changes)], max_characters=5_120, of="resource control policy"
    )
    return tuple(parse_policy(document(each), name=f"part {at}") for at, each in enumerate(packed))


def asked(principal: str, action: str, resource: str = "*", **context: Any) -> Decision:
    """What becomes of a call by somebody whose own policies allow everything. `aws_RequestedRegion` stands for `aws:RequestedRegion`."""
    keys = {"aws:RequestedRegion": "eu-west-1", **{key.replace("_", ":", 1): value for key, value in context.items()}}
    return decide(
        principal,
        action,
        resource,
        context=keys,
        identity=FULL,
        scps=[[FULL], service_policies()],
        organization=ORGANIZATION,
        resource_organization=ORGANIZATION,
    )
