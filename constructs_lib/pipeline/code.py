"""The ingestion job's code and the compiled contracts, as assets whose hashes and ids do not depend on the machine."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_cdk import IgnoreMode, aws_glue as glue, aws_s3_assets as s3_assets
from constructs import Construct

import constructs_lib.runtime
from lakemodel.contracts.job_spec import SPEC_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

_RUNTIME = Path(constructs_lib.runtime.__file__).parent
_PACKAGE = "ingestion"
_NOT_CODE = ("__pycache__", "*.pyc", "*.json", "*.md", "*.txt")


class JobCode(Construct):
    """The job's script, and the package it imports as a zip."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.script_asset = s3_assets.Asset(self, "Script", path=str(_RUNTIME / _PACKAGE / "job.py"))
        self.package_asset = s3_assets.Asset(
            self,
            "Package",
            path=str(_RUNTIME),
            exclude=["/*", f"!/{_PACKAGE}", *_NOT_CODE],
            ignore_mode=IgnoreMode.GIT,
        )

    @property
    def script(self) -> glue.Code:
        """The script. Not `Code.from_asset`, whose construct id contains the path of the checkout."""
        return glue.Code.from_bucket(self.script_asset.bucket, self.script_asset.s3_object_key)

    @property
    def package(self) -> glue.Code:
        """The zip for `--extra-py-files`."""
        return glue.Code.from_bucket(self.package_asset.bucket, self.package_asset.s3_object_key)

    @property
    def object_arns(self) -> list[str]:
        """What the job's role has to read."""
        return [object_arn(self.script_asset), object_arn(self.package_asset)]


def object_arn(asset: s3_assets.Asset) -> str:
    """The ARN of the one object an asset is, not of its bucket."""
    return asset.bucket.arn_for_objects(asset.s3_object_key)


def specs_asset(scope: Construct, construct_id: str, specs: Mapping[str, Mapping[str, Any]]) -> s3_assets.Asset:
    """The compiled contracts of a product's tables as one asset; the same contracts give the same hash everywhere.

    One for the product and not one for each table: every asset is an object to publish at deployment, an address in the state machine
    and an ARN in the job's policy, which has no room for hundreds.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "specs.json"
        data = {"spec_version": SPEC_VERSION, "tables": specs}
        file.write_text(json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1) + "\n", encoding="utf-8")
        return s3_assets.Asset(scope, construct_id, path=str(file))
