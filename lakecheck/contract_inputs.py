"""What the commands about contracts have in common: which files, by which lake's rules, and what a wrong call looks like."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakemodel.config.loader import load_config
from lakemodel.contracts.loader import contract_files

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from lakemodel.config.model import LakeConfig

DEFAULT_CONFIG: Final = Path("config/lake.yaml")
DEFAULT_CONTRACTS: Final = Path("config/contracts")
OK, REFUSED, MISUSE = 0, 1, 2

_CONFIG: Final = """\
the lake.yaml whose policies, classifications, domains and personas hold. By default config/lake.yaml when it exists. Without any, every
policy is an error, the classifications are public, internal, confidential and restricted, and domains and roles are not checked
"""


class MisuseError(Exception):
    """The command was called with something that is not there."""


def misused(error: Exception) -> int:
    """Says why the call was wrong; the exit code."""
    print(f"lakecheck contracts: {error}", file=sys.stderr)
    return MISUSE


def refuse(*reasons: str) -> bool:
    """Says what is wrong, one line each; False."""
    for reason in reasons:
        print(f"ERROR {reason}", file=sys.stderr)
    return False


def number(count: int, what: str) -> str:
    """A count with its noun.

    Example:
        >>> number(2, "column")
        '2 columns'
    """
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds `--config` and `--no-config`."""
    parser.add_argument("--config", type=Path, metavar="FILE", help=_CONFIG)
    parser.add_argument("--no-config", action="store_true", help="leave config/lake.yaml aside even when it exists")


def read_config(arguments: argparse.Namespace) -> tuple[LakeConfig | None, str]:
    """The lake whose rules hold, and how to name them.

    Raises:
        MisuseError: Both `--config` and `--no-config` were given.
        InvalidInput: The lake.yaml is refused.
    """
    if arguments.config is not None and arguments.no_config:
        msg = "--config and --no-config exclude each other"
        raise MisuseError(msg)
    path = arguments.config
    if path is None and not arguments.no_config and DEFAULT_CONFIG.is_file():
        path = DEFAULT_CONFIG
    if path is None:
        return None, "built-in rules (no lake.yaml): domains and roles are not checked"
    return load_config(path), f"the rules of {path}"


def contract_paths(paths: Sequence[Path]) -> list[Path]:
    """The files that are meant by files and folders.

    Raises:
        MisuseError: There is no such file or folder, or a folder holds no contract.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inner = contract_files(path)
            if not inner:
                msg = f"{path}: the folder holds no data contract (*.odcs.yaml)"
                raise MisuseError(msg)
            found += inner
        elif path.is_file():
            found.append(path)
        else:
            msg = f"{path}: there is no such file or folder"
            raise MisuseError(msg)
    return list(dict.fromkeys(found))


def lock_roots(paths: Iterable[Path]) -> list[Path]:
    """The folders in which the locks of these files and folders stand; all of a lake's `config/contracts` for what is in it."""
    return list(dict.fromkeys(_whole(path if path.is_dir() else path.parent) for path in paths))


def _whole(folder: Path) -> Path:
    """The `config/contracts` that a folder is in, however its path is written; else the folder."""
    spelled = (Path(os.path.abspath(folder)), folder.resolve())  # noqa: PTH100 - without following links
    around = [one for path in spelled for one in (path, *path.parents)]
    if Path.cwd() / DEFAULT_CONTRACTS in around or DEFAULT_CONTRACTS.resolve() in around:
        return DEFAULT_CONTRACTS
    return next((one for one in around if one.parts[-2:] == DEFAULT_CONTRACTS.parts), folder)
