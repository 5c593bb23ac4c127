"""Reads a cloud assembly directory: its manifest, the nested assemblies of Stages, every template, metadata and the report.

The format: https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakecheck.assembly.documents import Unreadable, parse_object, read_bytes, read_object, refusal, without_metadata
from lakecheck.assembly.metadata import StackMetadata
from lakecheck.assembly.model import NO_ENVIRONMENT, Acknowledgement, Assembly, StackTemplate
from lakecheck.assembly.nested import nested_files
from lakecheck.assembly.validation import read_report
from lakemodel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakemodel.findings import Finding

MANIFEST = "manifest.json"
REPORT = "validation-report.json"
OLDEST_MAJOR = 1

_STACK = "aws:cloudformation:stack"
_NESTED_ASSEMBLY = "cdk:cloud-assembly"
_ENVIRONMENT = re.compile(r"aws://([^/]+)/([^/]+)")
_VERSION = re.compile(r"(\d{1,9})\.\d+\.\d+")
_MOST_NESTED = 2_000
_SYNTH = "Give the folder that `cdk synth` writes, usually cdk.out."
_EITHER = "Give what `cdk synth` writes (cdk.out), or a template."


def read_assembly(location: Path | str) -> Assembly:
    """The assembly in a directory, or the one stack of a template file.

    Args:
        location: A cloud assembly's directory (a link to one is fine), or a CloudFormation template in JSON or YAML.

    Raises:
        InvalidInput: If anything in it is missing, corrupt or outside the directory; with every reason at once.

    Example:
        >>> read_assembly("nothing")
        Traceback (most recent call last):
        lakemodel.errors.InvalidInput: nothing: there is no such file or folder. Give what `cdk synth` writes (cdk.out), or a template.
    """
    path = Path(location)
    try:
        if path.is_file():
            return _single_template(path)
        if not path.is_dir():
            raise refusal(path, "there is no such file or folder", code="assembly.missing", remedy=_EITHER)
        if not (path / MANIFEST).exists():
            msg = f"the directory holds no {MANIFEST}, so it is no cloud assembly"
            raise refusal(path, msg, code="assembly.no_manifest", remedy=_SYNTH)
    except Unreadable as error:
        raise InvalidInput([error.finding]) from None
    reader = _Reader(path)
    assembly = reader.read()
    if reader.findings:
        raise InvalidInput(reader.findings)
    return assembly


def _single_template(path: Path) -> Assembly:
    content = read_bytes(path)
    template = parse_object(path, content)
    if not isinstance(template.get("Resources"), dict):
        msg = "the file has no Resources, so it is no CloudFormation template"
        raise refusal(path, msg, code="assembly.no_template", remedy=_SYNTH)
    stack = StackTemplate(
        environment=NO_ENVIRONMENT,
        account=None,
        region=None,
        stack_name=path.name.split(".")[0],
        path=path.name.split(".")[0],
        parent=None,
        file=path.name,
        size=len(content),
        template=template,
        bare=without_metadata(template),
        construct_paths={},
        sources={},
        termination_protection=False,
    )
    return Assembly(directory=str(path), version="", stacks=(stack,), is_template=True)


@dataclass(frozen=True, slots=True)
class _Found:
    file: str
    path: str
    parent: str | None
    template: dict[str, Any]
    size: int
    logical_id: str = ""


class _Reader:
    """Collects from all manifests; what cannot be read becomes a finding and the reading goes on."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.real_root = root.resolve()
        self.findings: list[Finding] = []
        self.stacks: list[StackTemplate] = []
        self.acknowledgements: dict[tuple[str, str], Acknowledgement] = {}
        self.seen: set[Path] = set()
        self.version = ""

    def read(self) -> Assembly:
        self.assembly(self.root, NO_ENVIRONMENT)
        report = None
        try:
            if (self.root / REPORT).exists():
                report = read_report(self.inside(self.root, REPORT))
        except Unreadable as error:
            self.findings.append(error.finding)
        if not self.stacks and not self.findings:
            msg = "the assembly has no stack, so there is nothing to judge"
            self.findings.append(refusal(self.root, msg, code="assembly.empty", remedy=_SYNTH).finding)
        return Assembly(
            directory=str(self.root),
            version=self.version,
            stacks=tuple(self.stacks),
            acknowledgements=tuple(self.acknowledgements[key] for key in sorted(self.acknowledgements)),
            report=report,
        )

    def assembly(self, directory: Path, environment: str) -> None:
        try:
            artifacts = self.artifacts(directory)
        except Unreadable as error:
            self.findings.append(error.finding)
            return
        for artifact_id, artifact in artifacts.items():
            try:
                self.artifact(directory, environment, artifact_id, artifact)
            except Unreadable as error:
                self.findings.append(error.finding)

    def artifacts(self, directory: Path) -> Mapping[str, Any]:
        path = self.inside(directory, MANIFEST)
        real = path.resolve()
        if real in self.seen:
            raise refusal(path, "the assembly contains itself", code="assembly.circular")
        self.seen.add(real)
        manifest = read_object(path)
        version = manifest.get("version")
        match = _VERSION.match(version) if isinstance(version, str) else None
        if match is None or int(match[1]) < OLDEST_MAJOR:
            msg = f"got schema version {version!r}; allowed is {OLDEST_MAJOR}.0.0 and newer"
            raise refusal(path, msg, code="assembly.version", remedy="Synthesize with AWS CDK 1.0 or newer.")
        self.version = self.version or match[0]
        artifacts = manifest.get("artifacts", {})
        if not isinstance(artifacts, dict) or not all(isinstance(artifact, dict) for artifact in artifacts.values()):
            raise refusal(path, "`artifacts` is not an object of objects", code="assembly.manifest_invalid")
        return artifacts

    def artifact(self, directory: Path, environment: str, artifact_id: str, artifact: Mapping[str, Any]) -> None:
        properties = artifact.get("properties") or {}
        if not isinstance(properties, dict):
            msg = f"`properties` of {artifact_id} is not an object"
            raise refusal(directory / MANIFEST, msg, code="assembly.manifest_invalid")
        if artifact.get("type") == _NESTED_ASSEMBLY:
            name = self.text(directory, artifact_id, properties, "directoryName")
            label = properties.get("displayName") or artifact_id.removeprefix("assembly-")
            self.assembly(self.inside(directory, name), str(label))
        elif artifact.get("type") == _STACK:
            self.stack(directory, environment, artifact_id, artifact, properties)

    def stack(
        self, directory: Path, environment: str, artifact_id: str, artifact: Mapping[str, Any], properties: Mapping[str, Any]
    ) -> None:
        template_file = self.text(directory, artifact_id, properties, "templateFile")
        label = artifact.get("displayName")
        metadata = StackMetadata(
            self.metadata(directory, artifact), template_file, label if isinstance(label, str) and label else artifact_id
        )
        account, region = _account_and_region(artifact.get("environment"))
        found = self.templates(directory, artifact, template_file, metadata)
        for each in found:
            construct_paths, sources = metadata.names_in(each.path, [other.path for other in found])
            self.stacks.append(
                StackTemplate(
                    environment=environment,
                    account=account,
                    region=region,
                    stack_name=str(properties.get("stackName") or artifact_id) if each.parent is None else each.path,
                    path=each.path,
                    parent=each.parent,
                    file=(directory / each.file).relative_to(self.root).as_posix(),
                    size=each.size,
                    template=each.template,
                    bare=without_metadata(each.template),
                    construct_paths={**_paths_in_template(each.template), **construct_paths},
                    sources=sources,
                    termination_protection=properties.get("terminationProtection") is True,
                    parent_logical_id=each.logical_id,
                )
            )
        for acknowledgement in metadata.acknowledgements():
            self.acknowledgements.setdefault((acknowledgement.path, acknowledgement.rule), acknowledgement)

    def templates(self, directory: Path, artifact: Mapping[str, Any], template_file: str, metadata: StackMetadata) -> list[_Found]:
        """The stack's template and those nested in it, a parent before its children."""
        queue: list[tuple[str, str, str | None, str, frozenset[str]]] = [(template_file, metadata.path, None, "", frozenset())]
        found: list[_Found] = []
        while queue:
            file, path, parent, logical_id, above = queue.pop(0)
            if any((each.file, each.path) == (file, path) for each in found):
                continue
            location = self.inside(directory, file)
            if file in above or len(found) == _MOST_NESTED:
                msg = (
                    "the template nests itself" if file in above else f"more than {_MOST_NESTED:,} nested stacks are below {metadata.path}"
                )
                raise refusal(location, msg, code="assembly.circular")
            content = read_bytes(location)
            template = parse_object(location, content)
            found.append(_Found(file, path, parent, template, len(content), logical_id))
            nests = nested_files(directory, artifact, template, metadata, path)
            queue += [(nested.file, nested.path, path, nested.logical_id, above | {file}) for nested in nests]
        return found

    def metadata(self, directory: Path, artifact: Mapping[str, Any]) -> dict[str, Any]:
        inline = artifact.get("metadata")
        entries = dict(inline) if isinstance(inline, dict) else {}
        file = artifact.get("additionalMetadataFile")
        if isinstance(file, str):
            entries |= read_object(self.inside(directory, file))
        return entries

    def text(self, directory: Path, artifact_id: str, properties: Mapping[str, Any], key: str) -> str:
        value = properties.get(key)
        if not isinstance(value, str) or not value:
            msg = f"{artifact_id}: got {key} {value!r}; allowed is a file name"
            raise refusal(directory / MANIFEST, msg, code="assembly.manifest_invalid")
        return value

    def inside(self, directory: Path, name: str) -> Path:
        """The path of `name`, which must not lead out of the assembly, by dots or by links."""
        path = directory / name
        try:
            outside = not path.resolve().is_relative_to(self.real_root)
        except (OSError, RuntimeError, ValueError):
            raise refusal(path, "the path leads nowhere", code="assembly.file_unreadable") from None
        if outside:
            raise refusal(path, "the path leads out of the assembly", code="assembly.outside")
        return path


def _account_and_region(environment: Any) -> tuple[str | None, str | None]:
    match = _ENVIRONMENT.fullmatch(environment) if isinstance(environment, str) else None
    if match is None:
        return None, None
    account, region = match.groups()
    return (None if account == "unknown-account" else account), (None if region == "unknown-region" else region)


def _paths_in_template(template: Mapping[str, Any]) -> dict[str, str]:
    return dict(_template_path_entries(template))


def _template_path_entries(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    resources = template.get("Resources")
    for logical_id, resource in (resources if isinstance(resources, dict) else {}).items():
        metadata = resource.get("Metadata") if isinstance(resource, dict) else None
        path = metadata.get("aws:cdk:path") if isinstance(metadata, dict) else None
        if isinstance(path, str):
            yield logical_id, path
