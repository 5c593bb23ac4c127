"""What the ingestion job needs beyond what Glue has, PyIceberg above all, and how a run gets it: from an index, or from a zip of wheels.

Both are locked: the same versions with the same hashes in every run, and of what Glue brings along Glue's own versions.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from aws_cdk import AssetStaging, FileAssetPackaging, Stack, aws_glue as glue, aws_s3_assets as s3_assets
from constructs import Construct

import constructs_lib.runtime
from constructs_lib.core import misuse

if TYPE_CHECKING:
    from collections.abc import Iterable

JOB_GLUE_VERSION = "5.0"
"""The version of Glue that the job runs on, by `job.py`. With 5.1, whose own pyarrow PyIceberg takes, less is installed."""
LOCKED_FOR = (JOB_GLUE_VERSION, "5.1", "6.0")
"""Versions of Glue that there is a lock for."""
WHEELS_SUFFIX = ".gluewheels.zip"
WHEELS_LIST = "wheels/requirements.txt"

_LOCKS = Path(constructs_lib.runtime.__file__).parent / "ingestion"
_PYTHON = {"5.0": (3, 11), "5.1": (3, 11), "6.0": (3, 13)}
_GLIBC = (2, 34)
_LINUX = re.compile(r"(?:manylinux_(?P<major>\d+)_(?P<minor>\d+)|(?P<old>manylinux(?:1|2010|2014)))_x86_64")
_PYTHON_TAG = re.compile(r"(?P<kind>py|cp)(?P<major>\d)(?P<minor>\d*)")
_SHOWN = 3
_NO_INDEX = "--no-index"
_PIP_OPTIONS = "--python-modules-installer-option"


class JobDependencies(Construct):
    """The Python packages that a run of the job installs before it starts; from Glue 5.0 on.

    `from_index` is for jobs that reach a package index, `from_wheels` for those that don't, in a VPC without a path to the internet, or
    must not. `pipeline.PipelineFoundation` takes the first when it is given none.

    Attributes:
        object_arns: What the job's role has to read.
        asks_index: Whether Glue asks a package index for them at the start of a run.

    See https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html
    """

    def __init__(self, scope: Construct, construct_id: str, *, arguments: dict[str, str], object_arns: Iterable[str]) -> None:
        super().__init__(scope, construct_id)
        self._arguments = dict(arguments)
        self.object_arns = list(object_arns)
        self.asks_index = "--additional-python-modules" in arguments and _NO_INDEX not in arguments.get(_PIP_OPTIONS, "")

    def job_arguments(self) -> dict[str, str]:
        """The job's default arguments that make Glue install them."""
        return dict(self._arguments)

    @classmethod
    def from_index(cls, scope: Construct, construct_id: str, *, glue_version: glue.GlueVersion | None = None) -> JobDependencies:
        """Installed from the package index that Glue's pip knows, by the lock with hashes that this library brings.

        Args:
            scope: Where the asset belongs.
            construct_id: Its id there.
            glue_version: The job's; `JOB_GLUE_VERSION` when left out.

        Raises:
            DataLakeError: `pipeline_dependencies`, if there is no lock for that version of Glue.
        """
        version = _glue(scope, glue_version)
        asset = s3_assets.Asset(scope, f"{construct_id}Lock", path=str(_LOCKS / f"requirements-glue-{version}.txt"))
        return cls(
            scope,
            construct_id,
            arguments={"--additional-python-modules": asset.s3_object_url, _PIP_OPTIONS: "-r"},
            object_arns=[asset.bucket.arn_for_objects(asset.s3_object_key)],
        )

    @classmethod
    def from_wheels(
        cls, scope: Construct, construct_id: str, path: str | Path, *, glue_version: glue.GlueVersion | None = None
    ) -> JobDependencies:
        """Installed from a zip of wheels that is deployed with the job: no index is asked at run time.

        `make job-wheels` builds the zip. It has 12 MB for Glue 5.1, 69 for 5.0. Keep it out of the repository; build it before synth.

        Args:
            scope: Where the asset belongs.
            construct_id: Its id there.
            path: The zip: `wheels/*.whl` and `wheels/requirements.txt`, which says what to install.
            glue_version: The job's; `JOB_GLUE_VERSION` when left out.

        Raises:
            DataLakeError: `pipeline_wheels`, if there is no such zip or it has a wheel that this version of Glue cannot install;
                `pipeline_dependencies`, if there is no lock for that version.
        """
        version = _glue(scope, glue_version)
        _check_wheels(scope, Path(path), version)
        # Not an Asset: Glue tells a zip of wheels by the end of its name, of which an asset's key keeps `.zip` alone.
        staging = AssetStaging(scope, f"{construct_id}Wheels", source_path=str(path))
        stack = Stack.of(scope)
        place = stack.synthesizer.add_file_asset(
            source_hash=f"{staging.asset_hash}{WHEELS_SUFFIX.removesuffix('.zip')}",
            file_name=staging.relative_staged_path(stack),
            packaging=FileAssetPackaging.FILE,
            display_name="wheels of the ingestion job",
        )
        arn = stack.format_arn(service="s3", region="", account="", resource=place.bucket_name, resource_name=place.object_key)
        return cls(
            scope,
            construct_id,
            arguments={
                "--additional-python-modules": place.s3_object_url,
                _PIP_OPTIONS: _NO_INDEX,
            },
            object_arns=[arn],
        )


