"""Budgets: budgets that are changed, and who is told."""

from __future__ import annotations

import json
from typing import Any

from moto.budgets import models, responses
from moto.budgets.exceptions import NotFoundException


def install() -> None:
    """Mends Budgets in this process."""
    # The emulator has neither UpdateBudget nor DescribeSubscribersForNotification, though it keeps what they are about.
    # https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_UpdateBudget.html
    response: Any = responses.BudgetsResponse
    response.update_budget, response.describe_subscribers_for_notification = _update, _subscribers


def _budget(response: Any, given: dict[str, Any], name: str) -> Any:
    found = response.backend.budgets[given["AccountId"]].get(name)
    if found is None:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return found


def _update(response: Any) -> str:
    given = json.loads(response.body)
    known = _budget(response, given, given["NewBudget"]["BudgetName"])
    changed = models.Budget({"TimePeriod": known.budget["TimePeriod"], **given["NewBudget"]}, [])
    changed.notifications = known.notifications
    response.backend.budgets[given["AccountId"]][given["NewBudget"]["BudgetName"]] = changed
    return "{}"


def _subscribers(response: Any) -> str:
    given = json.loads(response.body)
    for one in _budget(response, given, given["BudgetName"]).notifications:
        if one.details == given["Notification"]:
            return json.dumps({"Subscribers": one.subscribers})
    raise NotFoundException("Unable to get subscribers - the notification doesn't exist.")
