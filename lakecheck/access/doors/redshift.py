"""The door of warehouses: whoever gets a database login of a cluster or workgroup works with the roles that it has.

What the database lets that user do inside, which no template says, stays open.
https://docs.aws.amazon.com/redshift/latest/mgmt/generating-user-credentials.html
https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-access.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.answers import NO, Answer, doubtful, every, some
from lakecheck.access.doors.rights import Rights, account_in, partition_of, short, split_arn
from lakecheck.access.doors.widening import owns
from lakecheck.access.model import Door, Edge, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Principal, Warehouse

STATEMENT: Final = "redshift-data:ExecuteStatement"

_ON_CLUSTER: Final = ("redshift:ModifyCluster",)
"""It sets the administrator's password."""
_ON_NAMESPACE: Final = ("redshift-serverless:UpdateNamespace",)
_ON_WORKGROUP: Final = ("redshift-serverless:GetCredentials",)
_LOGINS: Final = ("redshift:GetClusterCredentials", "redshift:GetClusterCredentialsWithIAM")
_SECRET: Final = "secretsmanager:GetSecretValue"  # noqa: S105 - the name of a right


def redshift(questions: Questions) -> Iterator[Edge]:
    """An edge from everybody who can log in to a warehouse to each of its roles.

    Args:
        questions: About the estate.
    """
    rights = Rights.of(questions)
    for warehouse in questions.estate.warehouses:
        for source in rights.acting:
            if source.account != warehouse.account or owns(rights, source):
                continue
            answer = doubtful(_logs_in(rights, source, warehouse), f"what the database lets users of {short(warehouse.arn)} read")
            for arn in warehouse.roles if not answer.refused else ():
                role = rights.somebody(arn, f"the roles of {warehouse.origin}")
                if role is not source:
                    step = Step(Door.REDSHIFT, short(warehouse.arn), answer.because)
                    yield Edge(source=source, target=role, account=account_in(arn), step=step, conditions=answer.allowed)


def _logs_in(rights: Rights, source: Principal, warehouse: Warehouse) -> Answer:
    """Whether somebody gets a login: temporary credentials, a secret with the Data API, or a new password of the administrator."""
    start, region, account = partition_of(warehouse.arn), split_arn(warehouse.arn)[3], warehouse.account
    secret = _has(rights, source, _SECRET, f"arn:{start}:secretsmanager:{region}:{account}:secret:*")
    if ":redshift-serverless:" in warehouse.arn:
        ways = [rights.ask(source, each, warehouse.arn) for each in _ON_NAMESPACE if rights.could(source, each)]
        for workgroup in warehouse.workgroups:
            ways += [rights.ask(source, each, workgroup) for each in _ON_WORKGROUP if rights.could(source, each)]
            if rights.could(source, STATEMENT) and not secret.refused:
                ways.append(every((rights.ask(source, STATEMENT, workgroup), secret)))
        return some(ways)
    ways = [rights.ask(source, each, warehouse.arn) for each in _ON_CLUSTER if rights.could(source, each)]
    name = warehouse.arn.rpartition(":")[2]
    for login in _LOGINS:
        for kind in ("dbuser", "dbname"):
            ways.append(_has(rights, source, login, f"arn:{start}:redshift:{region}:{account}:{kind}:{name}/*"))
    if rights.could(source, STATEMENT) and not secret.refused:
        ways.append(every((rights.ask(source, STATEMENT, f"arn:{start}:redshift:{region}:{account}:cluster:{name}"), secret)))
    return some(ways)


def _has(rights: Rights, source: Principal, action: str, pattern: str) -> Answer:
    return rights.ask_any(source, action, pattern) if rights.could(source, action) else NO
