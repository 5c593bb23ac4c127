"""What has to fit together in `lake.yaml`: accounts, names, Regions, protection. Who reads what is in `references.py`."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from lakemodel.config.model import Protection, Zone
from lakemodel.config.organization import check_organization
from lakemodel.config.outline import Outline
from lakemodel.config.references import check_domains, check_personas, check_policies
from lakemodel.config.regions import NEEDED_BY_A_LAKE, NEEDED_FOR_RECOVERY, Service, region_table
from lakemodel.config.wording import listed, meant, shown
from lakemodel.limits import Quota, limit
from lakemodel.naming import database_name, pascal_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakemodel.config.outline import Path
    from lakemodel.config.regions import Region
    from lakemodel.findings import Finding
    from lakemodel.yaml_source import Document

_SHARED_ACCOUNTS = ("management", "log_archive", "security")
_RESERVED_DATABASES = frozenset({"default", "information_schema"})


def check(document: Document) -> list[Finding]:
    """Everything that does not fit together. Values of the wrong shape are passed over: pydantic complains about those."""
    outline = Outline(document)
    return list(
        chain(
            _check_version(outline),
            _check_accounts(outline),
            _check_names(outline),
            _check_databases(outline),
            _check_classifications(outline),
            _check_regions(outline),
            _check_protection(outline),
            check_organization(outline),
            check_domains(outline),
            check_personas(outline),
            check_policies(outline),
        )
    )


def _check_version(outline: Outline) -> Iterator[Finding]:
    version = outline.at("version")
    if isinstance(version, bool | float) and version == 1:
        yield outline.finding(("version",), "choice", f"found {shown(version)}; allowed: 1", "Write version: 1.")


def _check_accounts(outline: Outline) -> Iterator[Finding]:
    """One account plays one part: two stacks' settings, trails and keys in one account would fight."""
    paths: list[Path] = [("organization", part) for part in _SHARED_ACCOUNTS]
    for environment in outline.mapping("environments"):
        lakes, consumers = outline.accounts(environment, "lakes"), outline.accounts(environment, "consumers")
        paths += [*lakes.values(), *consumers.values()]
        for name in lakes.keys() & consumers.keys():
            message = (
                f"the name {name} also stands for a lake account ({outline.line(lakes[name])}); a persona's account would be ambiguous"
            )
            yield outline.finding(consumers[name], "account_name", message, "Rename one of the two.")
    first: dict[str, Path] = {}
    for path in paths:
        account = outline.at(*path)
        source = outline.document.unquoted(path)
        if isinstance(account, str) and account.isdecimal() and source is not None:
            message = f"found {source} without quotes; many readers take a number with a leading zero for an octal one"
            yield outline.finding(path, "unquoted_account", message, f'Quote it: "{source}".')
        if not isinstance(account, str | int) or isinstance(account, bool):
            continue
        known = first.setdefault(str(account), path)
        if known != path:
            other = ".".join(map(str, known))
            message = f"account {account} is already {other} ({outline.line(known)}); an account has one part to play"
            yield outline.finding(path, "duplicate_account", message, "Give it an account of its own.")


def _check_names(outline: Outline) -> Iterator[Finding]:
    """Names become construct ids and stack names in PascalCase; on some file systems upper and lower case are the same."""
    groups: list[Iterable[Path]] = [[(part, name) for name in outline.mapping(part)] for part in ("environments", "domains", "personas")]
    groups += [
        outline.accounts(environment, kind).values() for environment in outline.mapping("environments") for kind in ("lakes", "consumers")
    ]
    for paths in groups:
        first: dict[str, Path] = {}
        for path in paths:
            name = str(path[-1])
            known = first.setdefault(pascal_case(name).casefold(), path)
            if known != path:
                message = f"the name {name} becomes {pascal_case(name)}, as {known[-1]} ({outline.line(known)}) does but for case"
                yield outline.finding(path, "name_collision", message, "Rename one: underscores alone do not tell names apart.")


def _check_databases(outline: Outline) -> Iterator[Finding]:
    """Each domain has one database per governed zone, all in one catalog."""
    domains = outline.mapping("domains")
    most = limit(Quota.LF_TAG_VALUES)
    if len(domains) > most.value:
        message = f"found {len(domains):,} domains; each is a value of one LF-Tag key, which takes {most}"
        yield outline.finding(("domains",), "too_many", message, "Join some of them.")
    owner: dict[str, str] = {}
    for domain in domains:
        if domain in _RESERVED_DATABASES:
            message = f"the name {domain} is reserved: Athena and AWS Glue have a database of that name"
            yield outline.finding(("domains", domain), "reserved_name", message, "Rename the domain.")
        owner[domain] = domain
    for domain in domains:
        for zone in (zone for zone in Zone if zone.is_governed and database_name(domain, zone) != domain):
            other = owner.get(database_name(domain, zone))
            if other is not None:
                message = f"the name {other} is that of the {zone} database of domain {domain} ({outline.line(('domains', domain))})"
                yield outline.finding(("domains", other), "database_collision", message, "Rename one of the two domains.")


