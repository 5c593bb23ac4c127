"""Draws the accounts, stacks and data flow of one environment from a cloud assembly; how it looks is in `picture_drawing.py`.

Usage: python tools/picture.py [CDK_OUT] [--environment NAME] [--output FILE]
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakecheck.assembly import read_assembly
from lakemodel.config.model import Zone
from lakemodel.naming import DATABASE_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakecheck.assembly import Assembly, StackTemplate

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "pictures" / "reference.svg"

SERVICES = {
    "CloudFormation": "custom",
    "CloudTrail": "CloudTrail",
    "CloudWatch": "CloudWatch",
    "DynamoDB": "DynamoDB",
    "Events": "EventBridge",
    "GuardDuty": "GuardDuty",
    "LakeFormation": "Lake Formation",
    "Logs": "log groups",
    "StepFunctions": "Step Functions",
}
_WORD = re.compile(r"[A-Z][a-z0-9]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class StackFacts:
    """One stack: its name, how much of which service, whether it is protected from deletion."""

    name: str
    services: tuple[tuple[str, int], ...]
    is_protected: bool

    @property
    def resources(self) -> int:
        """All of them."""
        return sum(count for _, count in self.services)


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneFacts:
    """One zone's bucket: what its lifecycle says, how many tables stand in it, whether Lake Formation knows it."""

    zone: Zone
    lifecycle: str
    tables: int
    is_registered: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountFacts:
    """One account and what data meets in it."""

    account: str
    region: str
    label: str
    stacks: tuple[StackFacts, ...]
    zones: tuple[ZoneFacts, ...]
    pipelines: tuple[str, ...]
    workgroups: tuple[str, ...]
    databases: int
    tags: tuple[str, ...]
    grants: int
    links: int

    @property
    def is_lake(self) -> bool:
        """Whether data stands here; else it is only read here."""
        return bool(self.zones)

    @property
    def resources(self) -> int:
        """All of them."""
        return sum(stack.resources for stack in self.stacks)


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentFacts:
    """One environment, its lake accounts first."""

    name: str
    others: int
    accounts: tuple[AccountFacts, ...]


def environment_facts(assembly: Assembly, name: str | None = None) -> EnvironmentFacts:
    """What the templates of one environment say; of the last one, to which changes are promoted, when no name is given."""
    name = assembly.environments[-1] if name is None else name
    stacks = [stack for stack in assembly.stacks if stack.environment == name]
    if not stacks:
        msg = f"got environment {name!r}; the assembly has {', '.join(assembly.environments)}"
        raise SystemExit(msg)
    by_account: dict[str, list[StackTemplate]] = {}
    for stack in stacks:
        by_account.setdefault(stack.account or "any account", []).append(stack)
    accounts = [_account(account, of_account) for account, of_account in by_account.items()]
    accounts.sort(key=lambda account: (not account.is_lake, account.account))
    return EnvironmentFacts(name=name, others=len(assembly.environments) - 1, accounts=tuple(accounts))


def _account(account: str, stacks: Sequence[StackTemplate]) -> AccountFacts:
    found = [*_resources(stacks)]
    tables = Counter(_zone_of_database(body["Properties"].get("DatabaseName")) for kind, _, body in found if kind == "AWS::Glue::Table")
    databases = [body["Properties"]["DatabaseInput"] for kind, _, body in found if kind == "AWS::Glue::Database"]
    registered = [json.dumps(body["Properties"]["ResourceArn"]) for kind, _, body in found if kind == "AWS::LakeFormation::Resource"]
    zones = [_zone(stack, tables, registered) for stack in stacks]
    workgroups = [str(body["Properties"]["Name"]) for kind, _, body in found if kind == "AWS::Athena::WorkGroup"]
    tags = [str(body["Properties"]["TagKey"]) for kind, _, body in found if kind == "AWS::LakeFormation::Tag"]
    custom = [body["Properties"].get("Grants") for kind, _, body in found if kind.startswith("Custom::LakeFormation")]
    native = sum(kind == "AWS::LakeFormation::PrincipalPermissions" for kind, _, _ in found)
    return AccountFacts(
        account=account,
        region=stacks[0].region or "any Region",
        label=_label([_name(stack) for stack in stacks]),
        stacks=tuple(_stack(stack) for stack in stacks),
        zones=tuple(sorted((zone for each in zones for zone in each), key=lambda each: list(Zone).index(each.zone))),
        pipelines=tuple(sorted(_pipeline(path) for kind, path, _ in found if kind == "AWS::StepFunctions::StateMachine")),
        workgroups=tuple(sorted(workgroups)),
        databases=sum("TargetDatabase" not in database for database in databases),
        tags=tuple(sorted(tags)),
        grants=native + sum(len(grants) for grants in custom if isinstance(grants, list)),
        links=sum("TargetDatabase" in database for database in databases),
    )