def _glue(scope: Construct, version: glue.GlueVersion | None) -> str:
    name = JOB_GLUE_VERSION if version is None else version.name.removeprefix("V").replace("_", ".")
    if name not in LOCKED_FOR:
        msg = f"got Glue {name}; the job's dependencies are locked for {', '.join(LOCKED_FOR)}: choose one of them"
        raise misuse(scope, msg, code="pipeline_dependencies")
    return name


def _check_wheels(scope: Construct, path: Path, version: str) -> None:
    """Refuses at synth what pip would refuse at the start of the first run."""
    remedy = f"build it with make job-wheels GLUE={version}"
    if not path.is_file() or not zipfile.is_zipfile(path):
        msg = f"got {path.name} as the zip of the job's wheels, and there is no such zip: {remedy}"
        raise misuse(scope, msg, code="pipeline_wheels")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    wheels = [PurePosixPath(name).name for name in names if name.endswith(".whl")]
    if WHEELS_LIST not in names or not wheels:
        msg = f"got {path.name} without {WHEELS_LIST} or without wheels beside it: {remedy}"
        raise misuse(scope, msg, code="pipeline_wheels")
    if foreign := [wheel for wheel in wheels if not installs(wheel, version)]:
        shown = ", ".join(foreign[:_SHOWN])
        python = ".".join(map(str, _PYTHON[version]))
        msg = (
            f"got {len(foreign)} wheels that Glue {version} cannot install, {shown} among them; allowed are those for Python {python} "
            f"on x86_64 Linux with glibc {_GLIBC[0]}.{_GLIBC[1]} or older: {remedy}"
        )
        raise misuse(scope, msg, code="pipeline_wheels")


def installs(wheel: str, version: str) -> bool:
    """Whether a wheel of that file name installs on that version of Glue, by its tags.

    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
    """
    parts = wheel.removesuffix(".whl").split("-")
    if len(parts) < 5:  # noqa: PLR2004 - name, version, and a tag of three
        return False
    pythons, abis, platforms = (part.split(".") for part in parts[-3:])
    return any(_python_fits(python, abis, version) for python in pythons) and any(map(_platform_fits, platforms))


def _python_fits(tag: str, abis: list[str], version: str) -> bool:
    wanted = _PYTHON[version]
    found = _PYTHON_TAG.fullmatch(tag)
    if found is None or int(found["major"]) != wanted[0]:
        return False
    minor = int(found["minor"] or 0)
    if found["kind"] == "py":
        return "none" in abis and minor <= wanted[1]
    if minor == wanted[1]:
        return bool({tag, "abi3", "none"} & set(abis))
    return "abi3" in abis and minor < wanted[1]


def _platform_fits(tag: str) -> bool:
    if tag == "any":
        return True
    found = _LINUX.fullmatch(tag)
    return found is not None and (found["old"] is not None or (int(found["major"]), int(found["minor"])) <= _GLIBC)
