"""What is said of an invariant: proved, refuted by requests, or not known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.access.model import Access


class State(StrEnum):
    """The three verdicts."""

    PROVED = "proved"
    """In no request that the estate allows; under the assumptions that are listed."""
    REFUTED = "refuted"
    """A request shows it."""
    UNKNOWN = "unknown"
    """It depends on what no input tells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One request, as it was evaluated with every condition key known.

    Attributes:
        principal: ARN of who asks.
        action: `service:Name`.
        resource: The ARN.
        context: The condition keys that were needed.
        because: The statements that allow it.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]]
    because: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Counterexample:
    """What refutes an invariant, or would if what is not known were so.

    Attributes:
        summary: In a sentence: who can, or cannot, do what to which data.
        environment: The data's environment; empty when it has none.
        access: The access that is forbidden; None when something required is missing, or an IAM action is at issue.
        columns: The columns at issue, of those the access is about.
        context: Condition keys under which it is possible.
        requests: The requests that were confirmed by the concrete evaluator; empty when something is missing.
        reasons: What is not known, for an UNKNOWN.
        because: The grants and statements behind it.
        remedy: What to do about it; a sentence.
        source: `file:line` of the code that made what allows it, where known.
    """

    summary: str
    environment: str = ""
    access: Access | None = None
    columns: tuple[str, ...] = ()
    context: Mapping[str, tuple[str, ...]] | None = None
    requests: tuple[Asked, ...] = ()
    reasons: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    remedy: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exempted:
    """An exception that was used, or that fits nobody.

    Attributes:
        who: As written.
        because: As written.
        principals: The names of those it fits; empty when it fits nobody.
        needed: Whether anything would be forbidden without it.
    """

    who: str
    because: str
    principals: tuple[str, ...]
    needed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What is said of one invariant.

    Attributes:
        id: The invariant's.
        says: The invariant's.
        state: The verdict.
        examples: What refutes it, or what is not known; those shown, confirmed.
        more: How many more there are.
        exempted: Its exceptions.
        looked_at: How many accesses, or requirements, were judged.
    """

    id: str
    says: str
    state: State
    examples: tuple[Counterexample, ...] = ()
    more: int = 0
    exempted: tuple[Exempted, ...] = ()
    looked_at: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """All verdicts with what they rest on.

    Attributes:
        verdicts: One for each invariant, in the file's order.
        assumptions: In words.
        not_known: What could not be told about the estate at all.
    """

    verdicts: tuple[Verdict, ...]
    assumptions: tuple[str, ...] = ()
    not_known: tuple[str, ...] = ()

    def count(self, state: State) -> int:
        """How many invariants have this verdict."""
        return sum(verdict.state is state for verdict in self.verdicts)
