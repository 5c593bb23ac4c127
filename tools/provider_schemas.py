"""Writes lakecheck/upgrade/comparison/provider_schemas.zip: what replaces a resource, names it, cannot be read or written, type by type.

AWS publishes the schemas of its resource types in the CloudFormation registry
(https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html); cfn-lint
(https://github.com/aws-cloudformation/cfn-lint, MIT-0) bundles them. The table's date is that of the cfn-lint release. What the
documentation calls a replacement and the schema does not is taken from the service specification in the CDK CLI
(https://github.com/cdklabs/awscdk-service-spec, Apache-2.0).

Run it with the development environment, after upgrading cfn-lint or the CDK CLI: `.venv/bin/python tools/provider_schemas.py 2026-10-20`
"""

from __future__ import annotations

import gzip
import json
import sys
import zipfile
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "lakecheck" / "upgrade" / "comparison" / "provider_schemas.zip"
SOURCE = "cfn-lint, https://github.com/aws-cloudformation/cfn-lint"
LICENCE = "MIT-0, https://github.com/aws-cloudformation/cfn-lint/blob/main/LICENSE"
SPECIFICATION = Path(__file__).resolve().parent.parent / ".venv" / "cdk-cli" / "node_modules" / "aws-cdk" / "db.json.gz"
SPECIFICATION_SOURCE = "aws-service-spec, https://github.com/cdklabs/awscdk-service-spec, Apache-2.0"
FIRST = "us-east-1"
LISTS = {
    "c": "createOnlyProperties",
    "k": "conditionalCreateOnlyProperties",
    "w": "writeOnlyProperties",
    "r": "readOnlyProperties",
    "p": "primaryIdentifier",
}
"""The table's short keys, and what a schema calls the same."""

_DEEPEST = 12


def published() -> dict[str, dict[str, Any]]:
    """Every type's schema: those of `FIRST`, then those that only other Regions have."""
    from cfnlint.helpers import REGIONS  # noqa: PLC0415 - loads all of cfn-lint
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER as MANAGER  # noqa: PLC0415

    found: dict[str, dict[str, Any]] = {}
    for region in (FIRST, *sorted(set(REGIONS) - {FIRST})):
        for name in MANAGER.get_resource_types(region):
            if name.startswith("AWS::") and name not in found:
                found[name] = MANAGER.get_resource_schema(region, name).schema
    return found


def entry(schema: dict[str, Any]) -> dict[str, Any]:
    """What the table says of one type; a key is left out where there is nothing to say."""
    made: dict[str, Any] = {key: [_dotted(each) for each in schema[name]] for key, name in LISTS.items() if schema.get(name)}
    if unordered := sorted(set(_unordered(schema, schema, "", 0, ()))):
        made["s"] = unordered
    if schema.get("replacementStrategy") == "delete_then_create":
        made["d"] = 1
    return made


def _dotted(pointer: str) -> str:
    return ".".join(pointer.split("/")[2:])


def _unordered(schema: dict[str, Any], part: Any, path: str, depth: int, seen: tuple[str, ...]) -> list[str]:
    """The lists below a part of the schema whose order means nothing (`insertionOrder` false)."""
    if not isinstance(part, dict) or depth > _DEEPEST:
        return []
    reference = part.get("$ref")
    if isinstance(reference, str):
        name = reference.rpartition("/")[2]
        if name in seen or not reference.startswith("#/definitions/"):
            return []
        return _unordered(schema, schema.get("definitions", {}).get(name), path, depth + 1, (*seen, name))
    found = [path] if part.get("insertionOrder") is False and "items" in part else []
    for key, inner in part.get("properties", {}).items() if isinstance(part.get("properties"), dict) else ():
        found += _unordered(schema, inner, f"{path}.{key}" if path else key, depth + 1, seen)
    if "items" in part:
        found += _unordered(schema, part["items"], f"{path}.*", depth + 1, seen)
    for word in ("oneOf", "anyOf", "allOf"):
        for inner in part.get(word, []) if path else []:
            found += _unordered(schema, inner, path, depth + 1, seen)
    return found


def documented(specification: dict[str, Any]) -> dict[str, list[str]]:
    """By type the properties whose page says that a change replaces the resource, or may; tags, which are always updated, left out."""
    types = {each["$id"]: each for each in specification["typeDefinition"]["entities"]}
    found = {}
    for resource in specification["resource"]["entities"]:
        paths = [path for name, prop in resource["properties"].items() for path in _replacing(types, prop, name, ())]
        found[resource["cloudFormationType"]] = sorted({path for path in paths if not path.split(".")[-1].startswith("Tag")})
    return found


def _replacing(types: dict[str, Any], prop: dict[str, Any], path: str, seen: tuple[str, ...]) -> list[str]:
    """The outermost replacing properties at or below one."""
    if prop.get("causesReplacement", "no") != "no":
        return [path]
    kind, found = prop.get("type", {}), []
    while kind.get("type") in ("array", "map"):
        path, kind = f"{path}.*", kind["element"]
    for each in kind.get("types", [kind]):
        number = each["reference"]["$ref"] if each.get("type") == "ref" else None
        if number is not None and number not in seen:
            for name, inner in types[number]["properties"].items():
                found += _replacing(types, inner, f"{path}.{name}", (*seen, number))
    return found


def _new(paths: list[str], made: dict[str, Any]) -> list[str]:
    """The paths that the schema says nothing of, neither at, above nor below."""
    stated = [*made.get("c", ()), *made.get("k", ()), *made.get("r", ())]
    return [path for path in paths if not any(_within(path, other) or _within(other, path) for other in stated)]


def _within(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}.")


def members(schemas: dict[str, dict[str, Any]], specification: dict[str, Any], as_of: str) -> dict[str, str]:
    """The archive's files by name."""
    index = {
        "as_of": as_of,
        "source": f"{SOURCE}, version {version('cfn-lint')}; {SPECIFICATION_SOURCE}",
        "licence": LICENCE,
    }
    types = {name: entry(schemas[name]) for name in sorted(schemas)}
    for name, paths in documented(specification).items():
        if name in types and (more := _new(paths, types[name])):
            types[name]["m"] = more
    return {"index.json": json.dumps(index, indent=1) + "\n", "types.json": json.dumps(types, separators=(",", ":"), sort_keys=True) + "\n"}


def write(target: Path, files: dict[str, str]) -> None:
    """Writes the archive, the same bytes for the same files."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in files.items():
            made = zipfile.ZipInfo(name)  # dated 1980
            made.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(made, text, compresslevel=9)


if __name__ == "__main__":
    stated = json.loads(gzip.decompress(SPECIFICATION.read_bytes()))["schema"]
    write(TARGET, members(published(), stated, date.fromisoformat(sys.argv[1]).isoformat()))
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")
