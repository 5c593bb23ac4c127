"""What is granted by one resource and revoked by another, because deletions come after everything else.

`AWS::LakeFormation::PrincipalPermissions` is create-only in every property, and known by catalog, principal and resource without the
permissions. Replaced under its logical id it is deleted first, as its schema says (`replacementStrategy`): what both state is gone in
between. Under another logical id the new one is made first, and deleting the old one takes what both state. The Delete of a custom
resource of permissions takes whatever it declared, whoever else declares it. So do an LF-Tag's association and its deletion.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lakeformation-principalpermissions.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.estate.lake_formation import PERMISSIONS
from lakecheck.estate.model import EVERY_PERMISSION
from lakecheck.upgrade.comparison.schemas import facts
from lakecheck.upgrade.lake_formation.letting_go import is_let_go, touched
from lakecheck.upgrade.lake_formation.single_rights import few, lines, place_of, who
from lakecheck.upgrade.model import Fate
from lakecheck.upgrade.reading import at, canonical, items, tell
from lakecheck.values import generated_holes, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.upgrade.lake_formation.single_rights import Place, Right, State, Thing
    from lakecheck.upgrade.model import Comparison, ResourceChange, Risk

RULES: Final = {
    "lost_access.revoked_after_grant": "What one resource grants is revoked when another one, which granted the same, is deleted after it.",
    "lost_access.untagged_after_tag": "LF-Tags that one resource puts on are taken off when another one that did is deleted after it.",
    "lost_access.gap": "A grant or LF-Tag is taken away and given again, because its resource is deleted first when it is replaced.",
    "lost_access.resource_share": "A resource share is deleted, or shares less, or with fewer.",
}

_NATIVE: Final = frozenset({"AWS::LakeFormation::PrincipalPermissions", "AWS::LakeFormation::Permissions"})
_GRANTING: Final = _NATIVE | {PERMISSIONS}
_TAGGING: Final = frozenset({"AWS::LakeFormation::TagAssociation", PERMISSIONS})
_SHARE: Final = "AWS::RAM::ResourceShare"


class Revoking:
    """Looks at what a deployment revokes.

    Args:
        comparison: What changes.
        base: The rights of BASE.
        head: The rights of HEAD.
    """

    def __init__(self, comparison: Comparison, base: State, head: State) -> None:
        self._changes = comparison.changes
        self._base = base
        self._head = head
        self._stays = {was.path: now.path for was, now in comparison.stacks if was is not None and now is not None}
        self._touched = touched(comparison)
        let_go = [change.was for change in comparison.changes if is_let_go(change) and change.was is not None]
        self._made_anew = frozenset("/".join(base.place(node)) for node in let_go)

    def risks(self) -> Iterator[Risk]:
        """Everything that is revoked although HEAD states it, and what shares it."""
        for change in self._changes:
            kind = "" if change.was is None else change.was.resource.type
            if kind in _GRANTING:
                yield from self._revoked(change)
            if kind in _TAGGING:
                yield from self._untagged(change)
            if kind == _SHARE:
                yield from _shares(change)

    def _revoked(self, change: ResourceChange) -> Iterator[Risk]:
        if change.was is None:
            return
        mine = self._base.at.get(self._base.place(change.was), {})
        after = self._head.at.get(self._head.place(change.now), {}) if change.now is not None else {}
        if is_let_go(change):
            taken = list(mine)
        elif change.fate is Fate.UPDATED and change.was.resource.type != "AWS::LakeFormation::PrincipalPermissions":
            taken = [right for right in mine if right not in after]
        else:
            return
        lost = [(right, self._head.rights[right]) for right in self._implied(taken) if right in self._head.rights]
        lost = [(right, grants) for right, grants in lost if not self._is_another(right.texts)]
        if _deletes_first(change):
            again = [right for right, _ in lost if right in after]
            yield from _gap(change, [f"{who(right.principal)}: {line}" for right in again for line in lines([right])])
            lost = [(right, grants) for right, grants in lost if right not in after]
        if not lost:
            return
        holders = [place_of(each.origin) for _, grants in lost for each in grants]
        rights = [right for right, _ in lost]
        names = list(dict.fromkeys(who(right.principal) for right in rights))
        is_native = change.was.resource.type in _NATIVE
        how = "deleting the old one revokes what both grant" if is_let_go(change) else "the update revokes what it states no more"
        yield tell(
            change,
            "lost_access.revoked_after_grant",
            f"{few(names)} {'loses' if len(names) == 1 else 'lose'} {few(lines(rights))}, which HEAD states",
            consequence=f"What HEAD grants is granted first, or was already; then {how}, and nobody grants it again.",
            remedy=(
                "Keep the logical id and every property; give more permissions by a second resource on another part, or revoke in one "
                "deployment and grant in the next, and know that access is gone in between."
                if is_native
                else "Keep the logical id, and move a grant in two deployments: state it in both, then take it out with another change; "
                "or deploy a change of the new resource afterwards, which grants it again."
            ),
            was=f"{names[0]}: {few(lines(rights), 1)}",
            because=(*change.because, *(f"stated at {'/'.join(place)}" for place in dict.fromkeys(holders)), *lines(rights)),
            is_certain=self._is_certain(change, holders),
        )

    def _implied(self, taken: list[Right]) -> list[Right]:
        """What goes with rights that are revoked: themselves, and beside ALL every other on the same."""
        whole = {(right.account, right.principal, right.thing) for right in taken if right.permission in EVERY_PERMISSION}
        also = [right for right in self._head.rights if (right.account, right.principal, right.thing) in whole] if whole else []
        return list(dict.fromkeys((*taken, *also)))

    def _is_another(self, texts: Iterable[str]) -> bool:
        """Whether a name is that of something that is made anew, and so will be another than before."""
        identities = [identity for text in texts for identity in generated_holes(text)]
        return any(identity == made or identity.startswith((f"{made}.", f"{made} ")) for identity in identities for made in self._made_anew)

    def _is_certain(self, change: ResourceChange, holders: list[Place]) -> bool:
        """Whether the revocation surely comes after every grant: in one stack deletions come last, between stacks nobody knows."""
        if change.was is None or change.fate is Fate.PERHAPS_REPLACED:
            return False
        stack = self._stays.get(change.was.stack.path, change.was.stack.path)
        if is_let_go(change) and not _deletes_first(change):
            return all(place[0] == stack or place not in self._touched for place in holders)
        return all(place not in self._touched for place in holders)

    def _untagged(self, change: ResourceChange) -> Iterator[Risk]:
        if change.was is None:
            return
        mine = self._base.tags_at.get(self._base.place(change.was), {})
        after = self._head.tags_at.get(self._head.place(change.now), {}) if change.now is not None else {}
        if not is_let_go(change) and (change.fate is not Fate.UPDATED or change.was.resource.type != PERMISSIONS):
            return
        taken = mine if is_let_go(change) else {key: value for key, value in mine.items() if key not in after}
        lost: list[tuple[Thing, str, str, str]] = []
        holders: list[Place] = []
        again: list[str] = []
        for (thing, key), was in taken.items():
            for now, association in self._head.tags.get((thing, key), ()):
                if _deletes_first(change) and (thing, key) in after:
                    again += [f"LF-Tag {shown(key)} on {thing}"] if was == now or self._reads_by_both(key, was, now, thing) else []
                elif not self._is_another((thing.database, thing.table)):
                    lost.append((thing, key, was, now))
                    holders.append(place_of(association.origin))
        yield from _gap(change, again)
        if not lost:
            return
        readers = {who(name) for thing, key, _, now in lost for name in self._head.readers_by(key, now, thing.catalog)}
        said = [f"the LF-Tag {shown(key)}={shown(now)} on {thing}" for thing, key, _, now in lost]
        yield tell(
            change,
            "lost_access.untagged_after_tag",
            f"{few(said)}, which HEAD states, {'goes' if len(said) == 1 else 'go'}",
            consequence="It is put on first, or was already; then the old resource takes it off, and what has it falls back to what it "
            f"inherits: {few(sorted(readers)) or 'whoever reads by it'} may lose it, and others may gain it.",
            remedy="Keep the logical id. To change a value, put it on by a change after the deployment, or take it off in one deployment "
            "and put the new one on in the next.",
            was=few(said, 1),
            because=(*change.because, *said),
            is_certain=all(was == now for _, _, was, now in lost) and self._is_certain(change, holders),
        )

    def _reads_by_both(self, key: str, was: str, now: str, thing: Thing) -> bool:
        """Whether somebody's expressions match either value, so that only the moment without any takes something from them."""
        return not self._head.readers_by(key, was, thing.catalog).keys().isdisjoint(self._head.readers_by(key, now, thing.catalog))


