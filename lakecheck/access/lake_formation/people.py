"""Whom grants mean: the estate's principals, and those outside of it that only a grant names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.places import partition_of_region
from lakecheck.access.doors.rights import Rights
from lakecheck.access.lake_formation.names import account_of, is_organization, is_pattern, means, permission_set
from lakecheck.estate.arns import account_in
from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, IAM_IDENTITIES, Principal, PrincipalKind
from lakecheck.formula import FALSE
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.access.lake_formation.core import LakeFormation
    from lakecheck.access.lake_formation.rights import Right
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Table

_EVERYBODY: Final = ":IAMPrincipals"


class People:
    """Everybody who may hold a grant of an estate.

    Args:
        questions: Asks IAM about the estate.
        lake: What Lake Formation says.
    """

    def __init__(self, questions: Questions, lake: LakeFormation) -> None:
        self._estate = questions.estate
        self._lake = lake
        self._known = Rights.of(questions)
        self._named: dict[str, Principal] = {}
        self._texts: dict[int, list[str]] = {}
        self._joined: dict[tuple[int, ...], tuple[Right, ...]] = {}
        for name in lake.grants.names:
            found = self._outside(name)
            if found is not None:
                self._named[name] = found
                self._texts.setdefault(id(found), []).append(name)

    @property
    def single(self) -> Iterator[Principal]:
        """Roles, users and permission sets of the estate."""
        return (each for each in self._estate.principals if each.kind in IAM_IDENTITIES)

    def everybody(self) -> tuple[Principal, ...]:
        """All who may hold a grant, each once; an account of the estate is no principal, as its principals are."""
        others = (each for each in self._estate.principals if each.kind is PrincipalKind.FEDERATED)
        return tuple({id(each): each for each in (*self.single, *others, *self._named.values())}.values())

    def rights(self, principal: Principal, table: Table) -> tuple[Right, ...]:
        """What somebody's grants give on a table; those of an account or organisation are what was shared with it as a whole."""
        texts = self._texts.get(id(principal))
        if texts is None:
            return self._lake.rights(principal, table)
        several = tuple(self._lake.rights_of(text, table) for text in texts)
        if len(several) == 1:
            return several[0]
        key = tuple(map(id, several))
        if key not in self._joined:
            self._joined[key] = tuple(right for rights in several for right in rights)
        return self._joined[key]

    def meant_by(self, name: str) -> tuple[Principal, ...]:
        """The principals that a grant's text surely or perhaps means."""
        outside = self._named.get(name)
        if outside is not None:
            return (outside,)
        if name.endswith(_EVERYBODY):
            account = name.removesuffix(_EVERYBODY)
            return tuple(each for each in self.single if each.account == account)
        if is_pattern(name):
            return tuple(each for each in self.single if means(name, each) != FALSE)
        return tuple(each for each in self._estate.principals if each.arn == name)

    def is_ours(self, account: str) -> bool:
        """Whether templates define the account's principals."""
        return self._known.is_ours(account)

    def _outside(self, name: str) -> Principal | None:
        """The principal that only a grant names; None when the estate has it, or its account."""
        if name == IAM_ALLOWED_PRINCIPALS:
            return None
        account = account_of(name) or (name.removesuffix(_EVERYBODY) if name.endswith(_EVERYBODY) else "")
        if account:
            return None if self.is_ours(account) else self._known.account_principal(account, self._partition(), "a Lake Formation grant")
        if is_organization(name):
            found = next((each for each in self._estate.principals if each.arn == name), None)
            unit = name.rpartition(":")[2]
            return found or Principal(
                arn=name, kind=PrincipalKind.ORGANIZATION, account="", name=unit, named_in=("a Lake Formation grant",)
            )
        if self.meant_by(name):
            return None
        if is_pattern(name):
            of_set = permission_set(name)
            short = f"permission-set/{of_set[1]}" if of_set else shown(name.rpartition(":")[2])
            reason = f"the policies of {shown(name)}, which no template defines"
            kind = PrincipalKind.PERMISSION_SET if of_set else PrincipalKind.ROLE
            where = ("a Lake Formation grant",)
            account = account_in(name)
            return Principal(arn=name, kind=kind, account=account, name=short, unknown=(reason,), named_in=where)
        return self._known.somebody(name, "a Lake Formation grant")

    def _partition(self) -> str:
        return next((partition_of_region(table.region) for table in self._lake.tables), partition_of_region(""))
