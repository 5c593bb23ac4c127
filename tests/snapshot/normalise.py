"""Templates as a person reads them: references as text, documents in strings unfolded, asset hashes and the bootstrap check left out.

`.venv/bin/python -m tests.snapshot.normalise` writes the snapshots of the reference anew. Read the difference before you commit it.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.stacks.assembly import ORGANIZATION, finish, read, start_app

if TYPE_CHECKING:
    from tests.stacks.assembly import Lake

FOLDER = Path(__file__).parent
ENVIRONMENT = "Prod"

KINDS = {
    "MainStorage": "^Zones(AccessLogs|Inventory|Raw|Curated)|^PipelineState",
    "MainAccount": "",
    "MainLocations": "",
    "MainDatabases": "",
    "MainCatalog": "^Catalog|SalesOrders|TravelRoutes",
    "MainPipelines": "^Foundation|^TravelRoutes",
    "MainQuery": "",
    "MainGrants": "",
    "AnalyticsStorage": "",
    "AnalyticsAccess": "",
    "MainFloor": "",
    "Guardrails": "",
    "Identity": "DataAnalyst|Containment",
    "LogArchive": "^Archive|^Trail",
    "Security": "^Watch|^Sink|^Responders",
    "Structure": "^Services|DataLake|DevUnit|DevMain",
    "Trail": "^Trail|BreakGlass|GuardrailChange",
}
"""One stack of each kind, with a pattern for the logical ids to show where a stack repeats itself for each product or zone; empty shows
all. The consumer's account and floor stacks are of the lake's kind."""

_HASH = re.compile(r"\b[0-9a-f]{64}\b")


def snapshots(lake: Lake) -> dict[str, str]:
    """The text of every snapshot, by file name."""
    stacks = {**lake.of(ENVIRONMENT), **lake.of(ORGANIZATION)}
    return {f"{name}.json": text(stacks[name].resources, pattern) for name, pattern in KINDS.items()}


def text(resources: dict[str, Any], pattern: str = "") -> str:
    """The resources whose ids match, normalised, one property a line, sorted."""
    shown = {key: normalise(each) for key, each in resources.items() if re.search(pattern, key) and key != "CDKMetadata"}
    return _HASH.sub("<asset>", json.dumps(shown, indent=1, sort_keys=True)) + "\n"


def normalise(value: Any) -> Any:
    """`value` with `Ref`, `GetAtt`, `Join` and imports as text in the style of `Fn::Sub`, and JSON in strings as data."""
    plain = value
    match value:
        case {"Ref": name}:
            plain = f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            plain = f"${{{name}.{attribute}}}"
        case {"Fn::ImportValue": name}:
            plain = f"${{{name.replace(':ExportsOutput', ': ')}}}"
        case {"Fn::Join": [delimiter, items]}:
            plain = _unfolded(delimiter.join(map(str, map(normalise, items))))
        case str():
            plain = _unfolded(value)
        case dict():
            plain = {key: normalise(each) for key, each in value.items() if key != "Metadata"}
        case list():
            plain = [normalise(each) for each in value]
            if any(isinstance(each, str) and _HASH.search(each) for each in plain):  # CDK sorts a statement's resources, by hash here
                plain.sort(key=lambda each: _HASH.sub("<asset>", str(each)))
    return plain


def _unfolded(value: str) -> Any:
    """A JSON document in a string, as data: a diff of a state machine in one line tells nobody anything."""
    if value.startswith("{") and value.endswith("}"):
        try:
            return {"(JSON)": json.loads(value)}
        except ValueError:
            return value
    return value


def main() -> None:
    """Writes every snapshot of the reference, and removes what is no snapshot any more."""
    with tempfile.TemporaryDirectory() as folder:
        outdir = Path(folder) / "cdk.out"
        finish(start_app(outdir))
        written = snapshots(read(outdir))
    for file in FOLDER.glob("*.json"):
        if file.name not in written:
            file.unlink()
    for name, content in written.items():
        (FOLDER / name).write_text(content)


if __name__ == "__main__":
    main()
