"""Copies of an assembly to deploy: what the emulator cannot do is taken out of the copy and told; a changed version shows an update."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.model import NO_ENVIRONMENT
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from pathlib import Path

    from lakecheck.assembly.model import Assembly, StackTemplate

ANY_ACCOUNT: Final = "123456789012"
"""Where stacks go that are bound to no account."""
ANY_REGION: Final = "us-east-1"
"""Where stacks go that are bound to no Region."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What is deployed.

    Attributes:
        selector: The CDK CLI's pattern for its stacks.
        stacks: Its templates, nested ones left out.
        places: Accounts and Regions that are bootstrapped, each once.
    """

    selector: str
    stacks: tuple[StackTemplate, ...]
    places: tuple[tuple[str, str], ...]

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts, each once."""
        return tuple(dict.fromkeys(account for account, _ in self.places))


def target(assembly: Assembly, environment: str | None) -> Target:
    """The part of an assembly that is deployed.

    Args:
        assembly: As it was read.
        environment: Name of a stage; everything when None, if there are not several stages.

    Raises:
        DataLakeError: `no_environment` for a stage that is not there, or where one has to be chosen; `no_stacks`.
    """
    stages = [name for name in assembly.environments if name != NO_ENVIRONMENT]
    if environment is not None and environment not in stages:
        allowed = f"one of {', '.join(stages)}" if stages else "none, the assembly has no stages"
        msg = f"got the environment {environment!r}; allowed is {allowed}"
        raise DataLakeError(msg, code="no_environment")
    if environment is None and len(stages) > 1:
        msg = f"the assembly has several stages: choose one with --environment: {', '.join(stages)}"
        raise DataLakeError(msg, code="no_environment")
    stacks = tuple(one for one in assembly.stacks if one.parent is None and environment in (None, one.environment))
    if not stacks:
        msg = "found no stack to deploy"
        raise DataLakeError(msg, code="no_stacks", where=assembly.directory)
    # The CLI puts what is bound to nothing where its credentials are: into the first account and Region that a stack names.
    account = next((one.account for one in stacks if one.account), ANY_ACCOUNT)
    region = next((one.region for one in stacks if one.region), ANY_REGION)
    bound = sorted(stacks, key=lambda one: not (one.account == account and one.region == region))
    places = dict.fromkeys((one.account or account, one.region or region) for one in bound)
    return Target(selector="**" if environment is None else f"{environment}/**", stacks=stacks, places=tuple(places))


def together(first: Target, second: Target) -> Target:
    """Two versions of one assembly: every place of both, and the stacks of the first with those that come with the second."""
    known = {(one.account, one.region, one.stack_name) for one in first.stacks}
    new = [one for one in second.stacks if (one.account, one.region, one.stack_name) not in known]
    return Target(selector=first.selector, stacks=(*first.stacks, *new), places=tuple(dict.fromkeys((*first.places, *second.places))))


@dataclass(slots=True)
class Copy:
    """An assembly's copy.

    Attributes:
        folder: Where it is.
        rewritten: What was changed in it, a sentence each.
    """

    folder: Path
    rewritten: list[str] = field(default_factory=list)


