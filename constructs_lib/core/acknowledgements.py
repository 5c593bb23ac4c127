"""The one way to acknowledge a finding of a compliance pack: narrow, true, owned, and dated where a risk is accepted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aws_cdk import Acknowledgment, Validations

from constructs_lib.core.complaints import misuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

ACKNOWLEDGEMENT_METADATA = "governed-lake:acknowledgement"
LIBRARY_OWNER = "governed-lake"

_PREFIXED_ID = re.compile(r"^[\w.\-]+::\S.*$")
_DATE = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")


def acknowledge(construct: Construct, *rules: str, reason: str, owner: str = LIBRARY_OWNER, expires: str | None = None) -> None:
    """Acknowledges `rules` on `construct` and below, and writes reason, owner and expiry into the assembly's metadata.

    Args:
        construct: The resource the finding is about; never a whole stack.
        rules: Prefixed, granular ids as the report prints them, such as `AwsSolutions::AwsSolutions-IAM5[Resource::*]`.
        reason: Why the finding is right and still no fault here; true for this very resource.
        owner: Who answers for it; the library for what follows from its design.
        expires: Last day (YYYY-MM-DD) of a risk accepted for a time; no expiry when left out. `lakecheck` judges it, synth does not.

    Raises:
        DataLakeError: `acknowledgement_not_narrow` for an id without prefix or without a granular part where the rule
            has one, or a stack; `acknowledgement_incomplete` for an empty reason or owner, or a malformed date.
    """
    _check(construct, rules, reason, owner, expires)
    for rule in rules:
        Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
        entry = {"id": rule, "reason": reason, "owner": owner}
        if expires is not None:
            entry["expires"] = expires
        construct.node.add_metadata(ACKNOWLEDGEMENT_METADATA, entry)


def _check(construct: Construct, rules: Sequence[str], reason: str, owner: str, expires: str | None) -> None:
    for rule in rules:
        if not _PREFIXED_ID.match(rule) or rule.endswith("IAM5"):
            msg = f"got acknowledgement {rule!r}; allowed is a prefixed, granular id as the report prints it"
            raise misuse(construct, msg, code="acknowledgement_not_narrow")
    if len(construct.node.path.split("/")) < 2 or hasattr(construct, "stack_name"):  # noqa: PLR2004 - app/stack/resource
        msg = "acknowledgements stand on a resource, not on a stack or an app"
        raise misuse(construct, msg, code="acknowledgement_not_narrow")
    if not reason.strip() or not owner.strip() or (expires is not None and not _DATE.match(expires)):
        msg = f"got reason {reason!r}, owner {owner!r}, expires {expires!r}; each is needed, expires as YYYY-MM-DD"
        raise misuse(construct, msg, code="acknowledgement_incomplete")
