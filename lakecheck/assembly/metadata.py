"""What the construct tree leaves in an assembly's metadata: names, places in the code, acknowledgements."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from lakecheck.assembly.model import Acknowledgement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ACKNOWLEDGEMENT = "governed-lake:acknowledgement"
"""Metadata type with `id`, `reason`, `owner` and perhaps `expires`; any app can write it, constructs_lib.core.acknowledge does."""

_ACKNOWLEDGED_RULES = "aws:cdk:acknowledged-rules"
_TEMPLATE_FILE = "aws:cdk:templateFile"
_LOGICAL_ID = "aws:cdk:logicalId"
_CREATION_STACK = "aws:cdk:creationStack"
_FRAME = re.compile(r"\(?((?:/|[A-Za-z]:\\)[^()]+?):(\d+)(?::\d+)?\)?$")
_HELPER = "acknowledge ("
_NOT_THE_USERS = ("site-packages", "node_modules", "jsii-kernel", "/lib/program.js", "dist-packages")


class StackMetadata:
    """The metadata of one stack artifact, by construct path.

    Args:
        entries: The artifact's metadata as in the manifest or its metadata file.
        template_file: The stack's template.
        fallback_path: The stack's path if the metadata does not tell.
    """

    def __init__(self, entries: Mapping[str, Any], template_file: str, fallback_path: str) -> None:
        self._data: dict[str, dict[str, list[Any]]] = {}
        self._traces: dict[tuple[str, str], Any] = {}
        for path, items in entries.items():
            by_type: dict[str, list[Any]] = defaultdict(list)
            for item in items if isinstance(items, list) else []:
                if isinstance(item, dict) and isinstance(item.get("type"), str):
                    by_type[item["type"]].append(item.get("data"))
                    if "trace" in item and isinstance(item.get("data"), dict):
                        self._traces |= {(path.strip("/"), str(rule)): item["trace"] for rule in item["data"]}
            self._data[path.strip("/")] = by_type
        self.template_paths = {
            file: path for path, types in self._data.items() for file in types.get(_TEMPLATE_FILE, []) if isinstance(file, str)
        }
        self.path = self.template_paths.get(template_file, fallback_path)
        self._logical_ids = {
            path: data for path, types in self._data.items() for data in types.get(_LOGICAL_ID, []) if isinstance(data, str)
        }

    def names_in(self, stack_path: str, all_stacks: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Construct paths and places in the code, each by logical id, of what is in one stack but in none nested in it."""
        nested = tuple(f"{path}/" for path in all_stacks if path.startswith(f"{stack_path}/"))
        paths, sources = {}, {}
        for path, logical_id in self._logical_ids.items():
            if path.startswith(f"{stack_path}/") and not path.startswith(nested or "\0"):
                paths[logical_id] = path
                source = next((place for trace in self._data[path].get(_CREATION_STACK, []) if (place := source_of(trace))), "")
                if source:
                    sources[logical_id] = source
        return paths, sources

    def path_of(self, stack_path: str, logical_id: str) -> str | None:
        """The construct path of a logical id directly in a stack."""
        candidates = [path for path, found in self._logical_ids.items() if found == logical_id and path.startswith(f"{stack_path}/")]
        return min(candidates, key=len, default=None)

    def acknowledgements(self) -> Iterator[Acknowledgement]:
        """Every acknowledged rule, with owner and expiry where the code gave them."""
        for path, types in self._data.items():
            notes = [data for data in types.get(ACKNOWLEDGEMENT, []) if isinstance(data, dict)]
            owned = {data["id"]: data for data in notes if isinstance(data.get("id"), str)}
            rules = [data for data in types.get(_ACKNOWLEDGED_RULES, []) if isinstance(data, dict)]
            reasons = {str(rule): reason for data in rules for rule, reason in data.items()}
            for rule in {**reasons, **owned}:
                entry = owned.get(rule, {})
                yield Acknowledgement(
                    path=path,
                    rule=rule,
                    reason=_text(entry.get("reason")) or _text(reasons.get(rule)) or "",
                    owner=_text(entry.get("owner")),
                    expires=_text(entry.get("expires")),
                    source=source_of(self._traces.get((path, rule))),
                )


def source_of(trace: Any) -> str:
    """The innermost `file:line` of a stack trace that is the app's own code; empty when there is none.

    Args:
        trace: Lines, innermost first, as a list or as one text.

    Example:
        >>> source_of(["...aws-cdk-lib...", "build (/app/stacks/analytics.py:88)", "<module> (/app/app.py:3)"])
        '/app/stacks/analytics.py:88'
    """
    lines = trace.splitlines() if isinstance(trace, str) else trace if isinstance(trace, list) else []
    for line in lines:
        match = _FRAME.search(line.strip()) if isinstance(line, str) else None
        if match and not line.strip().startswith(_HELPER) and not any(part in match[1] for part in _NOT_THE_USERS):
            return f"{_short(match[1])}:{match[2]}"
    return ""


def _short(path: str) -> str:
    here = f"{os.getcwd()}{os.sep}"  # noqa: PTH109 - plain text is compared
    return path.removeprefix(here)


def _text(value: Any) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() else None
