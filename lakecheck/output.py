"""Writes reports: to stdout, or to a file that is there as a whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable


def write(chunks: Iterable[str], output: Path | None) -> None:
    """Writes a report to stdout, or to a file that is there as a whole or not at all; a device or a pipe is written to, and stays one.

    Raises:
        DataLakeError: `report_not_written`.
    """
    if output is None or str(output) == "-":
        for chunk in chunks:
            sys.stdout.write(chunk)
        return
    temporary = None
    try:
        if output.exists() and not output.is_file() and not output.is_dir():
            with output.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as device:
                device.writelines(chunks)
            return
        output = output.resolve() if output.is_symlink() else output  # what it leads to is written, the link stays
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", errors="backslashreplace", newline="\n", dir=output.parent, prefix=f".{output.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.writelines(chunks)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(output)
    except OSError as error:
        msg = f"the report cannot be written: {error.strerror or error}"
        raise DataLakeError(msg, code="report_not_written", where=str(output)) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
