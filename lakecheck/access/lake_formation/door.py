"""The two doors of the catalog: through Lake Formation's grants, and by IAM alone where Lake Formation does not decide.

Lake Formation: a grant, and IAM's `lakeformation:GetDataAccess` and `glue:GetTable`; the location's role reads the files.
IAM: `IAM_ALLOWED_PRINCIPALS` is on the table, or its files are not under a registered location; then the caller reads the files itself,
except that under a registered location, not in hybrid access mode, Lake Formation gives its credentials to everybody whom IAM allows.
https://docs.aws.amazon.com/lake-formation/latest/dg/access-control-underlying-data.html
https://docs.aws.amazon.com/lake-formation/latest/dg/hybrid-access-mode.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from lakecheck.access.doors.answers import NO, YES, Answer, every, some
from lakecheck.access.doors.places import dataset_of
from lakecheck.access.lake_formation.asking import Asking, sure
from lakecheck.access.lake_formation.core import LakeFormation
from lakecheck.access.lake_formation.people import People
from lakecheck.access.lake_formation.permissions import (
    CATALOG_ACTIONS,
    DROP_DATABASE,
    GRANTING,
    NEEDS_DATA,
    SELECT,
    TABLE_PERMISSIONS,
)
from lakecheck.access.lake_formation.rights import Right
from lakecheck.access.lake_formation.rows import Row, rows_of
from lakecheck.access.model import ALL_ROWS, Access, Action, Door
from lakecheck.estate.model import PrincipalKind
from lakecheck.formula import FALSE, TRUE, negate
from lakecheck.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakecheck.access.model import Dataset
    from lakecheck.access.questions import Questions
    from lakecheck.estate.model import Principal, Table

_OUTSIDE: Final = {PrincipalKind.ACCOUNT, PrincipalKind.ORGANIZATION, PrincipalKind.ANYONE}
_BY_IAM: Final = {SELECT: Action.READ, "INSERT": Action.WRITE, "ALTER": Action.ALTER, "DROP": Action.DROP}
_NAMELESS: Final = Right(None, ALL_ROWS, TABLE_PERMISSIONS, TABLE_PERMISSIONS, TRUE, ())


def accesses(questions: Questions) -> Iterable[Access]:
    """Everybody's access to every table through the catalog, by grants and by IAM alone.

    Args:
        questions: Asks IAM about the estate.
    """
    doors = CatalogDoors.of(questions)
    yield from doors.by_grants()
    yield from doors.by_iam()


class CatalogDoors:
    """Puts grants and IAM together; one for each `Questions` (`CatalogDoors.of`).

    Args:
        questions: Asks IAM about the estate.
    """

    def __init__(self, questions: Questions) -> None:
        self.questions = questions
        self.lake = LakeFormation(questions.estate)
        self.asking = Asking(questions)
        self.people = People(questions, self.lake)
        self._datasets: dict[int, Dataset] = {id(table): dataset_of(table) for table in self.lake.tables}
        self._rows: dict[tuple[int, int], tuple[Row, ...]] = {}
        self._kept: list[tuple[Right, ...]] = []
        self._notes: dict[tuple[int, str, tuple[int, ...]], str] = {}
        self._files: list[list[Answer]] = []
        self._profiles: dict[int, int] = {}
        self._numbers: dict[tuple[object, ...], int] = {}
        self._trusting = {(each.account, each.region): each for each in questions.estate.catalogs}

    @staticmethod
    def of(questions: Questions) -> CatalogDoors:
        """The one that belongs to these questions."""
        found = _MADE.get(questions)
        if found is None:
            found = _MADE[questions] = CatalogDoors(questions)
        return found

    # --- by grants ---------------------------------------------------------------------------------------------------------------------

    def by_grants(self) -> Iterator[Access]:
        """What grants let everybody do."""
        for principal in self.people.everybody():
            alike: dict[tuple[object, ...], tuple[Access, ...]] = {}
            for table in self.lake.tables:
                rights = self.people.rights(principal, table)
                if not rights:
                    continue
                note = self._on_link(principal, table)
                key = (id(rights), self.profile(table), self.asking.kind(principal, table), note)
                found = alike.get(key)
                if found is None:
                    rows = self._rows_of(rights, table)
                    found = alike[key] = tuple(self._answered(principal, table, rows, note=note))
                yield from self._for_table(found, table)
        for principal, table in self._creators():
            note = f"created it in a deployment: {shown(principal.name)}"
            yield from self._answered(principal, table, rows_of((_NAMELESS,), table), note=note)

    def _rows_of(self, rights: tuple[Right, ...], table: Table) -> tuple[Row, ...]:
        key = (id(rights), self.lake.table_rights.shape(table))
        found = self._rows.get(key)
        if found is None:
            self._kept.append(rights)
            found = self._rows[key] = rows_of(rights, table)
        return found

    def _for_table(self, found: tuple[Access, ...], table: Table) -> Iterator[Access]:
        """The same accesses to a table that nothing tells from the one they were found for."""
        dataset = self._datasets[id(table)]
        for each in found:
            if each.dataset is dataset:
                yield each
            else:
                yield Access(
                    principal=each.principal,
                    dataset=dataset,
                    action=each.action,
                    door=each.door,
                    columns=each.columns,
                    rows=each.rows,
                    conditions=each.conditions,
                    because=each.because,
                    enforced_by_engine=each.enforced_by_engine,
                    origin=each.origin,
                )

    def profile(self, table: Table) -> int:
        """A number that tables share when their location, its role and who decides are the same, whatever the grants behind that are."""
        found = self._profiles.get(id(table))
        if found is None:
            governance = self.lake.governed(table)
            its = (
                table.account,
                table.region,
                self.lake.table_rights.shape(table) if table.unknown or not table.columns else table.columns,
                governance.registration,
                tuple(governance.iam.items()),
                *(self.from_location(table, permission) for permission in (SELECT, "INSERT")),
                id(table) if governance.hybrid else 0,
            )
            found = self._profiles[id(table)] = self._numbers.setdefault(its, len(self._numbers))
        return found

    def _answered(self, principal: Principal, table: Table, rows: tuple[Row, ...], *, note: str = "") -> Iterator[Access]:
        for row in rows:
            beside = self.beside(principal, table, row.permission, granting=row.action is Action.GRANT)
            if beside.refused or row.when == FALSE:
                continue
            yield Access(
                principal=principal,
                dataset=self._datasets[id(table)],
                action=row.action,
                door=Door.LAKE_FORMATION,
                columns=row.columns,
                rows=row.rows,
                conditions=row.when if sure(beside.allowed) else every([Answer(row.when), beside]).allowed,
                because=(*row.because, note) if note else row.because,
                enforced_by_engine=row.action is Action.READ and self._engine_filters(principal, table, row),
                origin=row.origin if row.origin is not None else principal.origin,
            )

    def beside(self, principal: Principal, table: Table, permission: str, *, granting: bool = False) -> Answer:
        """What must hold beside a grant: who decides, the location and its role, and what IAM must allow.

        Args:
            principal: Who holds the grant.
            table: The table.
            permission: The permission.
            granting: Whether the right is to pass it on.
        """
        if granting:
            return some([self.asking.credentials(principal, action) for action in GRANTING])
        parts = [self.asking.catalog(principal, table, CATALOG_ACTIONS[permission], shared=True)]
        if permission in NEEDS_DATA:
            parts += [self.asking.credentials(principal, region=table.region), self.from_location(table, permission)]
        if permission != DROP_DATABASE:
            parts.append(Answer(self.lake.decides(principal, table, permission).grants))
        if all(part.allowed is TRUE for part in parts):
            return YES
        return every(parts)

    def from_location(self, table: Table, permission: str) -> Answer:
        """Whether a table's files are under a registered location whose role can read, or write, them."""
        registration = self.lake.locations.of_table(table)
        if registration.location is None:
            return NO if registration.holds == FALSE else Answer(registration.holds)
        of_role = self.asking.of_location(registration.location, table, Action.READ if permission == SELECT else Action.WRITE)
        return of_role if sure(registration.holds) else every([Answer(registration.holds), of_role])

    def _on_link(self, principal: Principal, table: Table) -> str:
        """How a reader of another account names the table."""
        if principal.account == table.account or principal.kind in _OUTSIDE or not principal.account:
            return ""
        links = self.lake.links(principal.account, table)
        key = (id(principal), table.account, tuple(map(id, links)))
        found = self._notes.get(key)
        if found is None:
            seen = next((link.name for link in links if self.lake.sees_link(principal, link) != FALSE), "")
            where = f"account {shown(principal.account)}"
            by_id = f"by catalog id {shown(table.account)}: {where} has no resource link that it sees"
            found = self._notes[key] = f"through the resource link {shown(seen)} in {where}" if seen else by_id
        return found

    def _engine_filters(self, principal: Principal, table: Table, row: Row) -> bool:
        """Whether an engine outside AWS's own is trusted to hold back the other columns and rows.

        https://docs.aws.amazon.com/lake-formation/latest/dg/using-cred-vending.html
        """
        if row.columns is None and row.rows == ALL_ROWS:
            return False
        settings = [self._trusting.get((account, table.region)) for account in {table.account, principal.account}]
        if not any(each is not None and (each.external_filtering or each.full_table_access) for each in settings):
            return False
        return not self.asking.credentials(principal, "lakeformation:GetTemporaryGlueTableCredentials").refused

    def _creators(self) -> Iterator[tuple[Principal, Table]]:
        """Whoever deploys holds every permission on what it creates: CloudFormation's execution role, where the estate has it.

        https://docs.aws.amazon.com/lake-formation/latest/dg/implicit-permissions.html
        """
        for principal in self.people.single:
            if "-cfn-exec-role-" not in principal.arn:
                continue
            for table in self.lake.tables:
                if table.account == principal.account and principal.arn.endswith(f"-{table.region}"):
                    yield principal, table

    # --- by IAM alone ------------------------------------------------------------------------------------------------------------------

    def by_iam(self) -> Iterator[Access]:
        """What IAM lets everybody do where Lake Formation does not decide."""
        tables = [table for table in self.lake.tables if self._left_to_iam(table)]
        if not tables:
            return
        ours = self.people.is_ours
        outside = [each for each in self.questions.estate.principals if each.kind in _OUTSIDE and not ours(each.account)]
        for principal in (*self.people.single, *outside):
            alike: dict[tuple[object, ...], tuple[Access, ...]] = {}
            for table in tables:
                if principal.kind is PrincipalKind.ACCOUNT and principal.account == table.account:
                    continue
                kind = self.asking.kind(principal, table)
                if (kind,) in alike:
                    continue
                if not any(not self.asking.catalog(principal, table, CATALOG_ACTIONS[each]).refused for each in _BY_IAM):
                    alike[kind,] = ()
                    continue
                files = [self.asking.objects(principal, table, action) for action in (Action.READ, Action.WRITE)]
                key = (kind, self.profile(table), *map(id, files))
                found = alike.get(key)
                if found is None:
                    found = alike[key] = tuple(self._left(principal, table))
                    self._files.append(files)
                yield from self._left_of(found, table)

    def _left_of(self, found: tuple[Access, ...], table: Table) -> Iterator[Access]:
        """The same for a table that nothing tells from the one they were found for but what left it to IAM."""
        dataset, why = self._datasets[id(table)], self._why_iam(table)
        for each in found:
            yield Access(
                principal=each.principal,
                dataset=dataset,
                action=each.action,
                door=each.door,
                conditions=each.conditions,
                because=(*why, *(reason for reason in each.because if reason not in why)),
                origin=table.origin,
            )

    def _left(self, principal: Principal, table: Table) -> Iterator[Access]:
        """What is left to IAM, without what left it there."""
        for permission, action in _BY_IAM.items():
            answer = self.alone(principal, table, permission)
            if not answer.refused:
                yield Access(
                    principal=principal,
                    dataset=self._datasets[id(table)],
                    action=action,
                    door=Door.IAM_CATALOG,
                    conditions=answer.allowed,
                    because=answer.because,
                )

    def alone(self, principal: Principal, table: Table, permission: str) -> Answer:
        """Whether IAM alone lets a principal have a permission on a table.

        Under a registered location in hybrid access mode those who are not opted in need the files themselves; else Lake Formation also
        gives its credentials. Where nothing is registered it does not apply, and the files decide.
        """
        governance = self.lake.governed(table)
        registered = governance.registration.holds
        needs_data = permission in NEEDS_DATA
        left = self.lake.decides(principal, table, permission).iam
        if left == FALSE and (registered == TRUE or not needs_data):
            return NO
        catalog = self.asking.catalog(principal, table, CATALOG_ACTIONS[permission])
        if catalog.refused or not needs_data:
            return every([Answer(left), catalog])
        own_files = self.asking.objects(principal, table, Action.READ if permission == SELECT else Action.WRITE)
        unregistered = every([Answer(negate(registered)), own_files])
        files = [own_files]
        if not governance.hybrid:
            files.append(every([self.asking.credentials(principal, region=table.region), self.from_location(table, permission)]))
        governed = every([Answer(registered), Answer(left), some(files)])
        return every([catalog, some([unregistered, governed])])

    def _left_to_iam(self, table: Table) -> bool:
        governance = self.lake.governed(table)
        return governance.registration.holds != TRUE or any(when != FALSE for when in governance.iam.values())

    def _why_iam(self, table: Table) -> tuple[str, ...]:
        governance = self.lake.governed(table)
        if governance.registration.holds == FALSE:
            return ("its location is not registered with Lake Formation", *governance.because)
        return governance.because


_MADE: Final[WeakKeyDictionary[Questions, CatalogDoors]] = WeakKeyDictionary()
