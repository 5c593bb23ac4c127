"""Which resources keep their logical id for ever, and the committed list of them.

`python -m tests.stacks.pinned` adds what is new in the reference to the list. What is gone from the reference, or has another type, stays
in the list as it was, so that the test keeps failing; `--forget MainStorage/LogicalId` takes one entry out, when losing it is meant.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.stacks.assembly import ORGANIZATION, Lake, finish, read, start_app
from tests.stacks.building import build, reference_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILE = Path(__file__).with_name("logical_ids.json")

HOLDS_DATA = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::Glue::Database",
        "AWS::Glue::Table",
        "AWS::KMS::Key",
        "AWS::LakeFormation::Tag",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
    }
)
"""Types that hold data, or without which data cannot be read."""

ONE_OF_A_KIND = frozenset(
    {
        "AWS::CloudTrail::Trail",
        "AWS::Config::ConfigurationRecorder",
        "AWS::Glue::DataCatalogEncryptionSettings",
        "AWS::GuardDuty::Detector",
        "AWS::LakeFormation::Resource",
        "AWS::Oam::Sink",
        "AWS::Organizations::OrganizationalUnit",
        "AWS::SSO::PermissionSet",
        "Custom::GuardDutyOrganization",
        "Custom::LakeFormationPermissions",
        "Custom::LakeFormationSettings",
        "Custom::OrganizationAccountPlacement",
        "Custom::OrganizationServices",
        "Custom::SecurityHubOrganization",
    }
)
"""Types whose second copy fails or undoes the first: a new id is made before the old one goes, which then takes away what both set."""

Ids = dict[str, dict[str, str]]


def is_link(resource: Mapping[str, Any]) -> bool:
    """Whether a Glue database is a mere link to one of another account."""
    return "TargetDatabase" in resource["Properties"].get("DatabaseInput", {})


def alone(outdir: Path) -> Lake:
    """Prod as it is where nothing is made of the organisation: each account has a trail and a detector of its own."""
    config = reference_config()
    organization = config.organization.model_copy(update={"baseline": None})
    return build(outdir, environment="prod", config=config.model_copy(update={"organization": organization}))


def all_ids(reference: Lake, without_baseline: Lake, environment: str = "Prod") -> Ids:
    """What the list should say: an environment with the organisation and without, and the organisation itself."""
    found = extended(pinned_ids(reference, environment), pinned_ids(without_baseline, "Prod"))
    return extended(found, pinned_ids(reference, ORGANIZATION))


def pinned_ids(lake: Lake, environment: str) -> Ids:
    """What an environment has of it, by stack name and logical id; the same for every environment."""
    return {
        name: ids
        for name, stack in sorted(lake.of(environment).items())
        if (ids := {key: each["Type"] for key, each in sorted(stack.of_type(*HOLDS_DATA, *ONE_OF_A_KIND).items())})
    }


def committed() -> Ids:
    """The committed list. Raises when there is none: it is never written by a test."""
    loaded: Ids = json.loads(FILE.read_text())
    return loaded


def extended(before: Ids, now: Ids) -> Ids:
    """`before` and whatever `now` adds; nothing that was there changes."""
    return {stack: dict(sorted({**now.get(stack, {}), **before.get(stack, {})}.items())) for stack in sorted({*before, *now})}


def without(ids: Ids, forgotten: Iterable[str]) -> Ids:
    """`ids` without the entries called `stack/logical id`."""
    left = {stack: {key: value for key, value in each.items() if f"{stack}/{key}" not in set(forgotten)} for stack, each in ids.items()}
    return {stack: each for stack, each in left.items() if each}


def main() -> None:
    """Extends the committed list by what the reference has now."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--forget", action="append", default=[], metavar="STACK/ID", help="take an entry out whose resource may be lost")
    forgotten = parser.parse_args().forget
    with tempfile.TemporaryDirectory() as folder:
        outdir = Path(folder) / "cdk.out"
        finish(start_app(outdir))
        now = all_ids(read(outdir), alone(Path(folder) / "alone"))
    before = without(committed() if FILE.exists() else {}, forgotten)
    FILE.write_text(json.dumps(extended(before, now), indent=1) + "\n")


if __name__ == "__main__":
    main()
