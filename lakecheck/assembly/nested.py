"""Finds the templates of nested stacks, which the manifest does not list."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakecheck.assembly.documents import Unreadable, read_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lakecheck.assembly.metadata import StackMetadata

_NESTED_STACK = "AWS::CloudFormation::Stack"
_CONSTRUCT_SUFFIX = ".NestedStack"


@dataclass(frozen=True, slots=True)
class NestedFile:
    """A nested stack's template: its file below the assembly's directory, its construct path, the resource that makes it."""

    file: str
    path: str
    logical_id: str = ""


def nested_files(
    directory: Path, artifact: Mapping[str, Any], template: Mapping[str, Any], metadata: StackMetadata, stack_path: str
) -> list[NestedFile]:
    """The nested stacks that one template makes and whose templates lie in the assembly.

    Args:
        directory: The assembly's directory.
        artifact: The stack's entry in the manifest; its asset manifest tells which template a hash stands for.
        template: The template to look into.
        metadata: The stack's metadata.
        stack_path: Construct path of that template's stack.
    """
    resources = template.get("Resources")
    found: list[NestedFile] = []
    for logical_id, resource in (resources if isinstance(resources, dict) else {}).items():
        if not isinstance(resource, dict) or resource.get("Type") != _NESTED_STACK:
            continue
        file = _asset_path(resource) or _by_hash(directory, artifact, resource)
        if file is None:
            continue
        path = metadata.template_paths.get(file) or _path(metadata.path_of(stack_path, logical_id)) or f"{stack_path}/{logical_id}"
        if any((each.file, each.path) == (file, path) for each in found):
            path = f"{stack_path}/{logical_id}"
        found.append(NestedFile(file, path, logical_id))
    return found


def _path(resource_path: str | None) -> str | None:
    """`Stack/Nest.NestedStack/Nest.NestedStackResource` is the resource of the nested stack `Stack/Nest`."""
    if resource_path is None:
        return None
    owner = resource_path.rpartition("/")[0]
    return owner.removesuffix(_CONSTRUCT_SUFFIX) if owner.endswith(_CONSTRUCT_SUFFIX) else resource_path


def _asset_path(resource: Mapping[str, Any]) -> str | None:
    metadata = resource.get("Metadata")
    path = metadata.get("aws:asset:path") if isinstance(metadata, dict) else None
    return path if isinstance(path, str) and path.endswith((".json", ".yaml", ".yml")) else None


def _by_hash(directory: Path, artifact: Mapping[str, Any], resource: Mapping[str, Any]) -> str | None:
    properties = resource.get("Properties")
    url = json.dumps(properties.get("TemplateURL")) if isinstance(properties, dict) else ""
    return next((file for asset_hash, file in _template_assets(directory, artifact) if asset_hash in url), None)


def _template_assets(directory: Path, artifact: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    dependencies = artifact.get("dependencies")
    for name in dependencies if isinstance(dependencies, list) else []:
        if not isinstance(name, str) or not name.endswith(".assets") or "/" in name:
            continue
        try:
            files = read_object(directory / f"{name}.json").get("files")
        except Unreadable:
            continue
        for asset_hash, asset in (files if isinstance(files, dict) else {}).items():
            source = asset.get("source") if isinstance(asset, dict) else None
            path = source.get("path") if isinstance(source, dict) else None
            if isinstance(path, str) and path.endswith(".nested.template.json"):
                yield asset_hash, path
