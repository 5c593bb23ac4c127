"""How a run of the job gets its Python packages: which arguments Glue is given, which objects are deployed, what is refused at synth."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import aws_glue as glue

import constructs_lib.runtime
from constructs_lib.pipeline.dependencies import JOB_GLUE_VERSION, LOCKED_FOR, JobDependencies, installs
from lakemodel.errors import DataLakeError
from tests.support import ACCOUNT, REGION, ROOT, new_app, new_stack

if TYPE_CHECKING:
    from collections.abc import Callable

LOCKS = Path(constructs_lib.runtime.__file__).parent / "ingestion"
ARGUMENTS = ("--additional-python-modules", "--python-modules-installer-option")
BUCKET = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"


KNOWN = tuple(version for version in LOCKED_FOR if f"V{version.replace('.', '_')}" in glue.GlueVersion.__members__)
"""The locked ones that this CDK has a name for; the lowest that is allowed has none for Glue 6."""


def deployed(make: Callable[[Any], JobDependencies], folder: Path) -> tuple[list[str], dict[str, str], dict[str, Path]]:
    """What the role reads, the job's arguments, and the files that the assembly deploys by their key."""
    app = new_app(folder / "cdk.out")
    stack = new_stack(app)
    dependencies = make(stack)
    arguments = {key: plain(stack.resolve(value)) for key, value in dependencies.job_arguments().items()}
    arns = [plain(stack.resolve(arn)) for arn in dependencies.object_arns]
    app.synth()
    (manifest,) = (folder / "cdk.out").glob("*.assets.json")
    files = json.loads(manifest.read_text())["files"].values()
    places = {next(iter(file["destinations"].values()))["objectKey"]: file["source"] for file in files}
    return arns, arguments, {key: folder / "cdk.out" / source["path"] for key, source in places.items()}


def plain(value: Any) -> str:
    """A resolved value as text, with the partition filled in."""
    parts = value["Fn::Join"][1] if isinstance(value, dict) else [value]
    return "".join("aws" if part == {"Ref": "AWS::Partition"} else part for part in parts)


def zip_of(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return path


@pytest.mark.parametrize("version", [None, *KNOWN])
def test_from_an_index_by_the_lock_of_that_glue(version: str | None, tmp_path: Path) -> None:
    """One requirements file is pip's, the deployed file is the lock, and the role reads that object and no other."""
    chosen = None if version is None else glue.GlueVersion[f"V{version.replace('.', '_')}"]
    arns, arguments, files = deployed(lambda stack: JobDependencies.from_index(stack, "Dependencies", glue_version=chosen), tmp_path)
    assert tuple(arguments) == ARGUMENTS
    assert arguments["--python-modules-installer-option"] == "-r"
    key = arguments["--additional-python-modules"].removeprefix(f"s3://{BUCKET}/")
    assert re.fullmatch(r"[0-9a-f]{64}\.txt", key)
    assert files[key].read_bytes() == (LOCKS / f"requirements-glue-{version or JOB_GLUE_VERSION}.txt").read_bytes()
    assert arns == [f"arn:aws:s3:::{BUCKET}/{key}"]


def test_from_wheels_keeps_the_suffix_that_glue_tells_them_by(tmp_path: Path) -> None:
    """The object's key ends with .gluewheels.zip, no index is asked, and two folders give the same key."""
    keys = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        path = zip_of(folder / "any.gluewheels.zip", "wheels/requirements.txt", "wheels/a-1-py3-none-any.whl")
        arns, arguments, files = deployed(lambda stack, path=path: JobDependencies.from_wheels(stack, "Dependencies", path), folder)
        assert tuple(arguments) == ARGUMENTS
        assert arguments["--python-modules-installer-option"] == "--no-index"
        key = arguments["--additional-python-modules"].removeprefix(f"s3://{BUCKET}/")
        assert key.endswith(".gluewheels.zip")
        assert files[key].read_bytes() == path.read_bytes()
        assert arns == [f"arn:aws:s3:::{BUCKET}/{key}"]
        keys.append(key)
        path.unlink()
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (None, "there is no such zip"),
        (("wheels/a-1-py3-none-any.whl",), "without wheels/requirements.txt"),
        (("wheels/requirements.txt",), "without wheels beside it"),
        (("a-1-py3-none-any.whl", "requirements.txt"), "without wheels/requirements.txt"),
        (("wheels/requirements.txt", "wheels/a-1-cp312-cp312-macosx_11_0_arm64.whl"), "1 wheels that Glue 5.0 cannot install, a-1-cp312"),
    ],
)
def test_fails_when_glue_could_not_install_the_zip(names: tuple[str, ...] | None, match: str, tmp_path: Path) -> None:
    """No zip, nothing that says what to install, no wheels, or wheels for another machine: told at synth, with the remedy."""
    path = tmp_path / "job.gluewheels.zip"
    if names is not None:
        zip_of(path, *names)
    with pytest.raises(DataLakeError, match=f"{match}.*make job-wheels GLUE=5.0") as caught:
        JobDependencies.from_wheels(new_stack(), "Dependencies", path)
    assert caught.value.code == "pipeline_wheels"


