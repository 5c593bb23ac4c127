"""Macie for the organisation, run by its administrator's account: where sensitive data lies that nobody declared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from constructs import Construct

from constructs_lib.baseline.detection import PublishingFrequency
from constructs_lib.core import misuse
from constructs_lib.organization.detection.handlers import KeptSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_kms as kms

_ACTIONS = (
    "macie2:CreateMember",
    "macie2:DeleteMember",
    "macie2:DescribeOrganizationConfiguration",
    "macie2:DisassociateMember",
    "macie2:EnableMacie",
    "macie2:GetAutomatedDiscoveryConfiguration",
    "macie2:GetFindingsPublicationConfiguration",
    "macie2:GetMacieSession",
    "macie2:ListMembers",
    "macie2:PutFindingsPublicationConfiguration",
    "macie2:UpdateAutomatedDiscoveryConfiguration",
    "macie2:UpdateMacieSession",
    "macie2:UpdateMemberSession",
    "macie2:UpdateOrganizationConfiguration",
)
_JOB_ACTIONS = ("macie2:CreateClassificationJob", "macie2:ListClassificationJobs", "macie2:UpdateClassificationJob")
_JOB_NAME = "governed-lake"
_EVERYTHING = 100


class JobFrequency(StrEnum):
    """How often Macie looks at what is new: weekly on Sundays, monthly on the first."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassificationJob:
    """A recurring look into the objects of buckets with a tag, charged by the gigabyte.

    Attributes:
        tag_key: Key of the tag of the buckets; Macie knows no other way to choose buckets that are not there yet.
        tag_value: Its value.
        frequency: How often.
        sampling_percentage: How many of the objects are looked into, 1 to 100.
    """

    tag_key: str
    tag_value: str
    frequency: JobFrequency = JobFrequency.WEEKLY
    sampling_percentage: int = _EVERYTHING


class SensitiveDataDiscovery(Construct):
    """Macie in the account that administers it, and in the accounts that hold data.

    The account has to be the organisation's delegated administrator of Macie in this Region before: see `OrganizationServices`. A session
    that is there is adopted, a paused one resumed. Deleting this lets accounts go that were added here, cancels the job, gives every other
    setting back that was changed here, and leaves the session with its findings.

    Macie is charged by the bucket for its inventory; looking into objects is charged by the gigabyte and off unless asked for.

    See https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao.html and https://aws.amazon.com/macie/pricing/.

    Args:
        accounts: Accounts whose buckets are looked at. Others that are members already stay.
        new_members: Whether accounts that join the organisation later become members; False when left out.
        automated_discovery: Whether Macie samples objects of all members each day; False when left out. Charged.
        job: A recurring look into the buckets with restricted data; none when left out.
        publishing_frequency: Of findings about policies that happen again; every fifteen minutes when left out.
        log_key: Encrypts the logs of the functions behind it; a new key when left out.

    Raises:
        DataLakeError: `classification_job`, when a job has no account to look into or a percentage that is none.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        accounts: Sequence[str],
        new_members: bool | None = None,
        automated_discovery: bool | None = None,
        job: ClassificationJob | None = None,
        publishing_frequency: PublishingFrequency | None = None,
        log_key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        new_members = False if new_members is None else new_members
        automated_discovery = False if automated_discovery is None else automated_discovery
        publishing_frequency = PublishingFrequency.FIFTEEN_MINUTES if publishing_frequency is None else publishing_frequency
        self.settings = KeptSettings(
            self,
            "Settings",
            service="macie",
            resource_type="Custom::MacieOrganization",
            actions=_ACTIONS,
            service_roles={"macie.amazonaws.com": "AWSServiceRoleForAmazonMacie"},
            properties={
                "Accounts": sorted(accounts),
                "NewMembers": new_members,
                "AutomatedDiscovery": automated_discovery,
                "PublishingFrequency": publishing_frequency.value,
            },
            log_key=log_key,
        )
        self.job = None if job is None else self._make_job(job, accounts)

    def _make_job(self, job: ClassificationJob, accounts: Sequence[str]) -> KeptSettings:
        if not accounts or not 1 <= job.sampling_percentage <= _EVERYTHING:
            msg = (
                f"got a job for {len(accounts)} accounts with sampling_percentage {job.sampling_percentage}; "
                f"a job needs an account at least, and 1 to {_EVERYTHING} percent"
            )
            raise misuse(self, msg, code="classification_job")
        made = KeptSettings(
            self,
            "Job",
            service="macie_job",
            resource_type="Custom::MacieClassificationJob",
            actions=_JOB_ACTIONS,
            remembers=False,
            properties={
                "Name": _JOB_NAME,
                "Accounts": sorted(accounts),
                "TagKey": job.tag_key,
                "TagValue": job.tag_value,
                "Frequency": job.frequency.value,
                "SamplingPercentage": job.sampling_percentage,
            },
            log_key=self.settings.log_key,
        )
        made.node.add_dependency(self.settings)
        return made
