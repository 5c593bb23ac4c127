"""Tag policies and account defaults as data: what tags are called, which values they have, what accounts begin with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Sequence

_TYPE: Final = re.compile(r"^[a-z0-9-]+:(\*|[a-zA-Z0-9-]+)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class TagRule:
    """How one tag is written.

    Attributes:
        key: Its key, in the spelling to use.
        values: The values that it may have, a `*` at the end standing for the rest; every value when left out.
        enforced_for: Types of resources, such as `s3:bucket` or `glue:*`, that are refused with another value; when left out such
            resources are reported only.

    Raises:
        DataLakeError: `tag_rule_malformed`.
    """

    key: str
    values: tuple[str, ...] = ()
    enforced_for: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses what Organizations would refuse later."""
        wrong = [each for each in self.enforced_for if not _TYPE.match(each)]
        if not self.key or wrong:
            msg = f"got the tag {self.key!r}, enforced for {', '.join(wrong) or 'nothing'}; allowed are a key, and types such as s3:bucket"
            raise DataLakeError(msg, code="tag_rule_malformed")


def tag_document(rules: Sequence[TagRule]) -> dict[str, Any]:
    """The tag policy that says these rules.

    Raises:
        DataLakeError: `tag_rule_twice`, for keys that differ in their case only.
    """
    found: dict[str, Any] = {}
    for rule in sorted(rules, key=lambda each: each.key.lower()):
        if rule.key.lower() in found:
            msg = f"two rules are about the tag {rule.key!r}, in whatever case; allowed is one: unite them"
            raise DataLakeError(msg, code="tag_rule_twice")
        entry: dict[str, Any] = {"tag_key": {"@@assign": rule.key}}
        if rule.values:
            entry["tag_value"] = {"@@assign": list(rule.values)}
        if rule.enforced_for:
            entry["enforced_for"] = {"@@assign": list(rule.enforced_for)}
        found[rule.key.lower()] = entry
    return {"tags": found}


BLOCKED_BUCKETS: Final = {"s3_attributes": {"public_access_block_configuration": {"@@assign": "all"}}}
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3.html"""

CLOSED_INSTANCES: Final = {
    "ec2_attributes": {
        "image_block_public_access": {"state": {"@@assign": "block_new_sharing"}},
        "instance_metadata_defaults": {"http_tokens": {"@@assign": "required"}},
        "serial_console_access": {"status": {"@@assign": "disabled"}},
        "snapshot_block_public_access": {"state": {"@@assign": "block_all_sharing"}},
    }
}
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative_syntax.html"""
