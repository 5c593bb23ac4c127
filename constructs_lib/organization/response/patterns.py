"""Which findings reach the responders: those of low severity are the services' own to show."""

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
                "Severity": {"Label": ["HIGH", "CRITICAL"]},
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
