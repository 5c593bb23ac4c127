"""What is done about which finding: one table.

A finding that no line fits is told and nothing is done. A line that fits says what is done about each kind of resource in it. Findings
about behaviour are guesses and count from a severity on; findings about configuration are facts, have often a low severity or none, and
count always.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .findings import ACCESS_KEY, ACCOUNT, BUCKET, FUNCTION, KEY, OBJECT, ROLE, USER, Finding, Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

QUARANTINE = "quarantine"
KEEP_OUTSIDERS_OUT = "keep-outsiders-out"
BLOCK_PUBLIC_ACCESS = "block-public-access"
REVOKE_SESSIONS = "revoke-sessions"
DISABLE_ACCESS_KEY = "disable-access-key"
REVOKE_KEY_GRANTS = "revoke-key-grants"
STOP_FUNCTION = "stop-function"

_IDENTITY = {ROLE: REVOKE_SESSIONS, USER: REVOKE_SESSIONS, ACCESS_KEY: DISABLE_ACCESS_KEY}
_TACTICS = (
    "CredentialAccess",
    "DefenseEvasion",
    "Discovery",
    "Exfiltration",
    "Impact",
    "InitialAccess",
    "PenTest",
    "Persistence",
    "PrivilegeEscalation",
    "Recon",
    "Stealth",
    "UnauthorizedAccess",
)  # and not `Policy`, which is about what somebody of ours configured
_PUBLIC = {BUCKET: BLOCK_PUBLIC_ACCESS, ACCOUNT: BLOCK_PUBLIC_ACCESS}


@dataclass(frozen=True, slots=True)
class Play:
    """One line of the table.

    Args:
        types: Pattern of the finding's type, with `*`.
        does: The containment for each kind of resource.
        is_fact: Whether it is about configuration, so that severity does not count.
        given: What the finding has to say of the resource: `exposed` to somebody outside, or reached by somebody `anonymous`; nothing when
            empty.
    """

    types: str
    does: dict[str, str]
    is_fact: bool = False
    given: str = ""


PLAYS = (
    # Taken or destroyed data: whose credentials they were, and the bucket itself.
    Play("Exfiltration:S3/*", {**_IDENTITY, BUCKET: QUARANTINE}),
    Play("Impact:S3/*", {**_IDENTITY, BUCKET: QUARANTINE}),
    Play("AttackSequence:S3/*", {**_IDENTITY, BUCKET: QUARANTINE}),
    Play("Object:S3/*", {OBJECT: QUARANTINE}),
    # Looked around, or came from where nobody of ours is: whose credentials they were; without any, how they came in.
    *(Play(f"{tactic}:S3/*", {BUCKET: BLOCK_PUBLIC_ACCESS}, given="anonymous") for tactic in _TACTICS),
    *(Play(f"{tactic}:{about}/*", _IDENTITY) for tactic in _TACTICS for about in ("S3", "IAMUser")),
    Play("AttackSequence:*", _IDENTITY),
    Play("*:Lambda/*", {FUNCTION: STOP_FUNCTION}),
    # Open buckets.
    Play("Policy:S3/BucketAnonymousAccessGranted", _PUBLIC, is_fact=True),
    Play("Policy:S3/BucketPublicAccessGranted", _PUBLIC, is_fact=True),
    Play("Policy:S3/BucketBlockPublicAccessDisabled", _PUBLIC, is_fact=True),
    Play("Policy:S3/AccountBlockPublicAccessDisabled", _PUBLIC, is_fact=True),
    Play("Policy:IAMUser/S3BucketPublic", _PUBLIC, is_fact=True),
    Play("Policy:IAMUser/S3BlockPublicAccessDisabled", _PUBLIC, is_fact=True),
    Play("Policy:IAMUser/S3BucketSharedExternally", {BUCKET: KEEP_OUTSIDERS_OUT}, is_fact=True),
    Play("SensitiveData:S3Object/*", {OBJECT: QUARANTINE}, given="exposed"),
    *(Play(f"SecurityHub:{control}", _PUBLIC, is_fact=True) for control in ("S3.1", "S3.2", "S3.3", "S3.8")),
    *(
        Play(f"Config:{rule}", _PUBLIC, is_fact=True)
        for rule in (
            "s3-account-level-public-access-blocks",
            "s3-account-level-public-access-blocks-periodic",
            "s3-bucket-level-public-access-prohibited",
            "s3-bucket-public-read-prohibited",
            "s3-bucket-public-write-prohibited",
        )
    ),
    Play("AccessAnalyzer:Public/AWS::S3::Bucket", {BUCKET: BLOCK_PUBLIC_ACCESS}, is_fact=True),
    Play("AccessAnalyzer:External/AWS::S3::Bucket", {BUCKET: KEEP_OUTSIDERS_OUT}, is_fact=True),
    *(Play(f"AccessAnalyzer:{who}/AWS::KMS::Key", {KEY: REVOKE_KEY_GRANTS}, is_fact=True) for who in ("External", "Public")),
)

# What Security Hub and rules of the organisation put before the name of a rule, and they and conformance packs behind it.
_BEFORE = re.compile(r"(?:securityhub|orgconfigrule)-")
_BEHIND = re.compile(r"-conformance-pack-[a-z0-9]+$|-[0-9a-f]{6,8}$")
_BEHIND_LINKED = re.compile(r"-[a-z0-9]{6,8}$")


def _names_of_rule(written: str) -> set[str]:
    """What a Config rule may be called without what was put around its name."""
    written = written.lower()
    name = _BEFORE.sub("", written, count=1) if _BEFORE.match(written) else written
    return {name, _BEHIND.sub("", name), _BEHIND_LINKED.sub("", name) if name != written else name}


def fitting(finding: Finding) -> list[Play]:
    """The lines that fit the type of `finding`."""
    source, _, name = finding.type.partition(":")
    kinds = {f"Config:{each}" for each in _names_of_rule(name)} if source == "Config" else {finding.type}
    return [play for play in PLAYS if any(fnmatchcase(kind, play.types) for kind in kinds)]


def steps(finding: Finding, *, minimum_severity: float) -> Iterator[tuple[str, Resource]]:
    """What is to be done about which resource: each once, identities first, because they are who would go on."""
    done = set()
    for resource in sorted(finding.resources, key=lambda each: each.kind not in _IDENTITY):
        for play in fitting(finding):
            containment = play.does.get(resource.kind)
            counts = play.is_fact or finding.severity >= minimum_severity
            applies = not play.given or resource.facts.get(play.given) is True
            if containment is None or not counts or not applies or (containment, resource) in done:
                continue
            done.add((containment, resource))
            yield containment, resource
