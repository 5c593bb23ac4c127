"""Reads policy documents into typed policies: what AWS would refuse becomes a finding, what is not known stays not known."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from lakecheck.iam.model import Policy, Statement
from lakecheck.iam.statements import Reader
from lakecheck.values import Unknown, has_hole, shown
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding, Place, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSIONS: Final = ("2008-10-17", "2012-10-17")
"""The versions of the policy language; a document without one is of the first."""

_ELEMENTS: Final = {"version": "Version", "id": "Id", "statement": "Statement"}


class PolicyKind(StrEnum):
    """What a document is attached to, which decides what AWS refuses in it."""

    ANY = "any"
    """Not told: nothing is refused that some kind of policy may have."""
    IDENTITY = "identity"
    """A policy of a user, group or role, a boundary, a session policy, a service control policy: never a principal, always a resource."""
    RESOURCE = "resource"
    """A resource's own policy, an endpoint's too: always a principal."""
    TRUST = "trust"
    """A role's trust policy: always a principal, never a resource."""


def parse_policy(document: Any, *, name: str, at: str = "", kind: PolicyKind = PolicyKind.ANY) -> Policy:
    """The policy of a document that AWS would take.

    Element names, condition keys, operators and action names are read in any case; one text stands for a list of one, one object for a list
    of one statement, numbers and booleans for their text. A document without `Version` is of 2008-10-17. Empty lists are taken and match
    nothing. An `Unknown` in the document makes what it stands in unknown: a statement that may then match or not
    (`Statement.unknown`), or a policy that may hold more than is seen (`Policy.unknown`).

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

    Args:
        document: An object, or JSON text of one.
        name: What a reader knows the policy by.
        at: `file:line` of the code that made it; nowhere when left out.
        kind: What it is attached to; when left out, principals and resources are neither asked for nor refused.

    Raises:
        InvalidInput: With a finding (codes `policy.*`) for each thing that AWS would refuse, each with the path in the document.

    Example:
        >>> policy = parse_policy({"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}, name="reader")
        >>> policy.statements[0].actions
        ('s3:Get*',)
    """
    policy, findings = read_policy(document, name=name, at=at, kind=kind)
    if findings:
        raise InvalidInput(findings)
    return policy


def read_policy(
    document: Any,
    *,
    name: str,
    at: str = "",
    kind: PolicyKind = PolicyKind.ANY,
) -> tuple[Policy, tuple[Finding, ...]]:
    """The policy of any document, with what AWS would refuse in it; never raises.

    What is refused is not dropped: a statement with it may match or not, a document that is none at all may allow and deny anything.

    Args:
        document: An object, or JSON text of one.
        name: What a reader knows the policy by.
        at: `file:line` of the code that made it; nowhere when left out.
        kind: What it is attached to; when left out, principals and resources are neither asked for nor refused.
    """
    reader = _DocumentReader(name, kind)
    try:
        version, statements, unknown = reader.read(document)
    except RecursionError:
        reader.refuse("", "document_too_deep", "the document is nested too deeply", "Flatten it.")
        version, statements, unknown = VERSIONS[0], (), ("the document is nested too deeply",)
    return Policy(name=name, version=version, statements=statements, unknown=unknown, at=at), tuple(reader.findings)


