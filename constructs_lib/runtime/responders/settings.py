"""What the functions are told in their environment."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DRY_RUN, CONTAIN = "dry_run", "contain"


@dataclass(frozen=True, slots=True)
class Settings:
    """How findings are answered.

    Args:
        mode: `contain`; anything else is a dry run, which says what it would do.
        table: The ledger's DynamoDB table.
        bucket: Keeps the evidence.
        topic: ARN of the SNS topic that people are told on.
        containment_role: Name of the role, in every account, that containment is done as.
        partition: Such as `aws`.
        organization_id: Who is no outsider.
        accounts: Where something may be done. Nowhere when empty.
        protected_accounts: Where nothing is ever done.
        protected_principals: Patterns of names of roles, users and permission sets that nothing is done to and quarantine spares;
            `{account}` stands for the account.
        spared_principals: Patterns of names of roles that a quarantine lets through besides, such as the pipelines'.
        allowed_resources: Patterns of names of resources that nothing is done to.
        allowed_types: Patterns of types of findings that nothing is done about.
        minimum_severity: From where on findings about behaviour count.
        most_per_hour: So many containments are begun in an hour; the rest is told.
        last_attempt: A message that was received so often goes to the dead-letter queue next.
        identity_role: ARN of the role that changes permission sets; none when empty.
        identity_instance: ARN of the Identity Center instance.
        identity_region: Its Region.
        own_functions: ARNs of the responders' own functions.
    """

    mode: str
    table: str
    bucket: str
    topic: str
    containment_role: str
    partition: str = "aws"
    organization_id: str = ""
    accounts: tuple[str, ...] = ()
    protected_accounts: tuple[str, ...] = ()
    protected_principals: tuple[str, ...] = ()
    spared_principals: tuple[str, ...] = ()
    allowed_resources: tuple[str, ...] = ()
    allowed_types: tuple[str, ...] = ()
    minimum_severity: float = 7.0
    most_per_hour: int = 20
    last_attempt: int = 3
    identity_role: str = ""
    identity_instance: str = ""
    identity_region: str = ""
    own_functions: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The settings in the variable `RESPONDER`, an object of JSON."""
        told: dict[str, Any] = json.loads(environment["RESPONDER"])
        given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
        return cls(**given)
