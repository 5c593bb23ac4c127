"""No right to write Lake Formation's settings for people who are no administrators of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.rules.base import Cases, Complaint, Rule
from lakecheck.rules.policies._people import allowing, is_admin, is_person, lake_accounts, settings_of
from lakecheck.rules.policies._statements import ACCOUNT, QUEUE, arn, document, role
from lakecheck.values import shown
from lakemodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.estate.model import Principal
    from lakecheck.snapshot import Snapshot

_WRITES = "lakeformation:putdatalakesettings"


def _subjects(snapshot: Snapshot) -> Iterator[Principal]:
    for principal in snapshot.estate.principals:
        if principal.origin is not None and principal.account in lake_accounts(snapshot) and is_person(principal):
            yield principal


def _judge(principal: Principal, snapshot: Snapshot) -> Iterator[Complaint]:
    if is_admin(principal, snapshot):
        return
    for policy, statement in allowing(principal, _WRITES, snapshot):
        what = f"{shown(policy.name)}, statement {statement.index + 1}, lets {principal.name} write Lake Formation's settings"
        if statement.unknown or statement.conditions:
            yield Complaint(message=f"{what}, on conditions that are not known to hold", is_unknown=True)
        elif not settings_of(principal.account, snapshot):
            yield Complaint(message=f"{what}; whether it is an administrator is not known: no template has the settings", is_unknown=True)
        else:
            yield Complaint(message=f"{what}; allowed to that are its administrators, and what deploys")


_SETTINGS = {
    "Type": "Custom::LakeFormationSettings",
    "Properties": {"Admins": [arn(f"iam::{ACCOUNT}:role/LakeAdmin")], "ExistingAdmins": "replace"},
}
_PERSON, _FUNCTION = {"AWS": arn(f"iam::{ACCOUNT}:root")}, {"Service": "lambda.amazonaws.com"}


def _case(action: str, name: str = "Analyst", principal: dict[str, Any] | None = None) -> dict[str, Any]:
    made = role(_PERSON if principal is None else principal)
    policies = [{"PolicyName": "own", "PolicyDocument": document({"Action": action, "Resource": "*"})}]
    return {"Settings": _SETTINGS, "Role": {**made, "Properties": {**made["Properties"], "RoleName": name, "Policies": policies}}}


RULE = Rule(
    id="policies.settings_by_iam",
    title="Lake Formation's settings are written by its administrators and by deployments",
    rationale=(
        "PutDataLakeSettings asks IAM alone. Whoever may call it makes themselves an administrator of the lake, or gives "
        "everything new to IAM_ALLOWED_PRINCIPALS, whatever Lake Formation has granted; a policy that allows lakeformation:* has "
        "it in it."
    ),
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/permissions-reference.html",
    severity=Severity.ERROR,
    remedy=(
        "Allow the actions that are needed, such as lakeformation:GetDataAccess, or deny lakeformation:PutDataLakeSettings beside them."
    ),
    subjects=_subjects,
    judge=_judge,
    cases=Cases(
        compliant=(_case("lakeformation:GetDataAccess"), _case("lakeformation:*", name="LakeAdmin")),
        failing=(_case("lakeformation:PutDataLakeSettings"), _case("lakeformation:*")),
        not_applicable=(QUEUE, _case("lakeformation:PutDataLakeSettings", principal=_FUNCTION)),
    ),
    controls=("NIST.800.53.R5 AC-6", "NIST.800.53.R5 AC-6(10)"),
)
