"""Builds the zip of wheels that a Glue job installs from where it reaches no index: `JobDependencies.from_wheels` takes it.

Usage: python tools/job_wheels.py 5.0|5.1|6.0 FILE.gluewheels.zip

The wheels are those of the lock, for Glue's Python and machine, whatever this machine is; pip checks their hashes. Left out is what Glue
has in the locked version already. The same lock gives the same bytes everywhere.
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html#glue-python-library-zip-of-wheels-appendix
"""

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "constructs_lib" / "runtime" / "ingestion"
PYTHONS = {"5.0": "3.11", "5.1": "3.11", "6.0": "3.13"}
SUFFIX = ".gluewheels.zip"
GLIBCS = ("2_34", "2_28", "2_26", "2_17")
PINNED = re.compile(r"^(?P<pin>(?P<name>[A-Za-z0-9._-]+)==[^\s\\;]+)")
EPOCH = (1980, 1, 1, 0, 0, 0)


def main() -> int:
    if len(sys.argv) != 3 or sys.argv[1] not in PYTHONS or not sys.argv[2].endswith(SUFFIX):
        print(__doc__, file=sys.stderr)
        return 2
    version, target = sys.argv[1], Path(sys.argv[2])
    wanted = lacking(version)
    with tempfile.TemporaryDirectory() as folder:
        done = download(wanted, version, Path(folder))
        if done.returncode:
            print("job-wheels: pip could not fetch the wheels; see above", file=sys.stderr)
            return 1
        target.parent.mkdir(parents=True, exist_ok=True)
        pack(Path(folder), [pin for pin, _ in wanted], target)
    print(f"{target}: {len(wanted)} wheels for Glue {version}, {target.stat().st_size / 1e6:.0f} MB")
    return 0


def lacking(version: str) -> list[tuple[str, str]]:
    """What is locked and not in Glue: each as its pin and as the lock's whole entry with hashes."""
    provided = set(pins(ROOT / "requirements" / "glue" / f"{version}.txt"))
    return [(pin, entry) for pin, entry in pins(LOCKS / f"requirements-glue-{version}.txt").items() if pin not in provided]


def pins(file: Path) -> dict[str, str]:
    """The entries of a requirements file by their pin."""
    entries = re.split(r"\n(?=\S)", file.read_text(encoding="utf-8"))
    return {found["pin"]: entry for entry in entries if (found := PINNED.match(entry))}


def download(wanted: list[tuple[str, str]], version: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    listed = folder / "locked.txt"
    listed.write_text("".join(f"{entry.rstrip()}\n" for _, entry in wanted), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--python-version", PYTHONS[version], "--implementation", "cp", "--dest", str(folder)]
    for glibc in GLIBCS:
        command += ["--platform", f"manylinux_{glibc}_x86_64"]
    command += ["--platform", "manylinux2014_x86_64", "--requirement", str(listed)]
    return subprocess.run(command, cwd=ROOT, check=False)


def pack(folder: Path, listed: list[str], target: Path) -> None:
    """The zip as Glue wants it; sorted and without times, so that the same wheels are the same bytes."""
    contents = {f"wheels/{wheel.name}": wheel.read_bytes() for wheel in folder.glob("*.whl")}
    contents["wheels/requirements.txt"] = "".join(f"{pin}\n" for pin in sorted(listed)).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in sorted(contents.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)  # stored, not deflated: wheels are zips, and a zlib's bytes depend on its version


if __name__ == "__main__":
    sys.exit(main())
