"""What rules select by: whose class, zone and domain data is, and which principals a rule names."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Final

from lakecheck.access.doors.data_plane import only_services
from lakecheck.access.lake_formation import LakeFormation
from lakecheck.access.lake_formation.names import permission_set
from lakecheck.access.model import Dataset, DatasetKind
from lakecheck.estate.model import PrincipalKind
from lakecheck.values import shown
from lakemodel.config.model import RolePrincipal
from lakemodel.naming import pascal_case, product_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lakecheck.access.invariants.loader import LoadedRules
    from lakecheck.access.invariants.model import Data, Exemption, Who
    from lakecheck.access.model import Access
    from lakecheck.estate.model import Bucket, Estate, Principal, Table
    from lakemodel.config.model import Environment, Persona

_LAKE_FORMATION: Final = "lakeformation.amazonaws.com"
_ANYBODY: Final = {PrincipalKind.ANYONE, PrincipalKind.ORGANIZATION}

UNSTATED: Final = None
"""The class, zone or domain of data of which nobody says it: in a rule that forbids, it counts as any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Columns of one dataset that are alike.

    Attributes:
        columns: Their names; None for data that no table describes.
        classification: Their class; the most restricted one when they have none; `UNSTATED` when nobody says which that is.
        zone: Their zone; `UNSTATED` when nobody says.
        domain: Their domain; `UNSTATED` when nobody says.
        tags: All their LF-Tags.
    """

    columns: tuple[str, ...] | None
    classification: str | None
    zone: str | None
    domain: str | None
    tags: Mapping[str, str]


class DataFacts:
    """What is known of the data of one estate.

    Args:
        estate: The estate.
        loaded: The rules, which say what tags mean and what stands in buckets.

    Attributes:
        governance: What Lake Formation's grants give in it.
    """

    def __init__(self, estate: Estate, loaded: LoadedRules) -> None:
        self._estate = estate
        self._loaded = loaded
        self._classes = {each.lower(): each for each in loaded.classifications}
        self.governance = LakeFormation(estate)
        self._parts: dict[Dataset, tuple[Part, ...]] = {}
        self._matches: dict[tuple[Dataset, int, bool], tuple[Part, ...]] = {}

    @property
    def strictest(self) -> str | None:
        """What counts as the class of data that has none: the most restricted one; any, where nobody says which that is."""
        return self._loaded.classifications[-1] if self._loaded.classifications else UNSTATED

    def _class(self, stated: str | None) -> str | None:
        """A class as it was declared; one that nobody declared counts as none."""
        if stated is None:
            return self.strictest
        return self._classes.get(stated.lower(), self.strictest) if self._classes else stated

    @cached_property
    def tables(self) -> Mapping[tuple[str, str, str], Table]:
        """The tables, no links, by account, Region and `database.table`."""
        return {(each.account, each.region, f"{each.database}.{each.name}"): each for each in self._estate.tables if each.target is None}

    def parts(self, dataset: Dataset) -> tuple[Part, ...]:
        """The dataset by what its columns are; nothing for what is no data."""
        if dataset not in self._parts:
            self._parts[dataset] = tuple(self._found(dataset))
        return self._parts[dataset]

    def matching(self, dataset: Dataset, data: Data | None, *, forbidden: bool) -> tuple[Part, ...]:
        """Those parts, with those columns, that a rule is about; what is not stated counts as any where it is `forbidden`."""
        key = (dataset, id(data), forbidden)
        if key not in self._matches:
            found = self.parts(dataset)
            self._matches[key] = found if data is None else tuple(self._fitting(dataset, found, data, forbidden=forbidden))
        return self._matches[key]

    def _found(self, dataset: Dataset) -> Iterator[Part]:
        if dataset.kind is DatasetKind.TABLE:
            table = self.tables.get((dataset.account, dataset.region, dataset.name))
            if table is not None:
                yield from self._of_table(table)
        elif dataset.kind is DatasetKind.BUCKET:
            yield self._of_bucket(dataset.name)

    def _of_table(self, table: Table) -> Iterator[Part]:
        keys = self._loaded.rules.tags
        classification, zone, domain = (key.lower() for key in (keys.classification, keys.zone, keys.domain))
        alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
        nested = (column for column in self.governance.tags.overrides(table) if column not in table.columns)
        for column in (*table.columns, *nested):
            alike.setdefault(tuple(sorted(self.governance.tags_of(table, column).items())), []).append(column)
        if not table.columns:
            alike[tuple(sorted(self.governance.tags_of(table).items()))] = []
        for items, columns in alike.items():
            tags = dict(items)
            yield Part(
                columns=tuple(columns),
                classification=self._class(tags.get(classification)),
                zone=tags.get(zone, UNSTATED),
                domain=tags.get(domain, UNSTATED),
                tags=tags,
            )

    def _of_bucket(self, uri: str) -> Part:
        bucket = self._bucket(uri)
        names = _names_of_bucket(bucket) if bucket is not None else (shown(uri),)
        for entry in self._loaded.rules.buckets:
            if any(fnmatchcase(name, entry.where) for name in names):
                # A zone's bucket holds the data of all domains; one that is no zone holds none's.
                zone, domain = (entry.zone, UNSTATED) if entry.zone is not None else ("", "")
                return Part(columns=None, classification=self._class(entry.classification), zone=zone, domain=domain, tags={})
        return Part(columns=None, classification=self.strictest, zone=UNSTATED, domain=UNSTATED, tags={})

    @cached_property
    def _buckets(self) -> Mapping[str, Bucket]:
        return {bucket.name: bucket for bucket in self._estate.buckets}

    def _bucket(self, uri: str) -> Bucket | None:
        return self._buckets.get(uri.partition("://")[2].partition("/")[0])

    def _fitting(self, dataset: Dataset, parts: Sequence[Part], data: Data, *, forbidden: bool) -> Iterator[Part]:
        kind = "table" if dataset.kind is DatasetKind.TABLE else "bucket"
        if data.kind is not None and kind not in data.kind:
            return
        if data.account is not None and not _is_among(dataset.account or UNSTATED, data.account, forbidden=forbidden):
            return
        if data.environment is not None and not _is_among(dataset.environment or UNSTATED, data.environment, forbidden=forbidden):
            return
        if data.table is not None and not (kind == "table" and _fits_any(dataset.name, data.table)):
            return
        for part in parts:
            stated = ((part.classification, data.classification), (part.zone, data.zone), (part.domain, data.domain))
            if not all(wanted is None or _is_among(value, wanted, forbidden=forbidden) for value, wanted in stated):
                continue
            tagged = ((part.tags.get(key.lower(), UNSTATED), values) for key, values in (data.tag or {}).items())
            if not all(_is_among(value, values, forbidden=forbidden) for value, values in tagged):
                continue
            if data.column is None or part.columns is None or (forbidden and not part.columns):
                yield part
            elif columns := tuple(each for each in part.columns if _fits_any(each, data.column)):
                yield Part(columns=columns, classification=part.classification, zone=part.zone, domain=part.domain, tags=part.tags)


class PrincipalFacts:
    """Which principals rules name.

    Args:
        estate: The estate.
        loaded: The rules, with the personas of lake.yaml.
    """

    def __init__(self, estate: Estate, loaded: LoadedRules) -> None:
        self._estate = estate
        self._loaded = loaded
        self._matches: dict[tuple[int, int, bool], bool] = {}

    def environments(self, principal: Principal) -> tuple[str, ...]:
        """The environment whose stack defines it; those whose stacks are in its account where none does."""
        account = self._estate.accounts.get(principal.account)
        environments = account.environments if account is not None else ()
        own = principal.origin.environment if principal.origin is not None else ""
        return (own,) if own in environments else environments

    def fits(self, principal: Principal, who: Who, *, forbidden: bool) -> bool:
        """Whether a rule is about the principal; one whose account or environment nobody tells counts as of any where it is `forbidden`."""
        key = (id(principal), id(who), forbidden)
        if key not in self._matches:
            self._matches[key] = self._fits(principal, who, forbidden=forbidden)
        return self._matches[key]

    def is_exempt(self, principal: Principal, exemption: Exemption, access: Access | None) -> bool:
        """Whether an exception names the principal, for that access.

        Args:
            principal: Who.
            exemption: The exception.
            access: What it is about; None for a rule that is not about data, where no exception of some data helps.
        """
        if exemption.location_roles:
            return access is not None and not access.via and self._is_below(access, self._registered.get(principal.arn, ()))
        if exemption.pipeline is not None:
            products = self.products_of(principal, exemption.pipeline)
            return access is not None and any(self._is_own(principal, access, product) for product in products)
        return self.is_named(principal, exemption)

    def is_named(self, principal: Principal, exemption: Exemption) -> bool:
        """Whether an exception names the principal at all, for whatever data."""
        if exemption.location_roles:
            return principal.arn in self._registered
        if exemption.pipeline is not None:
            return bool(self.products_of(principal, exemption.pipeline))
        if exemption.persona is not None:
            return self.persona_of(principal) == exemption.persona
        return _is_called(principal, exemption.principal or "")

    def names(self, exemption: Exemption, account: str) -> list[str]:
        """What in one account an exception fits where one principal alone may be meant; empty when it fits one at most."""
        fitting = [each for each in self._estate.principals if each.account == account and self.is_named(each, exemption)]
        if exemption.pipeline is not None:
            return self.names_of_pipeline(exemption.pipeline, account)
        return [each.name for each in fitting] if len(fitting) > 1 and not exemption.location_roles else []

    def names_of_pipeline(self, glob: str, account: str) -> list[str]:
        """Whom in one account a glob with `{product}` fits when it fits two for one product; empty when it does not."""
        fitting = [each for each in self._estate.principals if each.account == account and self.products_of(each, glob)]
        products = [product for each in fitting for product in self.products_of(each, glob)]
        return [each.name for each in fitting] if len(products) > len(set(products)) else []

    @cached_property
    def _registered(self) -> Mapping[str, tuple[str, ...]]:
        """By role its locations, as `bucket/prefix`; only of roles that Lake Formation alone can assume."""
        found: dict[str, tuple[str, ...]] = {}
        roles = {each.arn: each for each in self._estate.principals}
        for location in self._estate.locations:
            role = roles.get(location.role)
            if role is not None and only_services(role.trust) == (_LAKE_FORMATION,):
                found[role.arn] = (*found.get(role.arn, ()), location.arn.partition(":::")[2])
        return found

    def is_called(self, principal: Principal, glob: str) -> bool:
        """Whether its name, its ARN or the path of its construct fits."""
        return _is_called(principal, glob)

    def products_of(self, principal: Principal, glob: str) -> list[tuple[str, str]]:
        """The products, as domain and product, for which a glob with `{product}` in it fits the principal."""
        contracts = self._loaded.contracts.contracts if self._loaded.contracts is not None else ()
        called = {(each.domain, each.product): f"{pascal_case(each.domain)}-{pascal_case(each.product)}" for each in contracts}
        return [key for key, name in called.items() if _is_called(principal, glob.replace("{product}", name))]

    def _is_below(self, access: Access, prefixes: Sequence[str]) -> bool:
        """Whether the data is below one of some `bucket/prefix`."""
        path = self._path(access.dataset)
        return path != "/" and any(path.startswith(prefix.strip("/") + "/") for prefix in prefixes)

    def _is_own(self, principal: Principal, access: Access, product: tuple[str, str]) -> bool:
        """Whether the data is a product's: below its prefix, in a bucket of the principal's own account; a table of no other domain."""
        dataset = access.dataset
        bucket, _, path = self._path(dataset).partition("/")
        home = self._homes.get(bucket)
        if home is None or {home, dataset.account} != {principal.account} or not path.startswith(product_prefix(*product)):
            return False
        return dataset.kind is not DatasetKind.TABLE or self._domain(dataset) in {product[0].lower(), UNSTATED}

    def _path(self, dataset: Dataset) -> str:
        """Where the data is, as `bucket/prefix/`; `/` when nobody says."""
        uri = dataset.name
        if dataset.kind is DatasetKind.TABLE:
            table = self._tables.get((dataset.account, dataset.region, uri))
            uri = table.location if table is not None else ""
        return uri.partition("://")[2].rstrip("/") + "/"

    def _domain(self, dataset: Dataset) -> str | None:
        table = self._tables.get((dataset.account, dataset.region, dataset.name))
        key = self._loaded.rules.tags.domain.lower()
        return self._governance.tags_of(table).get(key, UNSTATED) if table is not None else UNSTATED

    @cached_property
    def _governance(self) -> LakeFormation:
        return LakeFormation(self._estate)

    @cached_property
    def _homes(self) -> Mapping[str, str]:
        """The accounts of the buckets that templates define, by the bucket's name."""
        return {each.name: each.account for each in self._estate.buckets if each.origin is not None}

    @cached_property
    def _tables(self) -> Mapping[tuple[str, str, str], Table]:
        return {(each.account, each.region, f"{each.database}.{each.name}"): each for each in self._estate.tables}

    def persona_of(self, principal: Principal) -> str | None:
        """The persona that it is in its environment."""
        return self._personas.get(id(principal))

    def environment_of(self, principal: Principal) -> Environment | None:
        """The environment of lake.yaml whose persona it is."""
        name = next((environment for (_, environment), each in self._by_persona.items() if each is principal), None)
        return self._loaded.lake.environments[name] if self._loaded.lake is not None and name is not None else None

    def of_persona(self, name: str, environment: str) -> Principal | None:
        """The principal of a persona in an environment of lake.yaml; None when the estate has none."""
        return self._by_persona.get((name, environment))

    @cached_property
    def _personas(self) -> Mapping[int, str]:
        return {id(principal): persona for (persona, _), principal in self._by_persona.items()}

    @cached_property
    def _by_persona(self) -> Mapping[tuple[str, str], Principal]:
        lake = self._loaded.lake
        found = {}
        for environment, accounts in lake.environments.items() if lake is not None else ():
            for name, persona in lake.personas.items() if lake is not None else ():
                account = accounts.accounts.get(persona.account, "")
                principal = next((each for each in self._estate.principals if each.account == account and _is_persona(each, persona)), None)
                if principal is not None:
                    found[name, environment] = principal
        return found

    def _fits(self, principal: Principal, who: Who, *, forbidden: bool) -> bool:
        anyone = forbidden and principal.kind in _ANYBODY
        if who.account is not None and not anyone and principal.account not in who.account:
            return False
        environments = self.environments(principal)
        unstated = forbidden and not environments and principal.kind is not PrincipalKind.SERVICE
        if who.environment is not None and not unstated and not any(_is_named(each, who.environment) for each in environments):
            return False
        if who.principal is not None and not any(_is_called(principal, glob) for glob in who.principal):
            return False
        persona = self.persona_of(principal)
        return who.persona is None or (persona is not None and ("*" in who.persona or persona in who.persona))


