"""Names what changed policies newly allow to others, deny no more, or give widely to an identity; decided as IAM would, with a request.

What roles of the same account may newly do with the lake's data is the matter of `lakecheck access diff`; here are told those outside of
the account, conditions that are gone, and administration.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-custom-policy-checks.html
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from lakecheck.formula import Truth
from lakecheck.upgrade.model import Deletion, Fate
from lakecheck.upgrade.reading import MISSING, at, both, canonical, is_empty, items, said, tell, touched
from lakecheck.upgrade.security.identity_statements import Identities
from lakecheck.upgrade.security.policy_statements import (
    Comparer,
    allows,
    assuming,
    denies,
    fresh,
    guards,
    listed,
    names_everybody,
    unguarded,
    wide,
    without_guards,
)
from lakecheck.upgrade.security.policy_table import (
    ATTACHED,
    IDENTITY_POLICIES,
    MANAGED,
    RESOURCE_POLICIES,
    WIDE_MANAGED,
    documents,
    parsed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.iam.comparison import Verdict
    from lakecheck.upgrade.model import Comparison, ResourceChange, Risk
    from lakecheck.upgrade.security.policy_table import Carrier

RULES: Final[Mapping[str, str]] = {
    "security_weakened.policy": "A resource's policy lets somebody outside of the account in who was not let in.",
    "security_weakened.trust": "A role can be assumed by somebody outside of the account who could not.",
    "security_weakened.deny": "A policy denies no more what it denied.",
    "security_weakened.condition": "A policy asks for a condition no more, such as a second factor, an organisation or a source.",
    "security_weakened.wide_rights": "An identity gets every action of a service, or administration.",
    "security_weakened.organization_policy": "A policy of the organisation allows what it did not.",
    "security_weakened.endpoint": "The policy of a VPC endpoint asks for less, or denies less, than it did.",
}

_ROLE: Final = "AWS::IAM::Role"
_ENDPOINT: Final = "AWS::EC2::VPCEndpoint"
_ORGANIZATION: Final = "AWS::Organizations::Policy"
_OTHERS: Final = "Name whom to let in (role, account with an external id, aws:PrincipalOrgID), and approve it if that is meant."
_CONSEQUENCES: Final = {
    "security_weakened.policy": "Whoever that is, no other account has to agree: {opens} is open to them as soon as this is deployed.",
    "security_weakened.trust": "Whoever that is, they can become {opens}, as soon as this is deployed.",
    "security_weakened.deny": "What the statement refused whatever else was allowed now depends on all other policies.",
    "security_weakened.condition": "Those who were let in under the condition are let in without it.",
    "security_weakened.wide_rights": "Whoever has the identity can do more than its work needs, and perhaps give itself the rest.",
    "security_weakened.organization_policy": "Every account below may do it from now on, if its own policies allow it.",
    "security_weakened.endpoint": "Whoever is in the network reaches more through it, other accounts' data too.",
}
_REMEDIES: Final = {
    "security_weakened.policy": _OTHERS,
    "security_weakened.trust": _OTHERS,
    "security_weakened.deny": "Keep the statement; except from it by name whoever needs it.",
    "security_weakened.condition": "Keep the condition, or replace it by one that asks for as much.",
    "security_weakened.wide_rights": "Give the actions and resources that are needed, by name, and add a permissions boundary.",
    "security_weakened.organization_policy": "Keep what it refuses; except by name the accounts or roles that need it.",
    "security_weakened.endpoint": "Keep its conditions and what it denies; add by name the resources that are needed.",
}


def risks(comparison: Comparison) -> Iterator[Risk]:
    """What changed policies open; those of new resources only where they are open to everybody."""
    judge = _Judge(comparison)
    for change in comparison.changes:
        if change.fate in (Fate.LEFT_BEHIND, Fate.TYPE_CHANGED):
            continue
        if change.type in RESOURCE_POLICIES:
            yield from judge.of_resource(change, RESOURCE_POLICIES[change.type])
        if change.type in IDENTITY_POLICIES:
            yield from judge.of_identity(change, IDENTITY_POLICIES[change.type])
            yield from judge.managed(change)
        elif change.type == _ORGANIZATION:
            yield from judge.of_organization(change)
        elif change.type == _ENDPOINT:
            yield from judge.of_endpoint(change)


class _Judge:
    def __init__(self, comparison: Comparison) -> None:
        self.changes = comparison.changes
        self.comparer = Comparer(comparison)
        self.identities = Identities(comparison, self.comparer.named)

    # --- what is there before and after ------------------------------------------------------------------------------------------------

    @cached_property
    def _added(self) -> frozenset[str]:
        """What new resources are called."""
        return _names(change for change in self.changes if change.fate is Fate.ADDED)

    @cached_property
    def _removed(self) -> frozenset[str]:
        """What resources are called that go."""
        return _names(change for change in self.changes if change.fate is Fate.REMOVED)

    @cached_property
    def _by_subject(self) -> dict[tuple[Fate, str, str], ResourceChange]:
        """Policies that are new or gone, by what they protect."""
        found: dict[tuple[Fate, str, str], ResourceChange] = {}
        for change in self.changes:
            carrier = RESOURCE_POLICIES.get(change.type)
            if carrier is not None and carrier.of and carrier.path and change.fate in (Fate.ADDED, Fate.REMOVED):
                found[change.fate, change.type, _subject(change, carrier)] = change
        return found

    def _documents(self, change: ResourceChange, carrier: Carrier) -> tuple[Any, Any] | None:
        """The documents before and after; None where there is nothing to compare."""
        pair = both(change)
        if pair is not None:
            if carrier.path and not touched(change, carrier.path):
                return None
            return self.comparer.named(carrier.document(pair[0])), carrier.document(pair[1])
        if not carrier.of:
            return None
        document = carrier.document(change.node.resource.properties)
        if change.fate is Fate.ADDED:
            earlier = self._by_subject.get((Fate.REMOVED, change.type, _subject(change, carrier)))
            before = None if earlier is None else self.comparer.named(carrier.document(earlier.node.resource.properties))
            return None if earlier is None and self._is_new(change, carrier) else (before, document)
        if change.fate is Fate.REMOVED and change.deletion is not Deletion.RETAINED:
            replaced = (Fate.ADDED, change.type, _subject(change, carrier)) in self._by_subject
            gone = any(canonical(each) in self._removed for each in items(at(change.node.resource.properties, carrier.of)))
            return None if replaced or gone else (self.comparer.named(document), MISSING)
        return None

    def _is_new(self, change: ResourceChange, carrier: Carrier) -> bool:
        """Whether what a new policy protects is new as well."""
        subjects = items(at(change.node.resource.properties, carrier.of)) if carrier.of else []
        return not subjects or all(canonical(each) in self._added for each in subjects)

    # --- resources -----------------------------------------------------------------------------------------------------------------------

    def of_resource(self, change: ResourceChange, carrier: Carrier) -> Iterator[Risk]:
        """What others are newly allowed, what is denied no more, which conditions are gone."""
        pair = self._documents(change, carrier)
        if pair is None:
            if change.fate is Fate.ADDED and self._is_new(change, carrier):
                yield from self._public(change, carrier)
            return
        was, now = pair
        if canonical(was) == canonical(now):
            return
        account = change.node.resource.account
        rule = "security_weakened.trust" if change.type == _ROLE else "security_weakened.policy"
        new = fresh(allows(was), allows(now))
        if change.type == _ROLE:
            new = [part for each in new for part in assuming(each)]
        if new:
            verdict = self.comparer.new_access([*allows(was), *denies(now)], [*new, *denies(now)], outside=account)
            if verdict.truth is Truth.TRUE or self._is_by_conditions_alone(was, now, new, account):
                yield from self._conditions(change, carrier, was, now, new)
            else:
                yield from self._told(change, carrier.path, rule, verdict, opens=carrier.opens)
        if fresh(denies(now), denies(was)):
            verdict = self.comparer.new_access(guards(was), guards(now), outside=account)
            yield from self._told(change, carrier.path, "security_weakened.deny", verdict)

    def _public(self, change: ResourceChange, carrier: Carrier) -> Iterator[Risk]:
        """A policy of a new resource that lets in everybody without a condition on who or from where."""
        for statement in allows(carrier.stated(change.node.resource.properties)):
            if unguarded(statement):
                yield self._risk(
                    change,
                    carrier.path,
                    "security_weakened.trust" if change.type == _ROLE else "security_weakened.policy",
                    "it is open to everybody from the start",
                    (f"statement: {said(statement)}",),
                    opens=carrier.opens,
                )

    def _is_by_conditions_alone(self, was: Any, now: Any, new: list[Any], account: str) -> bool:
        """Whether those who are named newly get in only as conditions that guarded the same are gone."""
        gone = {key for each in fresh(allows(now), allows(was)) for key in without_guards(each)[1]}
        kept = {key for each in new for key in without_guards(each)[1]}
        if not gone - kept or any(map(names_everybody, new)):
            return False
        bare = [without_guards(each)[0] for each in allows(was)]
        return self.comparer.new_access([*bare, *denies(now)], [*new, *denies(now)], outside=account).truth is Truth.TRUE

    def _conditions(self, change: ResourceChange, carrier: Carrier, was: Any, now: Any, new: list[Any]) -> Iterator[Risk]:
        """Conditions that guarded those who are let in, and are gone."""
        for statement in new:
            lost = {key for each in fresh(allows(now), allows(was)) for key in without_guards(each)[1]} - without_guards(statement)[1]
            if not lost:
                continue
            verdict = self.comparer.new_access(allows(was), [statement, *denies(now)])
            bare = [without_guards(each)[0] for each in allows(was)]
            if verdict.truth is Truth.FALSE and self.comparer.new_access(bare, [statement]).truth is Truth.TRUE:
                message = f"its policy asks for {', '.join(sorted(lost))} no more"
                yield self._risk(change, carrier.path, "security_weakened.condition", message, self.comparer.example(verdict))
                return

    # --- identities and organisations ----------------------------------------------------------------------------------------------------

    def of_identity(self, change: ResourceChange, paths: tuple[str, ...]) -> Iterator[Risk]:
        """Wide rights that somebody gets who was there before."""
        pair = both(change)
        for path in paths:
            if pair is not None and touched(change, path):
                was, now = self.comparer.named(documents(pair[0], path)), documents(pair[1], path)
            elif change.fate is Fate.ADDED and self._is_attached(change):
                was, now = MISSING, documents(change.node.resource.properties, path)
            else:
                continue
            new = [part for each in fresh(allows(was), allows(now)) for part in wide(each)]
            if new:
                before = [*allows(was), *allows(listed(self.identities.before(change)))]
                verdict = self.comparer.new_access([*before, *denies(now)], [*new, *denies(now)], names_principals=False)
                yield from self._told(change, path, "security_weakened.wide_rights", verdict)
        yield from self._denied_no_more(change, paths)

    def _denied_no_more(self, change: ResourceChange, paths: tuple[str, ...]) -> Iterator[Risk]:
        """What a policy refused an identity that is still there, and no policy of it does any more."""
        pair = both(change)
        is_removed = change.fate is Fate.REMOVED and change.deletion is not Deletion.RETAINED and bool(self.identities.left(change))
        for path in paths if pair is not None or is_removed else ():
            if pair is not None and not touched(change, path):
                continue
            was = self.comparer.named(documents(change.node.resource.properties if pair is None else pair[0], path))
            now = MISSING if pair is None else documents(pair[1], path)
            if fresh(denies(now), denies(was)):
                after = listed([*denies(now), *denies(listed(self.identities.after(change)))])
                sides = (guards(each, names_principals=False) for each in (was, after))
                verdict = self.comparer.new_access(*sides, names_principals=False)
                yield from self._told(change, path, "security_weakened.deny", verdict)

    def _is_attached(self, change: ResourceChange) -> bool:
        """Whether a new policy is for somebody who is not new."""
        properties = change.node.resource.properties
        return any(canonical(each) not in self._added for name in ATTACHED for each in items(at(properties, name)))

    def managed(self, change: ResourceChange) -> Iterator[Risk]:
        """Managed policies that give a lot, newly attached to somebody."""
        pair = both(change)
        for path in MANAGED if pair is not None else ():
            if pair is None or not touched(change, path):
                continue
            before = {said(each).rpartition("/")[2] for each in items(at(pair[0], path))}
            for name in dict.fromkeys(said(each).rpartition("/")[2] for each in items(at(pair[1], path))):
                if name not in before and (name in WIDE_MANAGED or name.endswith("FullAccess")):
                    yield self._risk(change, path, "security_weakened.wide_rights", f"it gets the managed policy {name}", ())

    def of_organization(self, change: ResourceChange) -> Iterator[Risk]:
        """What a service or resource control policy refused and does not any more."""
        pair = both(change)
        if pair is None or not touched(change, "Content"):
            return
        was, now = self.comparer.named(parsed(at(pair[0], "Content"))), parsed(at(pair[1], "Content"))
        kind = at(pair[1], "Type")
        if kind not in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
            return
        names = kind == "RESOURCE_CONTROL_POLICY"
        sides = [
            [*allows(each), *denies(each)] if allows(each) else guards(each, names_principals=names)
            for each in (was, now)
        ]  # fmt: skip
        verdict = self.comparer.new_access(*sides, names_principals=names)
        yield from self._told(change, "Content", "security_weakened.organization_policy", verdict)

    def of_endpoint(self, change: ResourceChange) -> Iterator[Risk]:
        """What an endpoint's policy lets through without a condition that it had, or against what it denied."""
        pair = both(change)
        if pair is None or not touched(change, "PolicyDocument") or is_empty(at(pair[1], "PolicyDocument")):
            return
        was, now = self.comparer.named(parsed(at(pair[0], "PolicyDocument"))), parsed(at(pair[1], "PolicyDocument"))
        new, gone = fresh(allows(was), allows(now)), fresh(allows(now), allows(was))
        lost = {key for each in gone for key in without_guards(each)[1]} - {key for each in new for key in without_guards(each)[1]}
        if (new and (lost or any(unguarded(each) and wide(each) for each in new))) or fresh(denies(now), denies(was)):
            verdict = self.comparer.new_access([*allows(was), *denies(was)], [*allows(now), *denies(now)])
            yield from self._told(change, "PolicyDocument", "security_weakened.endpoint", verdict)

    # --- words -------------------------------------------------------------------------------------------------------------------------

    def _told(self, change: ResourceChange, path: str, rule: str, verdict: Verdict, *, opens: str = "") -> Iterator[Risk]:
        if verdict.truth is Truth.TRUE:
            return
        if verdict.truth is Truth.OPEN:
            yield self._risk(change, path, rule, "whether that is so cannot be told", verdict.reasons, opens=opens, is_certain=False)
            return
        yield self._risk(change, path, rule, self.comparer.request(verdict), self.comparer.example(verdict), opens=opens)

    def _risk(
        self,
        change: ResourceChange,
        path: str,
        rule: str,
        message: str,
        because: tuple[str, ...],
        *,
        opens: str = "",
        is_certain: bool = True,
    ) -> Risk:
        title = RULES[rule]
        return tell(
            change,
            rule,
            message if rule == "security_weakened.condition" else f"{title[0].lower()}{title[1:-1]}: {message}",
            consequence=_CONSEQUENCES[rule].format(opens=opens),
            remedy=_REMEDIES[rule],
            at=path,
            because=because,
            is_certain=is_certain,
        )


def _names(changes: Iterable[ResourceChange]) -> frozenset[str]:
    """What resources are called; a policy that stands beside what it protects is often called like that."""
    return frozenset(
        canonical(name)
        for change in changes
        if change.type not in RESOURCE_POLICIES or not RESOURCE_POLICIES[change.type].of
        for name in (change.node.resource.ref, change.node.resource.arn, *change.node.resource.attributes.values())
        if isinstance(name, str) and name
    )


def _subject(change: ResourceChange, carrier: Carrier) -> str:
    return canonical(at(change.node.resource.properties, carrier.of))
