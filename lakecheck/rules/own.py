"""Rules that a user wrote in Python, by path; they are run, as the app itself is."""

from __future__ import annotations

import importlib.util
import re
import traceback
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rules.base import Rule
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_ID: Final = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")


def own_rules(paths: Iterable[Path], *, beside: Iterable[Rule] = ()) -> tuple[Rule, ...]:
    """The rules of Python files: each has a `RULE`, or several in `RULES`.

    Args:
        paths: The files, in order.
        beside: Rules whose ids are taken; none when left out.

    Raises:
        DataLakeError: `rule_unreadable`, if a file cannot be run or has no rule; `rule_id`, if an id is not `family.name` or is taken.
    """
    taken = {rule.id: "lakecheck's own" for rule in beside}
    found = []
    for number, path in enumerate(paths):
        for rule in _rules_of(path, f"lakecheck_own_rules_{number}"):
            if _ID.fullmatch(rule.id) is None:
                msg = f"got the rule id {rule.id!r}; allowed is family.name in lower case, such as sales.owner_tag"
                raise DataLakeError(msg, code="rule_id", where=str(path))
            if rule.id in taken:
                msg = f"the rule id {rule.id} is that of {taken[rule.id]} already; choose another"
                raise DataLakeError(msg, code="rule_id", where=str(path))
            taken[rule.id] = str(path)
            found.append(rule)
    return tuple(found)


def _rules_of(path: Path, name: str) -> Iterator[Rule]:
    module = _run(path, name)
    single, several = getattr(module, "RULE", None), getattr(module, "RULES", ())
    rules: list[Any] = [*([] if single is None else [single]), *several]
    if not rules or not all(isinstance(rule, Rule) for rule in rules):
        msg = "the file has no rule; a lakecheck.rules.Rule is expected in RULE, or several in RULES"
        raise DataLakeError(msg, code="rule_unreadable", where=str(path))
    yield from rules


def _run(path: Path, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        msg = "the file is no Python file; its name has to end in .py"
        raise DataLakeError(msg, code="rule_unreadable", where=str(path))
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        at = f" at line {lines[-1]}" if lines else ""
        msg = f"the file cannot be run: {type(error).__name__}{at}: {error}"
        raise DataLakeError(msg, code="rule_unreadable", where=str(path)) from error
    return module
