"""Which findings reach the responders: those of low severity are the services' own to show, unless something is done about them."""

from __future__ import annotations

from typing import Any, Final

PATTERNS: Final[dict[str, dict[str, Any]]] = {
    "GuardDuty": {
        "source": ["aws.guardduty"],
        "detail-type": ["GuardDuty Finding"],
        "detail": {"$or": [{"severity": [{"numeric": [">=", 4]}]}, {"type": [{"prefix": "Policy:S3/"}]}]},
    },
    "SecurityHub": {
        "source": ["aws.securityhub"],
        "detail-type": ["Security Hub Findings - Imported"],
        "detail": {
            "findings": {
                # S3.1, about a whole account, is of medium severity; the others in a standard of one's own may be.
                "$or": [
                    {"Severity": {"Label": ["HIGH", "CRITICAL"]}},
                    {"Compliance": {"SecurityControlId": ["S3.1", "S3.2", "S3.3", "S3.8"], "Status": ["FAILED"]}},
                ],
                "RecordState": ["ACTIVE"],
                "Workflow": {"Status": ["NEW", "NOTIFIED"]},
            }
        },
    },
    "SecurityHubChosen": {"source": ["aws.securityhub"], "detail-type": ["Security Hub Findings - Custom Action"]},
    "Macie": {"source": ["aws.macie"], "detail-type": ["Macie Finding"]},
    "AccessAnalyzer": {
        "source": ["aws.access-analyzer"],
        "detail-type": ["Access Analyzer Finding"],
        "detail": {"status": ["ACTIVE"]},
    },
    "Config": {
        "source": ["aws.config"],
        "detail-type": ["Config Rules Compliance Change"],
        "detail": {"newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]}},
    },
}
"""On the account's own bus, where the delegated administrator sees every account's; Config's come over the bus of the other accounts."""

FORWARDED: Final = ("Config",)
"""What other accounts send; the account's own is on its default bus as well."""

ELSEWHERE: Final = ("GuardDuty", "AccessAnalyzer", "Macie")
"""What the account's other Regions send: there the services tell the bus of the Region that they are in."""


def patterns(minimum_severity: float) -> dict[str, dict[str, Any]]:
    """The patterns for responders that answer from `minimum_severity` on: what they are to answer has to reach them.

    Example:
        >>> patterns(2)["GuardDuty"]["detail"]["$or"][0]
        {'severity': [{'numeric': ['>=', 2]}]}
    """
    severe, *others = PATTERNS["GuardDuty"]["detail"]["$or"]
    ((_, medium),) = (each["numeric"] for each in severe["severity"])
    reached = {"severity": [{"numeric": [">=", min(medium, minimum_severity)]}]}
    return {**PATTERNS, "GuardDuty": {**PATTERNS["GuardDuty"], "detail": {"$or": [reached, *others]}}}


def elsewhere(minimum_severity: float = 7) -> dict[str, dict[str, Any]]:
    """What is to be forwarded to such responders from another Region of their account, see `baseline.FindingForwarding`."""
    return {name: pattern for name, pattern in patterns(minimum_severity).items() if name in ELSEWHERE}
