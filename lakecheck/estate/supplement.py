"""What templates cannot say, in a file of its own, `estate.yaml`: the organisation, principals from elsewhere, opt-ins, KMS grants, ...

It is read here and put into the estate by `estate.supplemented`. Whatever it says has its file as origin.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.supplement_model import WORDS, Document, PrincipalEntry, SupplementFile
from lakecheck.iam.documents import PolicyKind, read_policy
from lakemodel import yaml_source
from lakemodel.config.wording import shown
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding
from lakemodel.yaml_model import by_place, read_model, schema_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lakecheck.iam.model import Policy

Path_ = tuple[str | int, ...]
_UNION_PARTS: Final = frozenset({"literal['all']", "list[constrained-str]", "[key]"})


@dataclass(frozen=True, slots=True, eq=False)
class Supplement:
    """A supplement, read and found to be in order.

    Attributes:
        name: The file, as reports name it.
        file: What it says.
        policies: Its policies by the path at which each stands.
    """

    name: str
    file: SupplementFile
    policies: Mapping[Path_, Policy]


def load_supplement(path: Path, *, display: str | None = None) -> Supplement:
    """Reads an estate.yaml.

    Args:
        path: The file.
        display: How findings name it; the path as given when left out.

    Raises:
        InvalidInput: With every finding (codes `estate.*`): unknown or missing keys, values that cannot be, policies that AWS would refuse,
            files that are not there.
    """
    source = yaml_source.load(path, display=display)
    file = read_model(source, SupplementFile, code="estate", words=WORDS, ignored=_UNION_PARTS)
    findings = list(_complaints(file, source))
    policies: dict[Path_, Policy] = {}
    for where, entry, kind in _documents(file):
        policy = _policy(path, source, where, entry, kind)
        if isinstance(policy, list):
            findings += policy
        else:
            policies[where] = policy
    if findings:
        raise InvalidInput(sorted(findings, key=by_place))
    return Supplement(name=source.file, file=file, policies=policies)


def estate_schema_text() -> str:
    """The JSON Schema of the file, as it is committed beside it."""
    return schema_text(SupplementFile, "estate.yaml")


def _documents(file: SupplementFile) -> Iterator[tuple[Path_, Document, PolicyKind]]:
    """Every policy with the path at which it stands."""
    organization = file.organization
    if organization is not None:
        for key, entries in {"scps": organization.scps, "rcps": organization.rcps}.items():
            yield from ((("organization", key, number), entry, PolicyKind.ANY) for number, entry in enumerate(entries))
    for number, principal in enumerate(file.principals):
        for index, entry in enumerate(principal.inline_policies):
            yield ("principals", number, "inline_policies", index), entry, PolicyKind.IDENTITY
        if principal.trust is not None:
            yield ("principals", number, "trust"), principal.trust, PolicyKind.TRUST
    for number, managed in enumerate(file.managed_policies):
        yield ("managed_policies", number), managed, PolicyKind.IDENTITY
    owners: dict[str, list[Document | None]] = {
        "lake_formation": [each.policy for each in file.lake_formation],
        "buckets": [each.policy for each in file.buckets],
        "keys": [each.policy for each in file.keys],
    }
    for key, policies in owners.items():
        for number, policy in enumerate(policies):
            if policy is not None:
                yield (key, number, "policy"), policy, PolicyKind.RESOURCE


def _policy(path: Path, source: yaml_source.Document, where: Path_, entry: Document, kind: PolicyKind) -> Policy | list[Finding]:
    """The policy of an entry, or what is wrong with it."""
    if (entry.document is None) == (entry.file is None):
        message = "found both document and file" if entry.document is not None else "found neither document nor file"
        remedy = "State one of the two."
        return [Finding(source.place(where), "estate.document", message, remedy)]
    document: Any = entry.document
    if entry.file is not None:
        try:
            document = json.loads((path.parent / entry.file).read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            said = error.strerror.lower() if isinstance(error, OSError) and error.strerror else "it is no JSON"
            message = f"the policy {shown(entry.file)} cannot be read: {said}"
            return [Finding(source.place((*where, "file")), "estate.file", message, "Name a JSON file, relative to this one.")]
    name = entry.name if entry.name is not None else f"{source.file} {yaml_source.dotted(where)}"
    policy, findings = read_policy(document, name=name, kind=kind, at=str(source.place(where)).partition(" ")[0])
    key = "document" if entry.file is None else "file"
    return [
        Finding(source.place((*where, key)), each.code, f"{each.place.path}: {each.message}".removeprefix(": "), each.remedy)
        for each in findings
    ] or policy


def _complaints(file: SupplementFile, source: yaml_source.Document) -> Iterator[Finding]:
    """What the shapes of single values do not say."""
    for number, entry in enumerate(file.principals):
        where: Path_ = ("principals", number)
        if (entry.arn is None) == (entry.permission_set is None):
            message = "a principal is named by arn or by permission_set, by one of the two"
            yield Finding(source.place(where), "estate.principal", message, "State exactly one.")
        elif entry.permission_set is not None and not entry.accounts:
            message = "accounts is missing; a permission set has a role in each account that it is assigned to"
            yield Finding(source.place(where), "estate.accounts", message, "Add the accounts.")
        elif entry.arn is not None and (entry.accounts or not _is_role_or_user(entry.arn)):
            key = "accounts" if entry.accounts else "arn"
            message = f"found {shown(entry.arn)}; an ARN of a role or a user is expected, without accounts"
            yield Finding(source.place((*where, key)), "estate.principal", message, "Correct it.")
    stated = {
        "principals": [_names(each) for each in file.principals],
        "managed_policies": [[each.arn] for each in file.managed_policies],
        "buckets": [[each.name] for each in file.buckets],
        "keys": [[each.arn] for each in file.keys],
    }
    for kind, entries in stated.items():
        seen: dict[str, int | None] = {}
        for number, names in enumerate(entries):
            for name in names:
                if name in seen:
                    message = f"{shown(name)} stands at line {seen[name]} already"
                    yield Finding(source.place((kind, number)), "estate.duplicate", message, "Keep one of the two.")
                seen.setdefault(name, source.line((kind, number)))


def _is_role_or_user(arn: str) -> bool:
    return ":iam::" in arn and arn.split(":", 5)[5].startswith(("role/", "user/"))


def _names(entry: PrincipalEntry) -> list[str]:
    """Whom an entry is about: nobody may be stated twice."""
    return [entry.arn] if entry.arn is not None else [f"{entry.permission_set} in {account}" for account in entry.accounts]