def copy(assembly: Path, folder: Path) -> Copy:
    """Copies an assembly and takes out what no emulator can do: images, which need Docker.

    Args:
        assembly: The folder that `cdk synth` wrote.
        folder: Where the copy goes; it must not be there.

    Raises:
        DataLakeError: `not_copied`.
    """
    try:
        shutil.copytree(assembly, folder, symlinks=False)
    except OSError as error:  # shutil.Error has what went wrong with several files
        several = error.args[0] if isinstance(error, shutil.Error) and isinstance(error.args[0], list) else []
        why = str(several[0][2]) if several else error.strerror or str(error)
        msg = f"the assembly cannot be copied to {folder}: {why}; make room, or name another folder"
        raise DataLakeError(msg, code="not_copied", where=str(assembly)) from error
    made = Copy(folder)
    images = 0
    for path in sorted(folder.rglob("*.assets.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest.get("dockerImages"):
            images += len(manifest["dockerImages"])
            manifest["dockerImages"] = {}
            path.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    if images:
        made.rewritten.append(f"{images} container image{'s' * (images > 1)} left out of the assets: building them needs Docker")
    return made


CHANGES: Final[Mapping[str, tuple[str, Any]]] = {
    "AWS::Athena::WorkGroup": ("Description", "changed by the rehearsal"),
    "AWS::CloudWatch::Alarm": ("AlarmDescription", "changed by the rehearsal"),
    "AWS::Events::Rule": ("Description", "changed by the rehearsal"),
    "AWS::Glue::Job": ("Description", "changed by the rehearsal"),
    "AWS::IAM::Role": ("Description", "changed by the rehearsal"),
    "AWS::KMS::Key": ("Description", "changed by the rehearsal"),
    "AWS::Lambda::Function": ("Description", "changed by the rehearsal"),
    "AWS::Logs::LogGroup": ("RetentionInDays", 3653),
    "AWS::SNS::Topic": ("DisplayName", "changed by the rehearsal"),
    "AWS::SQS::Queue": ("MessageRetentionPeriod", 1_209_600),
    "AWS::SSM::Parameter": ("Description", "changed by the rehearsal"),
}
"""A harmless change in place of each type: a property, and what it becomes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A property that a changed version has otherwise."""

    stack: str
    logical_id: str
    property: str
    value: Any


def change(copied: Copy, chosen: Target, there: Container[tuple[str, str]] | None = None) -> tuple[Changed, ...]:
    """Changes one resource of each type of each stack in place, in a copy; what was changed.

    Args:
        copied: The copy.
        chosen: Its stacks.
        there: Names of stacks and logical ids that are deployed, since a condition may leave resources out; all when left out.
    """
    done: list[Changed] = []
    files = {one.file: one.stack_name for one in chosen.stacks}
    for file, stack in files.items():
        path = copied.folder / file
        template = json.loads(path.read_text(encoding="utf-8"))
        deployed = {name: one for name, one in template["Resources"].items() if there is None or (stack, name) in there}
        done += [_apply(template, stack, logical_id) for logical_id in _first_of_each(deployed)]
        path.write_text(json.dumps(template), encoding="utf-8")
    _forget_sources(copied.folder, set(files))
    return tuple(done)


def _first_of_each(resources: Mapping[str, Any]) -> list[str]:
    firsts: dict[str, str] = {}
    for logical_id, resource in resources.items():
        if resource["Type"] in CHANGES:
            firsts.setdefault(resource["Type"], logical_id)
    return list(firsts.values())


def _apply(template: dict[str, Any], stack: str, logical_id: str) -> Changed:
    resource = template["Resources"][logical_id]
    name, value = CHANGES[resource["Type"]]
    resource.setdefault("Properties", {})[name] = value
    return Changed(stack=stack, logical_id=logical_id, property=name, value=value)


def _forget_sources(folder: Path, files: set[str]) -> None:
    """Gives changed templates another key: the CLI takes what is at the old one for published, and CloudFormation would read that."""
    for path in sorted(folder.rglob("*.assets.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        keys = set()
        for asset in manifest.get("files", {}).values():
            if "path" in asset["source"] and (path.parent / asset["source"]["path"]).relative_to(folder).as_posix() in files:
                for destination in asset["destinations"].values():
                    keys.add(destination["objectKey"])
                    destination["objectKey"] = _new_key(destination["objectKey"])
        if keys:
            path.write_text(json.dumps(manifest), encoding="utf-8")
            _point_to_new_keys(path.with_name("manifest.json"), keys)


def _point_to_new_keys(manifest: Path, keys: set[str]) -> None:
    text = manifest.read_text(encoding="utf-8")
    for key in keys:
        text = text.replace(f"/{key}", f"/{_new_key(key)}")
    manifest.write_text(text, encoding="utf-8")


def _new_key(key: str) -> str:
    return f"changed-{key}"
