"""What of `lake.yaml` names something else in it: domains their lake, personas their account and what they read, policies a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakemodel.config.model import Products, Zone
from lakemodel.config.wording import listed, meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakemodel.config.outline import Outline, Path
    from lakemodel.findings import Finding

_GOVERNED = tuple(zone.value for zone in Zone if zone.is_governed)
MAX_DECIMAL_PRECISION = 38


def check_domains(outline: Outline) -> Iterator[Finding]:
    """Every domain's lake is in every environment."""
    for domain in outline.mapping("domains"):
        yield from _check_account(outline, ("domains", domain, "lake"), "lake", ("lakes",))


def check_policies(outline: Outline) -> Iterator[Finding]:
    """Policies name a domain that is there and a decimal that can be."""
    path: Path = ("policies", "missing_domain", "use")
    domains = outline.mapping("domains")
    domain = outline.text(*path)
    if domain is not None and domain not in domains:
        yield _unknown(outline, path, "domain", domain, domains)
    path = ("policies", "number_without_precision", "decimal")
    parts = (outline.text(*path) or "").split(",")
    if len(parts) == 2 and all(part.isdecimal() and part.isascii() for part in parts):  # noqa: PLR2004 - precision and scale
        precision, scale = int(parts[0]), int(parts[1])
        if not 1 <= precision <= MAX_DECIMAL_PRECISION or scale > precision:
            message = (
                f"found decimal({precision},{scale}); allowed: precision from 1 to {MAX_DECIMAL_PRECISION}, scale from 0 to the precision"
            )
            yield outline.finding(path, "decimal", message, 'Correct it, for example to "38,2".')


def check_personas(outline: Outline) -> Iterator[Finding]:
    """Every persona stands in an account that is there, for one principal, and reads what is there."""
    first: dict[tuple[str | None, str, str], Path] = {}
    for persona in outline.mapping("personas"):
        path: Path = ("personas", persona)
        yield from _check_account(outline, (*path, "account"), "account", ("lakes", "consumers"))
        yield from _check_account(outline, (*path, "principal", "trusted_account"), "account", ("lakes", "consumers"))
        yield from _check_read(outline, (*path, "read"))
        yield from _check_reach(outline, path)
        yield from _check_break_glass(outline, (*path, "principal", "role"))
        for kind in ("permission_set", "role"):
            principal = outline.text(*path, "principal", kind)
            if principal is None:
                continue
            key = (outline.text(*path, "account"), kind, principal.casefold())
            known = first.setdefault(key, path)
            if known != path:
                message = f"{kind.replace('_', ' ')} {principal} in account {key[0]} is already persona {known[1]} ({outline.line(known)})"
                remedy = "Grants add up: join the two personas, or name another principal."
                yield outline.finding((*path, "principal", kind), "duplicate_principal", message, remedy)


def _check_break_glass(outline: Outline, path: Path) -> Iterator[Finding]:
    role, break_glass = outline.text(*path), outline.text("break_glass_role")
    if role is not None and break_glass is not None and role.casefold() == break_glass.casefold():
        message = f"the role {role} is the break-glass role ({outline.line(('break_glass_role',))}), which is made in every account"
        yield outline.finding(path, "break_glass_role", message, "Give the persona a role of its own.")


def _check_read(outline: Outline, path: Path) -> Iterator[Finding]:
    """What a persona reads exists, is listed once, and the grant opens something."""
    classes = list(dict.fromkeys(name for _, name in outline.texts("classifications")))
    known: dict[str, list[str] | None] = {
        "classifications": classes,
        "domains": list(outline.mapping("domains")),
        "zones": None,
    }
    for part, allowed in known.items():
        seen: set[str] = set()
        for entry, name in outline.texts(*path, part):
            if name in seen:
                yield outline.finding(entry, "repeated", f"{name} is already in this list", "Remove one of the two.")
            seen.add(name)
            if allowed is not None and name not in allowed:
                yield _unknown(outline, entry, part.removesuffix("s"), name, allowed)
    yield from _check_classes(outline, path, classes)