def test_fails_when_there_is_no_lock_for_that_glue(tmp_path: Path) -> None:
    """Glue 4 takes neither form; both say which versions do."""
    old = glue.GlueVersion.V4_0
    for make in (
        lambda stack: JobDependencies.from_index(stack, "D", glue_version=old),
        lambda stack: JobDependencies.from_wheels(stack, "D", tmp_path / "x", glue_version=old),
    ):
        with pytest.raises(DataLakeError, match=r"got Glue 4.0; .* 5.0, 5.1, 6.0") as caught:
            make(new_stack())
        assert caught.value.code == "pipeline_dependencies"


@pytest.mark.parametrize(
    ("wheel", "on"),
    [
        ("a-1-py3-none-any.whl", {"5.0", "5.1", "6.0"}),
        ("a-1-py2.py3-none-any.whl", {"5.0", "5.1", "6.0"}),
        ("a-1-py311-none-any.whl", {"5.0", "5.1", "6.0"}),
        ("a-1-py312-none-any.whl", {"6.0"}),
        ("a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", {"5.0", "5.1"}),
        ("a-1-cp313-cp313-manylinux_2_28_x86_64.whl", {"6.0"}),
        ("a-1-cp38-abi3-manylinux_2_34_x86_64.whl", {"5.0", "5.1", "6.0"}),
        ("a-1-cp38-cp38-manylinux_2_28_x86_64.whl", set()),
        ("a-1-cp311-cp311-manylinux_2_39_x86_64.whl", set()),
        ("a-1-cp311-cp311-manylinux_2_28_aarch64.whl", set()),
        ("a-1-cp311-cp311-musllinux_1_2_x86_64.whl", set()),
        ("a-1-cp311-cp311-win_amd64.whl", set()),
        ("a-1-py2-none-any.whl", set()),
        ("nonsense.whl", set()),
    ],
)
def test_a_wheel_is_told_by_its_tags(wheel: str, on: set[str]) -> None:
    """Python, ABI, machine and glibc all have to fit."""
    assert {version for version in LOCKED_FOR if installs(wheel, version)} == on


@pytest.mark.parametrize("version", LOCKED_FOR)
def test_a_lock_names_what_glue_has_in_glues_version(version: str) -> None:
    """Every pin has hashes, the PyIceberg is the one the tests run, and what Glue has is not installed a second time."""
    text = (LOCKS / f"requirements-glue-{version}.txt").read_text()
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) == len(pinned)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    (tested,) = re.findall(r"^pyiceberg==(\S+)", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE)
    assert pinned["pyiceberg"] == tested
    provided = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements" / "glue" / f"{version}.txt").read_text(), re.MULTILINE))
    assert provided.items() <= pinned.items()
    assert ("pyarrow" in provided) is (version == "5.1")
    assert "pyspark" not in pinned
