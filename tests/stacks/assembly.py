"""The reference as data: runs app.py in a process of its own and reads what it wrote. Nothing here judges."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_STACK = "aws:cloudformation:stack"
_ASSEMBLY = "cdk:cloud-assembly"
ACKNOWLEDGEMENT = "governed-lake:acknowledgement"
ORGANIZATION = "Organization"


@dataclass(frozen=True, kw_only=True)
class Synthesized:
    """One stack of an assembly.

    Attributes:
        path: `Prod/MainStorage`.
        after: Paths of the stacks that are deployed before it, as the manifest lists them.
        metadata: The entries of `*.metadata.json` by construct path.
    """

    path: str
    account: str
    region: str
    protected: bool
    template: dict[str, Any] = field(repr=False)
    metadata: Mapping[str, list[dict[str, Any]]] = field(repr=False)
    after: tuple[str, ...] = ()

    @property
    def environment(self) -> str:
        """`Prod`."""
        return self.path.partition("/")[0]

    @property
    def name(self) -> str:
        """`MainStorage`."""
        return self.path.partition("/")[2]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.template["Resources"]
        return found

    def of_type(self, *types: str) -> dict[str, dict[str, Any]]:
        """The resources of these types, by logical id."""
        return {key: resource for key, resource in self.resources.items() if resource["Type"] in types}


@dataclass(frozen=True)
class Lake:
    """A whole assembly: its stacks by path, and what its validation reported."""

    stacks: dict[str, Synthesized]
    report: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def environments(self) -> list[str]:
        """The environments of the lake; the stage `Organization` stands above them and is none."""
        return sorted({stack.environment for stack in self.stacks.values()} - {ORGANIZATION})

    def of(self, environment: str) -> dict[str, Synthesized]:
        """The stacks of one environment, by their name in it."""
        return {stack.name: stack for stack in self.stacks.values() if stack.environment == environment}

    def resources(self, *types: str) -> Iterator[tuple[Synthesized, str, dict[str, Any]]]:
        """Every resource of these types, or every resource, with its stack and logical id."""
        for stack in self.stacks.values():
            for logical_id, resource in (stack.of_type(*types) if types else stack.resources).items():
                yield stack, logical_id, resource


def read(outdir: Path) -> Lake:
    """The assembly in that folder."""
    report = outdir / "validation-report.json"
    stacks = {stack.path: stack for stack in _stacks(outdir)}
    return Lake(stacks, json.loads(report.read_text()) if report.exists() else {})


def _stacks(folder: Path) -> Iterator[Synthesized]:
    artifacts = json.loads((folder / "manifest.json").read_text())["artifacts"]
    paths = {key: artifact.get("displayName", key) for key, artifact in artifacts.items() if artifact["type"] == _STACK}
    for key, artifact in artifacts.items():
        properties = artifact.get("properties", {})
        if artifact["type"] == _ASSEMBLY:
            yield from _stacks(folder / properties["directoryName"])
        if artifact["type"] != _STACK:
            continue
        account, region = artifact["environment"].removeprefix("aws://").split("/")
        metadata_file = artifact.get("additionalMetadataFile")
        yield Synthesized(
            path=paths[key],
            account=account,
            region=region,
            protected=properties.get("terminationProtection") is True,
            template=json.loads((folder / properties["templateFile"]).read_text()),
            metadata=json.loads((folder / metadata_file).read_text()) if metadata_file else {},
            after=tuple(paths[each] for each in artifact.get("dependencies", []) if each in paths),
        )


def start_app(outdir: Path, *, root: Path = ROOT, cwd: Path = ROOT, validate: bool = False, **environment: str) -> subprocess.Popen[str]:
    """Starts `python app.py`, writing into `outdir`, with or without the built-in validation."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("LAKE_", "CDK_"))}
    variables |= {"CDK_OUTDIR": str(outdir), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    if not validate:
        variables["CDK_VALIDATION"] = "false"
    return subprocess.Popen(
        [sys.executable, str(root / "app.py")], cwd=cwd, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Waits for an app that has to end well, and returns what it said."""
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said