def _is_persona(principal: Principal, persona: Persona) -> bool:
    if isinstance(persona.principal, RolePrincipal):
        return principal.kind is PrincipalKind.ROLE and principal.arn.rpartition("/")[2] == persona.principal.role
    found = permission_set(principal.arn) if principal.kind is PrincipalKind.PERMISSION_SET else None
    return found is not None and found[1] == persona.principal.permission_set


def _is_called(principal: Principal, glob: str) -> bool:
    path = str(principal.origin) if principal.origin is not None else ""
    return any(fnmatchcase(name, glob) for name in (principal.name, shown(principal.arn), path) if name)


def _is_named(environment: str, names: Sequence[str]) -> bool:
    """Stages are called as environments are, with a capital or without."""
    return environment.lower() in {name.lower() for name in names}


def _is_among(value: str | None, wanted: Sequence[str], *, forbidden: bool) -> bool:
    """Whether a value is one of those wanted, in whatever case; one that nobody states is any where it is `forbidden`."""
    if value is UNSTATED:
        return forbidden
    return value.lower() in {each.lower() for each in wanted}


def _fits_any(name: str, globs: Sequence[str]) -> bool:
    """Whether a name of the catalog, which is in lower case, fits one of some globs."""
    return any(fnmatchcase(name, glob.lower()) for glob in globs)


def _names_of_bucket(bucket: Bucket) -> tuple[str, ...]:
    return (shown(bucket.name),) if bucket.origin is None else (shown(bucket.name), str(bucket.origin))