def _check_classifications(outline: Outline) -> Iterator[Finding]:
    first: dict[str, Path] = {}
    for path, name in outline.texts("classifications"):
        known = first.setdefault(name, path)
        if known != path:
            message = f"{name} is already listed ({outline.line(known)}); the order says which class is stricter"
            yield outline.finding(path, "duplicate_classification", message, "Remove one of the two.")
    most = limit(Quota.LF_TAG_VALUES)
    if len(first) > most.value:
        message = f"found {len(first):,} classes; each is a value of one LF-Tag key, which takes {most}"
        yield outline.finding(("classifications",), "too_many", message, "Join some of them.")


def _check_regions(outline: Outline) -> Iterator[Finding]:
    """Every Region is known and has what is needed; an organisation and a copy of data stay in one partition."""
    first: tuple[Path, Region] | None = None
    for environment, settings in outline.mapping("environments").items():
        path: Path = ("environments", environment, "region")
        optimizers = () if isinstance(settings, dict) and settings.get("table_optimizers") is False else (Service.GLUE_TABLE_OPTIMIZERS,)
        needed = NEEDED_BY_A_LAKE.union(optimizers)
        yield from _check_region(outline, path, needed)
        yield from _check_recovery(outline, environment)
        region = region_table().regions.get(outline.text(*path) or "")
        if region is None:
            continue
        if first is None:
            first = (path, region)
        elif region.partition != first[1].partition:
            message = (
                f"{region.name} is in partition {region.partition}, but {'.'.join(map(str, first[0]))} ({outline.line(first[0])}) "
                f"is in {first[1].partition}; an organisation is in one partition"
            )
            yield outline.finding(path, "partition", message, "Keep one lake.yaml for each partition.")


def _check_recovery(outline: Outline, environment: str) -> Iterator[Finding]:
    path: Path = ("environments", environment, "recovery_region")
    region, recovery = outline.text("environments", environment, "region"), outline.text(*path)
    if recovery is None:
        return
    if recovery == region:
        message = f"found {recovery}, which is the environment's own Region ({outline.line((*path[:-1], 'region'))})"
        yield outline.finding(path, "recovery_region", message, "Name another Region, or remove recovery_region to keep no copy.")
        return
    yield from _check_region(outline, path, NEEDED_FOR_RECOVERY)
    here, there = region_table().regions.get(region or ""), region_table().regions.get(recovery)
    if here is not None and there is not None and here.partition != there.partition:
        message = f"found {recovery} in partition {there.partition}; {region} is in {here.partition}, and data cannot cross"
        yield outline.finding(path, "recovery_region", message, "Name a Region of the same partition.")


def _check_region(outline: Outline, path: Path, needed: Iterable[Service]) -> Iterator[Finding]:
    name, table = outline.text(*path), region_table()
    if name is None:
        return
    if name not in table.regions:
        message = f"found {shown(name)}; the table of Regions of {table.as_of} does not know it. Regions with all that is needed: "
        message += listed(table.with_services(needed))
        yield outline.finding(path, "unknown_region", message, meant(name, table.regions, "Choose one of them."))
        return
    region = table.regions[name]
    missing = region.missing(needed)
    if not missing:
        return
    choices = listed(table.with_services(needed, partition=region.partition)) or "none in this partition"
    message = f"{name} has no {listed(missing, joined_by='and')} by the table of Regions of {table.as_of}. "
    message += f"Regions with all that is needed: {choices}"
    remedy = "Choose one of them."
    if missing == (Service.GLUE_TABLE_OPTIMIZERS,):
        remedy = "Choose one of them, or set table_optimizers to false here and compact Iceberg tables yourself."
    yield outline.finding(path, "region_without_service", message, remedy)


def _check_protection(outline: Outline) -> Iterator[Finding]:
    """Where protection is strict nothing is weaker than in an environment where it is not."""
    environments = outline.mapping("environments")
    strict = [name for name in environments if outline.at("environments", name, "protection") == Protection.STRICT]
    copied = [name for name in environments if name not in strict and outline.text("environments", name, "recovery_region")]
    for name in strict:
        path: Path = ("environments", name)
        if outline.at(*path, "allow_destroy") is True:
            message = "allow_destroy is true where protection is strict; data is never destroyed there"
            yield outline.finding((*path, "allow_destroy"), "strict_destroy", message, "Remove allow_destroy, or make protection standard.")
        if copied and not outline.at(*path, "recovery_region"):
            message = f"no recovery_region where protection is strict, but {listed(copied, joined_by='and')} with less protection has one"
            yield outline.finding(path, "strict_weaker", message, "Add a recovery_region here.")
