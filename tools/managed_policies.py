"""Writes lakecheck/estate/aws_managed_policies.zip: the documents of AWS managed policies, from what moto carries.

AWS publishes the policies through its API and a reference guide only (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/);
moto (https://github.com/getmoto/moto, Apache-2.0) packs what the API says. The table's date is that of the newest document in it.

Run it with the development environment, after upgrading moto: `.venv/bin/python tools/managed_policies.py`
"""

from __future__ import annotations

import json
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "lakecheck" / "estate" / "aws_managed_policies.zip"
SOURCE = "moto, https://github.com/getmoto/moto"
LICENCE = "Apache-2.0, https://github.com/getmoto/moto/blob/master/LICENSE"
CHUNK = 50
"""Documents that are packed together: neighbours by name are alike, and one is read with no more than its neighbours."""


def published() -> dict[str, Any]:
    """Every policy of moto's table, by name."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data  # noqa: PLC0415 - four megabytes of text

    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies


def members(policies: dict[str, Any]) -> dict[str, str]:
    """The archive's files by name: `index.json`, and documents in files of `CHUNK` lines each."""
    names = sorted(policies)
    paths = {f"{policies[name]['Path'].lstrip('/')}{name}": number for number, name in enumerate(names)}
    as_of = max(policy.get("UpdateDate", policy["CreateDate"]) for policy in policies.values())[:10]
    index = {
        "as_of": as_of,
        "source": f"{SOURCE}, version {version('moto')}",
        "licence": LICENCE,
        "chunk": CHUNK,
        "policies": paths,
    }
    lines = [json.dumps(policies[name]["Document"], separators=(",", ":"), sort_keys=True) for name in names]
    chunks = {f"{start // CHUNK}.jsonl": "\n".join(lines[start : start + CHUNK]) + "\n" for start in range(0, len(lines), CHUNK)}
    return {"index.json": json.dumps(index, indent=1) + "\n", **chunks}


def write(target: Path, files: dict[str, str]) -> None:
    """Writes the archive, the same bytes for the same files."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)  # dated 1980
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text, compresslevel=9)


if __name__ == "__main__":
    write(TARGET, members(published()))
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")
