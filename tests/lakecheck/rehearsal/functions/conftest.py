"""An account of the emulator with a role, and functions in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from .archives import ACCOUNT, REGION, zipped

if TYPE_CHECKING:
    from lakecheck.rehearsal.emulator.process import Emulator


@dataclass
class Account:
    """The account, with what tests do in it."""

    emulator: Emulator
    role: str
    functions: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.emulator.clients(service, account=ACCOUNT, region=REGION)

    def function(self, name: str, code: str, **given: Any) -> str:
        """The ARN of a function, made on first use."""
        if name not in self.functions:
            stated = {"Runtime": "python3.13", "Handler": "m.h", "Timeout": 30, **given}
            made = self.client("lambda").create_function(FunctionName=name, Role=self.role, Code={"ZipFile": zipped(m=code)}, **stated)
            self.functions[name] = made["FunctionArn"]
        return self.functions[name]

    def lines(self, name: str) -> list[str]:
        """What a function has logged."""
        client, group = self.client("logs"), f"/aws/lambda/{name}"
        found = client.filter_log_events(logGroupName=group)["events"]
        return [event["message"] for event in found]

    def requests(self, name: str, logical_id: str) -> list[dict[str, Any]]:
        """The requests of CloudFormation that a function has logged, of one resource."""
        found = [json.loads(line.removeprefix("EVENT ")) for line in self.lines(name) if line.startswith("EVENT ")]
        return [one for one in found if one["LogicalResourceId"] == logical_id]


@pytest.fixture(scope="session")
def account(emulator: Emulator) -> Account:
    """One account for all tests of functions; each takes names of its own."""
    client = emulator.clients("iam", account=ACCOUNT, region=REGION)
    role = client.create_role(RoleName="functions", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    return Account(emulator, role)
