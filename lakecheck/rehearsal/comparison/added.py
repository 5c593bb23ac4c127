"""Reading operations that the emulator lacks and this project added to it (`emulator/repairs`): what they return, our code has kept.

It is kept where the emulator keeps its own, and comes through the real API; still it is ours, and a report counts it apart.
"""

from __future__ import annotations

from typing import Final

ADDED: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        ("budgets", "describe_subscribers_for_notification"),
        ("glue", "get_table_optimizer"),
        ("guardduty", "describe_organization_configuration"),
        ("lakeformation", "get_data_cells_filter"),
        ("logs", "describe_query_definitions"),
        ("logs", "get_data_protection_policy"),
        ("securityhub", "get_configuration_policy_association"),
        ("securityhub", "get_finding_aggregator"),
        ("securityhub", "list_finding_aggregators"),
        ("securityhub", "list_organization_admin_accounts"),
        ("stepfunctions", "list_state_machine_versions"),
    }
)
"""boto3's names of service and method; a test holds them against what the repairs add to moto 5.2.5."""
