"""What several test modules share: an App with the flags of cdk.json, a stack in an environment, a template as data."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("CDK_VALIDATION", "false")  # before jsii starts; the built-in validation has tests of its own and costs seconds

import aws_cdk as cdk
from aws_cdk.assertions import Template

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "444444444401"
REGION = "eu-west-1"


@cache
def _context() -> str:
    return json.dumps(json.loads((ROOT / "cdk.json").read_text())["context"])


def new_app(outdir: Path | None = None) -> cdk.App:
    """An App with the feature flags of cdk.json: `cdk.App()` alone would test other templates than are deployed."""
    return cdk.App(context=json.loads(_context()), outdir=None if outdir is None else str(outdir))


def new_stack(app: cdk.App | None = None, name: str = "Test", account: str = ACCOUNT) -> cdk.Stack:
    """A stack with an account and a region, in an App of its own unless one is given."""
    return cdk.Stack(app or new_app(), name, env=cdk.Environment(account=account, region=REGION))


def template(stack: cdk.Stack) -> dict[str, Any]:
    """The stack's template. Synthesizes its App: nothing can be added afterwards."""
    return Template.from_stack(stack).to_json()


def resources(synthesized: dict[str, Any], resource_type: str) -> dict[str, Any]:
    """The resources of one type, by logical id."""
    return {key: value for key, value in synthesized.get("Resources", {}).items() if value["Type"] == resource_type}
