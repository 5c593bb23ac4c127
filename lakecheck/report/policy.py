"""The verdict of `lakecheck policy` as text and as JSON; the same documents give the same text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from lakecheck.formula import Truth
from lakemodel.findings import printable

if TYPE_CHECKING:
    from lakecheck.iam.comparison import Verdict, Witness

SCHEMA_VERSION: Final = 1

RESULTS: Final = {Truth.TRUE: "PASS", Truth.FALSE: "FAIL", Truth.OPEN: "UNKNOWN"}
EXIT_CODES: Final = {Truth.TRUE: 0, Truth.FALSE: 1, Truth.OPEN: 2}


def as_json(verdict: Verdict, name: str) -> str:
    """The verdict as JSON: `result`, and `witness` or `reasons`."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "policy": name,
        "result": RESULTS[verdict.truth],
        "witness": None if verdict.witness is None else _witness(verdict.witness),
        "reasons": list(verdict.reasons),
    }
    # Half a surrogate pair, which JSON can have and no encoding, stays an escape.
    return json.dumps(data, indent=2, ensure_ascii=False).encode(errors="backslashreplace").decode() + "\n"


def _witness(witness: Witness) -> dict[str, object]:
    return {
        "principal": witness.principal,
        "action": witness.action,
        "resource": witness.resource,
        "context": {key: list(values) for key, values in witness.context.items() if values},
        "missing_keys": [key for key, values in witness.context.items() if not values],
        "statement": {"index": witness.statement.index, "sid": witness.statement.sid},
    }


def as_text(verdict: Verdict, name: str, *, found: str, passed: str) -> str:
    """The verdict for people.

    Args:
        verdict: The verdict.
        name: The document that was judged.
        found: What the witness shows.
        passed: What the document does when all is well.
    """
    result = RESULTS[verdict.truth]
    if verdict.witness is not None:
        return "\n".join([f"{result}  {name}: this {found}", *_lines(verdict.witness), ""])
    if verdict.truth is Truth.TRUE:
        return f"{result}  {name} {passed}\n"
    return "\n".join([f"{result}  {name}: it cannot be told", *(f"  because    {printable(reason)}" for reason in verdict.reasons), ""])


def _lines(witness: Witness) -> list[str]:
    who = "whoever the policy is attached to" if witness.principal is None else witness.principal
    lines = [f"  principal  {printable(who)}", f"  action     {printable(witness.action)}", f"  resource   {printable(witness.resource)}"]
    lines += [f"  with       {printable(key)} = {printable(', '.join(values))}" for key, values in witness.context.items() if values]
    missing = [key for key, values in witness.context.items() if not values]
    lines += [f"  without    {printable(', '.join(missing))}"] if missing else []
    sid = f" ({printable(witness.statement.sid)})" if witness.statement.sid else ""
    return [*lines, f"  allowed by Statement[{witness.statement.index}]{sid}"]
