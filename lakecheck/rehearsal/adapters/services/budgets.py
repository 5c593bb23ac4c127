"""Budgets: what an account may cost, and who is told.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-budgets-budget.html
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, call
from lakecheck.rehearsal.adapters.reading import joined

if TYPE_CHECKING:
    from collections.abc import Mapping


def _name(resource: Resource) -> str:
    return str(resource.get("Budget.BudgetName") or resource.generated_name(most=100))


def _budget(resource: Resource) -> dict[str, Any]:
    """The budget as Budgets takes it: moments as such, a filter's values as lists, amounts as text."""
    stated = {**resource.get("Budget", {}), "BudgetName": resource.physical_id or _name(resource)}
    if "TimePeriod" in stated:
        stated["TimePeriod"] = {name: _moment(value) for name, value in stated["TimePeriod"].items()}
    return stated


def _moment(value: Any) -> dt.datetime:
    """A moment as a template may write it: seconds since 1970, `2026-01-01_00:00`, `06/15/87 00:00 UTC` or ISO 8601.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-budgets-budget-timeperiod.html
    """
    text = str(value)
    if text.isdigit():
        return dt.datetime.fromtimestamp(int(text), dt.UTC)
    for form in ("%m/%d/%y %H:%M UTC", "%Y-%m-%d_%H:%M"):
        try:
            return dt.datetime.strptime(text, form).replace(tzinfo=dt.UTC)
        except ValueError:
            continue
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _notifications(resource: Resource) -> list[Mapping[str, Any]]:
    return list(resource.get("NotificationsWithSubscribers") or [])


def _read(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    period = resource.get("Budget.TimePeriod") or {}
    told = found.get("TimePeriod", {})
    same = {name: _written(value, told[name]) for name, value in period.items() if name in told}
    client = resource.client("budgets")
    here = {"AccountId": resource.account, "BudgetName": resource.physical_id}
    notifications = client.describe_notifications_for_budget(**here)["Notifications"]
    each = [{"Notification": one, **_subscribers(client, here, one)} for one in notifications]
    return {"Budget": {**found, "TimePeriod": {**told, **same}}, "NotificationsWithSubscribers": each}


def _written(stated: Any, found: dt.datetime) -> Any:
    """A moment that was returned, written as the template writes it where it is the same one."""
    return str(stated) if _moment(stated) == found else found.isoformat()


def _subscribers(client: Any, here: Mapping[str, Any], notification: Mapping[str, Any]) -> dict[str, Any]:
    """Who is told; nobody where no call says so."""
    answer = client.describe_subscribers_for_notification(**here, Notification=notification)
    return {"Subscribers": answer["Subscribers"]}


def _account(resource: Resource) -> str:
    return resource.account


ADAPTERS = (
    Adapter(
        type="AWS::Budgets::Budget",
        service="budgets",
        identifier=_name,
        create=call("create_budget", AccountId=_account, Budget=_budget, NotificationsWithSubscribers=_notifications),
        update=call("update_budget", AccountId=_account, NewBudget=_budget),
        delete=call("delete_budget", AccountId=_account, BudgetName=ID),
        read=joined("budgets", Read(call("describe_budget", AccountId=_account, BudgetName=ID), at="Budget"), shape=_read),
        note="The emulator counts no cost and tells nobody; changing a budget and listing who is told are the rehearsal's.",
    ),
)
