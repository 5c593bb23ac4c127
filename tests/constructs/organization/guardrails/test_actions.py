"""The actions that guardrails name exist, and those on the organisation are all there are."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from constructs_lib.organization.guardrails import GLOBAL_SERVICES, data_perimeter, keep_in_organization
from tests.constructs.organization.guardrails.sets import ORGANIZATION, every_guardrail

_READING = ("describe", "get", "list")
_PERIMETER = data_perimeter(ORGANIZATION, services=("s3", "kms", "sts", "sqs", "secretsmanager", "ecr", "logs"))
NAMED = sorted({*GLOBAL_SERVICES, *(action for each in (*every_guardrail(), *_PERIMETER) for action in each.deny)} - {"*"})


@cache
def known() -> dict[str, Any]:
    """The actions of IAM that cfn-lint ships, by service, in lower case."""
    table: dict[str, Any] = json.loads((files("cfnlint") / "data" / "AdditionalSpecs" / "Policies.json").read_text(encoding="utf-8"))
    return table


@pytest.mark.parametrize("service", sorted({each.partition(":")[0] for each in NAMED}))
def test_named_actions_exist(service: str) -> None:
    """A misspelt action would stop nothing."""
    names = [each.partition(":")[2].lower() for each in NAMED if each.partition(":")[0] == service]
    assert [name for name in names if not any(fnmatchcase(action, name) for action in known()[service]["Actions"])] == []


def test_every_change_of_an_organization_is_denied() -> None:
    """Whatever does not read; a verb that AWS adds is seen here."""
    patterns = [each.partition(":")[2].lower() for each in keep_in_organization()[0].deny if each.startswith("organizations:")]
    changes = [each for each in known()["organizations"]["Actions"] if not each.startswith(_READING)]
    assert changes
    assert [each for each in changes if not any(fnmatchcase(each, pattern) for pattern in patterns)] == []
    assert [each for each in patterns if each.startswith(_READING)] == []