class _DocumentReader:
    def __init__(self, name: str, kind: PolicyKind) -> None:
        self.name = name
        self.kind = kind
        self.findings: list[Finding] = []
        self.unknown: list[str] = []

    def refuse(self, path: str, code: str, message: str, remedy: str) -> Unknown:
        """A finding, and what stands for the refused piece from now on."""
        self.findings.append(Finding(Place(self.name, path=path), f"policy.{code}", message, remedy))
        return Unknown(f"{f'{path}: ' if path else ''}{message}")

    def read(self, document: Any) -> tuple[str, tuple[Statement, ...], tuple[str, ...]]:
        body = self._body(document)
        if isinstance(body, Unknown):
            return VERSIONS[1], (), (body.reason,)
        version = self._version(body.get("Version", VERSIONS[0]))
        statements = self._statements(body)
        self._sids(statements)
        return version, statements, tuple(dict.fromkeys(self.unknown))

    def _body(self, document: Any) -> dict[str, Any] | Unknown:
        if isinstance(document, Unknown):
            return document
        if isinstance(document, str | bytes):
            document = self._parsed(document)
            if isinstance(document, Unknown):
                return document
        if not isinstance(document, dict):
            return self.refuse("", "not_an_object", f"got {kind_of(document)}; allowed is an object with a Statement", "Write an object.")
        reader = Reader(self.refuse)
        return reader.elements(document, _ELEMENTS, "")

    def _parsed(self, text: str | bytes) -> Any:
        try:
            return json.loads(text, object_pairs_hook=self._pairs)
        except (ValueError, UnicodeDecodeError) as error:
            if isinstance(text, str) and has_hole(text):
                return Unknown(f"a document with unknown text in it: {shown(text)[:80]}")
            return self.refuse("", "not_json", f"the text is not JSON: {printable(str(error))}", "Write valid JSON.")

    def _pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen = dict(pairs)
        if len(seen) < len(pairs):
            names = [key for key, _ in pairs]
            twice = next(key for key in names if names.count(key) > 1)
            value = self.refuse("", "repeated_element", f"{twice!r} stands twice in one object; allowed is once", "Keep one of them.")
            seen[twice] = value
        return seen

    def _version(self, value: Any) -> str:
        if isinstance(value, date):
            value = value.isoformat()
        if isinstance(value, Unknown) or (isinstance(value, str) and has_hole(value)):
            self.unknown.append("the version of the document is not known")
            return VERSIONS[1]
        if value not in VERSIONS:
            message = f"got {value!r}; allowed are {' and '.join(VERSIONS)}"
            self.unknown.append(self.refuse("Version", "version", message, f"Use {VERSIONS[1]}.").reason)
            return VERSIONS[1]
        return str(value)

    def _statements(self, body: Mapping[str, Any]) -> tuple[Statement, ...]:
        if "Statement" not in body:
            reason = self.refuse("", "no_statement", "the document has no Statement", "Add the list of statements.").reason
            self.unknown.append(reason)
            return ()
        found = body["Statement"]
        if isinstance(found, Unknown):
            self.unknown.append(found.reason)
            return ()
        listed = found if isinstance(found, list | tuple) else [found]
        statements: list[Statement] = []
        for index, each in enumerate(listed):
            path = f"Statement[{index}]" if isinstance(found, list | tuple) else "Statement"
            if isinstance(each, Unknown):
                self.unknown.append(each.reason)
            elif not isinstance(each, dict):
                message = f"got {kind_of(each)}; allowed is an object"
                self.unknown.append(self.refuse(path, "statement", message, "Write the statement as an object.").reason)
            else:
                reader = Reader(self.refuse, principal=_PRINCIPAL[self.kind], resource=_RESOURCE[self.kind])
                statements.extend(reader.statement(each, index, path))
        return tuple(statements)

    def _sids(self, statements: tuple[Statement, ...]) -> None:
        first: dict[str, int] = {}
        for each in statements:
            if each.sid and first.setdefault(each.sid, each.index) != each.index:
                path = f"Statement[{each.index}].Sid"
                message = f"{each.sid!r} is also the Sid of Statement[{first[each.sid]}]; allowed is one statement per Sid"
                self.refuse(path, "sid_twice", message, "Rename one of them.")


_PRINCIPAL: Final = {PolicyKind.ANY: None, PolicyKind.IDENTITY: False, PolicyKind.RESOURCE: True, PolicyKind.TRUST: True}
_RESOURCE: Final = {PolicyKind.ANY: None, PolicyKind.IDENTITY: True, PolicyKind.RESOURCE: None, PolicyKind.TRUST: False}


def kind_of(value: Any) -> str:
    """The JSON kind of a value, with an article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    return {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}.get(type(value), type(value).__name__)