def _deletes_first(change: ResourceChange) -> bool:
    """Whether the old one goes before the new one of the same logical id is made."""
    known = facts(change.type) if change.fate in (Fate.REPLACED, Fate.PERHAPS_REPLACED) else None
    return known is not None and known.deletes_first and is_let_go(change)


def _gap(change: ResourceChange, again: list[str]) -> Iterator[Risk]:
    """What is taken away and given again a moment later."""
    if again:
        yield tell(
            change,
            "lost_access.gap",
            f"for a moment there is no {few(again)}",
            consequence="The old one is deleted before the new one is made: what starts to read in between fails, and so does whatever "
            "comes after it when the new one cannot be made.",
            remedy="Deploy when nobody reads; or leave this resource as it is, and state what is new in another one.",
            was=few(again, 1),
            because=(*change.because, *again),
            is_certain=change.fate is Fate.REPLACED,
        )


def _shares(change: ResourceChange) -> Iterator[Risk]:
    """A share that is deleted, or that has fewer principals or resources.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ram-resourceshare.html
    """
    if change.was is None:
        return
    was, now = change.was.resource.properties, {} if change.now is None else change.now.resource.properties
    remedy = "Keep the share; or let every account that reads by it accept another one first."
    if is_let_go(change):
        yield tell(
            change,
            "lost_access.resource_share",
            f"the resource share {shown(at(was, 'Name'))} is deleted",
            consequence=f"{few(map(shown, items(at(was, 'Principals')))) or 'Whoever it shares with'} cannot reach what it shares until "
            "somebody shares it again, and it is accepted again.",
            remedy=remedy,
            was=shown(at(was, "Name")),
            because=change.because,
        )
        return
    for path in ("Principals", "ResourceArns"):
        kept = {canonical(each) for each in items(at(now, path))}
        gone = [shown(each) for each in items(at(was, path)) if canonical(each) not in kept]
        if gone and change.now is not None:
            yield tell(
                change,
                "lost_access.resource_share",
                f"the resource share {shown(at(now, 'Name'))} {'is with' if path == 'Principals' else 'shares'} {few(gone)} no more",
                consequence="Whoever reads by it fails from then on.",
                remedy=remedy,
                at=path,
                was=few(gone, 1),
            )
