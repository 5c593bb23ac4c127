"""Who outside may reach what, and who has rights that nobody uses: IAM Access Analyzer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_accessanalyzer as accessanalyzer
from constructs import Construct

from constructs_lib.core import misuse

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNUSED_DAYS = 90
_MOST_UNUSED_DAYS = 365


class AccessAnalyzers(Construct):
    """An analyzer of access from outside and, on request, one of rights that nobody uses.

    For the organisation it has to stand in the delegated administrator's account; what members of the organisation may do to each
    other is then inside. External access is analysed free of charge, in each Region of its own. **Unused access is charged** by the role
    and user each month, over all Regions at once: one Region is enough.

    An account may have one analyzer of each kind for itself: creating a second fails. For the organisation there may be five.

    See https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-getting-started.html and
    https://aws.amazon.com/iam/access-analyzer/pricing/.

    Args:
        organization: Whether every account of the organisation is analysed rather than this one alone; False when left out.
        unused_access: Whether unused rights are looked for as well, which is charged; False when left out.
        unused_days: How long nobody must have used a right, 1 to 365; 90 when left out.
        excluded_accounts: Accounts whose unused rights are not looked at, and not charged; none when left out. The analyzer's own account
            cannot be among them.

    Raises:
        DataLakeError: `unused_access_days`; `analyzer_accounts`, when accounts are left out of an analysis that has none.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        organization: bool | None = None,
        unused_access: bool | None = None,
        unused_days: int | None = None,
        excluded_accounts: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        organization = False if organization is None else organization
        unused_access = False if unused_access is None else unused_access
        unused_days = _UNUSED_DAYS if unused_days is None else unused_days
        if not 1 <= unused_days <= _MOST_UNUSED_DAYS:
            msg = f"got unused_days {unused_days}; allowed is 1 to {_MOST_UNUSED_DAYS}"
            raise misuse(self, msg, code="unused_access_days")
        if excluded_accounts and not (organization and unused_access):
            msg = (
                "got excluded_accounts; only the organisation's analysis of unused access can leave accounts out: pass organization and "
                "unused_access, or leave it out"
            )
            raise misuse(self, msg, code="analyzer_accounts")
        zone = "ORGANIZATION" if organization else "ACCOUNT"
        self.external = accessanalyzer.CfnAnalyzer(self, "Resource", type=zone)
        self.unused: accessanalyzer.CfnAnalyzer | None = None
        if unused_access:
            self.unused = accessanalyzer.CfnAnalyzer(
                self,
                "Unused",
                type=f"{zone}_UNUSED_ACCESS",
                analyzer_configuration=accessanalyzer.CfnAnalyzer.AnalyzerConfigurationProperty(
                    unused_access_configuration=accessanalyzer.CfnAnalyzer.UnusedAccessConfigurationProperty(
                        unused_access_age=unused_days, analysis_rule=_without(excluded_accounts)
                    )
                ),
            )


def _without(accounts: Sequence[str]) -> accessanalyzer.CfnAnalyzer.AnalysisRuleProperty | None:
    if not accounts:
        return None
    return accessanalyzer.CfnAnalyzer.AnalysisRuleProperty(
        exclusions=[accessanalyzer.CfnAnalyzer.AnalysisRuleCriteriaProperty(account_ids=sorted(accounts))]
    )