def _resources(stacks: Sequence[StackTemplate]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Type, construct path below the stack, and body of each resource."""
    for stack in stacks:
        for logical_id, body in stack.resources.items():
            path = stack.construct_paths.get(logical_id, logical_id)
            yield body["Type"], path.removeprefix(f"{stack.path}/"), {"Properties": {}, **body}


def _zone(stack: StackTemplate, tables: Counter[Zone | None], registered: Sequence[str]) -> Iterator[ZoneFacts]:
    for logical_id, body in stack.resources.items():
        if body["Type"] != "AWS::S3::Bucket":
            continue
        segments = stack.construct_paths.get(logical_id, "").lower().split("/")
        for zone in Zone:
            if zone.value in segments:
                rules = body.get("Properties", {}).get("LifecycleConfiguration", {}).get("Rules", [])
                yield ZoneFacts(
                    zone=zone,
                    lifecycle=_lifecycle(rules),
                    tables=tables[zone],
                    is_registered=any(logical_id in arn for arn in registered),
                )


def _lifecycle(rules: Sequence[dict[str, Any]]) -> str:
    """What happens to every object of the bucket; rules for one table's prefix are left out."""
    of_all = [rule for rule in rules if "Prefix" not in rule]
    transitions = [transition for rule in of_all for transition in rule.get("Transitions", [])]
    archived = [each["TransitionInDays"] for each in transitions if "GLACIER" in each["StorageClass"] or "ARCHIVE" in each["StorageClass"]]
    tiered = [each["TransitionInDays"] for each in transitions if each["StorageClass"] == "INTELLIGENT_TIERING"]
    expired = [rule["ExpirationInDays"] for rule in of_all if "ExpirationInDays" in rule]
    said = [("archived", archived), ("tiered", tiered), ("expires", expired)]
    return ", ".join(f"{verb} after {min(days)} days" for verb, days in said if days)


def _zone_of_database(name: object) -> Zone | None:
    """By the suffix that `lakemodel.naming` gives; the longest first, as the curated zone has none."""
    if not isinstance(name, str):
        return None
    return next(zone for zone, suffix in sorted(DATABASE_SUFFIX.items(), key=lambda each: -len(each[1])) if name.endswith(suffix))


def _pipeline(path: str) -> str:
    """`Travel-Routes/Resource/Resource` is the pipeline `Travel-Routes`."""
    segments = [segment for segment in path.split("/") if segment not in {"Resource", "StateMachine"}]
    return segments[-1].lower().replace("-", ".") if segments else path


def _stack(stack: StackTemplate) -> StackFacts:
    services = Counter(_service(body["Type"]) for body in stack.resources.values())
    ordered = sorted(services.items(), key=lambda each: (-each[1], each[0]))
    return StackFacts(name=_name(stack), services=tuple(ordered), is_protected=stack.termination_protection)


def _service(resource_type: str) -> str:
    parts = resource_type.split("::")
    return "custom" if parts[0] == "Custom" else SERVICES.get(parts[1], parts[1])


def _name(stack: StackTemplate) -> str:
    return stack.path.removeprefix(f"{stack.environment}/")


def _label(names: Sequence[str]) -> str:
    """The words that all stacks of an account begin with: `MainStorage` and `MainCatalog` are in `Main`."""
    words = [_WORD.findall(name) for name in names]
    common = [each[0] for each in itertools.takewhile(lambda each: len(set(each)) == 1, zip(*words, strict=False))]
    return " ".join(common if len(names) > 1 else common[:1]) or names[0]


def main(argv: Sequence[str] | None = None) -> int:
    """Draws, and writes the picture; prints it when the output is `-`."""
    from picture_drawing import draw  # noqa: PLC0415 - the module beside this one

    parser = argparse.ArgumentParser(description="Draws accounts, stacks and data flow of one environment from a cloud assembly.")
    parser.add_argument("assembly", nargs="?", type=Path, default=ROOT / "cdk.out", metavar="CDK_OUT", help="default: cdk.out")
    parser.add_argument("--environment", help="default: the last one")
    parser.add_argument("--output", type=Path, default=PICTURE, help="default: docs/pictures/reference.svg; - prints it")
    arguments = parser.parse_args(argv)
    picture = draw(environment_facts(read_assembly(arguments.assembly), arguments.environment))
    if str(arguments.output) == "-":
        sys.stdout.write(picture)
    else:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(picture, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
