"""The project as it would be after a thorough refactoring: classes renamed, modules moved, in another folder. Nothing else differs."""

from __future__ import annotations

import ast
import io
import re
import shutil
import tokenize
from typing import TYPE_CHECKING

from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ("app.py", "cdk.json", "config", "constructs_lib", "lakemodel", "stacks")
MOVED = {
    "constructs_lib/storage": "constructs_lib/keeping",
    "constructs_lib/catalog/tables.py": "constructs_lib/catalog/declared.py",
    "stacks/storage.py": "stacks/containers.py",
    "stacks/stages.py": "stacks/environments.py",
}
PREFIX = "Renamed"


def refactored(folder: Path) -> Path:
    """A copy of the project in `folder`, with every class of constructs and stacks renamed and some modules moved."""
    folder.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, folder / part)
    for before, after in MOVED.items():
        (folder / before).rename(folder / after)
    sources = [folder / "app.py", *(folder / "stacks").rglob("*.py"), *(folder / "constructs_lib").rglob("*.py")]
    sources = [file for file in sources if "runtime" not in file.parts]  # runs in AWS: it is content, not construct
    names = {node.name for file in sources for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ClassDef)}
    assert len(names) > 60
    for file in sources:
        file.write_text(_moved(_renamed(file.read_text(), names)))
    return folder


def _renamed(text: str, names: set[str]) -> str:
    """`text` with those names spelled differently, where they are names or stand in an `__all__`; not in other strings."""
    tokens, previous, lines = [], "", text.splitlines(keepends=True)
    exported = _exported(text)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_name = token.type == tokenize.NAME and token.string in names and previous != "."
        is_exported = token.start in exported and token.string.strip("\"'") in names
        if is_name or is_exported:
            tokens.append((token.start, token.string))
        previous = token.string
    for (row, column), string in reversed(tokens):
        line = lines[row - 1]
        new = PREFIX + string if string[0] not in "\"'" else string[0] + PREFIX + string[1:]
        lines[row - 1] = line[:column] + new + line[column + len(string) :]
    return "".join(lines)


def _exported(text: str) -> set[tuple[int, int]]:
    """Where the strings of `__all__` stand. Other strings that happen to be a class's name are construct ids, and stay."""
    return {
        (each.lineno, each.col_offset)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for each in ast.walk(node.value)
        if isinstance(each, ast.Constant)
    }


def _moved(text: str) -> str:
    for before, after in MOVED.items():
        old, new = (path.removesuffix(".py").replace("/", ".") for path in (before, after))
        text = re.sub(rf"\b{re.escape(old)}\b", new, text)
    return text