def _check_classes(outline: Outline, path: Path, classes: list[str]) -> Iterator[Finding]:
    """Classes are stated wherever columns differ in class; and quarantine, all of it of the strictest class, is not granted in vain."""
    zones = [zone for _, zone in outline.texts(*path, "zones")]
    stated = [name for _, name in outline.texts(*path, "classifications")]
    if outline.mapping(*path) and outline.at(*path, "classifications") is None:
        open_zones = [zone for zone in zones if zone in _GOVERNED and zone != Zone.QUARANTINE]
        if open_zones:
            message = f"no classifications for {listed(open_zones, joined_by='and')}; leaving them out would open every class. "
            message += f"Allowed: {listed(classes, joined_by='and')}"
            yield outline.finding(path, "no_classifications", message, "List the classes that the persona may read.")
    elif stated and classes and Zone.QUARANTINE in zones and classes[-1] not in stated:
        message = f"the zone quarantine is listed, but not the class {classes[-1]} that all of it is in; the grant would open nothing there"
        yield outline.finding((*path, "zones"), "void_grant", message, "Remove quarantine, or make a persona of its own for it.")
    if outline.text(*path, "products") == Products.NAMED and Zone.CONSUMPTION in zones:
        message = "the zone consumption is listed with products: named; contracts declare no table there, so the grant would open nothing"
        yield outline.finding((*path, "zones"), "void_grant", message, "Remove consumption, or read all products.")


def _check_reach(outline: Outline, path: Path) -> Iterator[Finding]:
    """A persona of a lake account reads that lake: databases of other lakes are linked in consumer accounts only."""
    account = outline.text(*path, "account")
    lakes = {lake for environment in outline.mapping("environments") for lake in outline.accounts(environment, "lakes")}
    if account not in lakes:
        return
    home = {domain: outline.text("domains", domain, "lake") for domain in outline.mapping("domains")}
    own = [domain for domain, lake in home.items() if lake == account]
    where = (*path, "read", "domains")
    stated = [domain for _, domain in outline.texts(*where)]
    far = [domain for domain in stated or home if home.get(domain) in lakes - {account}]
    if far:
        message = f"a persona of the lake account {account} reads that lake alone, and {listed(far, joined_by='and')} "
        message += f"{'is' if len(far) == 1 else 'are'} elsewhere; allowed here: {listed(own, joined_by='and') or 'none'}"
        yield outline.finding(
            where if stated else path, "other_lake", message, "List those domains, or put the persona into a consumer account."
        )


def _check_account(outline: Outline, path: Path, what: str, kinds: tuple[str, ...]) -> Iterator[Finding]:
    """The account name at a path is in every environment."""
    name = outline.text(*path)
    there = {environment: outline.accounts(environment, *kinds) for environment in outline.mapping("environments")}
    without = [environment for environment, accounts in there.items() if name not in accounts]
    if name is None or not without:
        return
    everywhere = [each for each in next(iter(there.values())) if all(each in accounts for accounts in there.values())]
    message = f"found the {what} {name}, which {listed(without, joined_by='and')} {'lacks' if len(without) == 1 else 'lack'}; "
    message += f"in every environment: {listed(everywhere, joined_by='and') or 'none'}"
    remedy = meant(
        name, everywhere, f"Use one of them, or add {name} to {listed(f'environments.{each}.{kinds[-1]}' for each in without[:3])}."
    )
    yield outline.finding(path, "unknown_account", message, remedy)


def _unknown(outline: Outline, path: Path, what: str, name: str, allowed: Iterable[str]) -> Finding:
    names = list(allowed)
    message = f"found the {what} {name}, which is not declared; declared: {listed(names, joined_by='and') or 'none'}"
    return outline.finding(path, f"unknown_{what}", message, meant(name, names, f"Use one of them, or declare {name}."))
