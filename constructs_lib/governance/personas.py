"""From personas in lake.yaml to grants: directly in the lake's account, through a share and on from there in a consumer's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.governance.principals import DataPrincipal
from constructs_lib.governance.tags import LfTagExpression, LfTags
from lakemodel import naming
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_lib.governance.permissions import CatalogPermissions
    from lakemodel.config.model import Environment, LakeConfig, Persona, Zone


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedDatabase:
    """A database of a lake that personas of another account read.

    Attributes:
        catalog_id: The lake's account.
        database_name: Its name there.
        personas: Who reads it, by name.
    """

    lake: str
    catalog_id: str
    domain: str
    zone: Zone
    database_name: str
    personas: tuple[str, ...]


def persona_expression(config: LakeConfig, persona: Persona) -> LfTagExpression:
    """The tables and columns a persona reads, as an expression over LF-Tags.

    Classifications are always named, so that a table without one is not read. Domains are named only if the persona is limited to some:
    otherwise it reads those added later as well.

    Lake Formation lets a consumer account pass on exactly the expression it was granted with grant option, and no other. So both sides
    take it from here.

    See https://docs.aws.amazon.com/lake-formation/latest/dg/cross-account-cascading-permissions.html.
    """
    classes = config.classifications if persona.read.classifications is None else persona.read.classifications
    keys = {naming.LF_TAG_ZONE: [zone.value for zone in persona.read.zones], naming.LF_TAG_CLASSIFICATION: list(classes)}
    if persona.read.domains is not None:
        keys[naming.LF_TAG_DOMAIN] = list(persona.read.domains)
    return LfTags.all(**keys)


def grant_personas(
    permissions: CatalogPermissions, config: LakeConfig, *, environment: str, lake: str, principals: Mapping[str, DataPrincipal]
) -> None:
    """The lake's side: lets personas of this account read, and other accounts pass on what their personas read.

    Args:
        permissions: Of the lake's account.
        config: The lake's configuration.
        environment: Which environment.
        lake: Which of its lakes.
        principals: The principal of each persona of this account, by name; others are ignored.

    Raises:
        DataLakeError: `persona_without_principal`.
    """
    accounts = _accounts(config.environments[environment])
    for name, persona in _reading(config, lake):
        expression = persona_expression(config, persona)
        if persona.account == lake:
            permissions.grants.read(_principal(principals, name, persona), where=expression)
        else:
            permissions.grants.read(DataPrincipal.account(accounts[persona.account]), where=expression, grantable=True)


def accept_personas(
    permissions: CatalogPermissions, config: LakeConfig, *, environment: str, account: str, principals: Mapping[str, DataPrincipal]
) -> None:
    """The consumer's side: passes on to its personas what the lakes granted to the account, by the same expressions.

    To be deployed after the lakes' grants. Seeing the databases also takes `ResourceLink.allow` on links to `shared_databases`.

    Args:
        permissions: Of the consumer's account.
        config: The lake's configuration.
        environment: Which environment.
        account: Which of its accounts, by its name in lake.yaml.
        principals: The principal of each persona of this account, by name; others are ignored.

    Raises:
        DataLakeError: `persona_without_principal`.
    """
    lakes = config.environments[environment].lakes
    for lake, catalog_id in sorted(lakes.items()):
        for name, persona in _reading(config, lake):
            if persona.account == account and account != lake:
                principal = _principal(principals, name, persona)
                permissions.grants.read(principal, where=persona_expression(config, persona), catalog_id=catalog_id)


def shared_databases(config: LakeConfig, *, environment: str, account: str) -> tuple[SharedDatabase, ...]:
    """The databases of the environment's lakes that personas of `account`, another one, read; sorted by name.

    Args:
        config: The lake's configuration.
        environment: Which environment.
        account: Which of its accounts, by its name in lake.yaml.
    """
    found = []
    for domain, definition in config.domains.items():
        if definition.lake == account:
            continue
        for zone in {zone for persona in config.personas.values() for zone in persona.read.zones if zone.is_governed}:
            readers = tuple(
                sorted(
                    name
                    for name, persona in _reading(config, definition.lake)
                    if persona.account == account and zone in persona.read.zones and domain in (persona.read.domains or [domain])
                )
            )
            if readers:
                found.append(
                    SharedDatabase(
                        lake=definition.lake,
                        catalog_id=config.environments[environment].lakes[definition.lake],
                        domain=domain,
                        zone=zone,
                        database_name=naming.database_name(domain, zone),
                        personas=readers,
                    )
                )
    return tuple(sorted(found, key=lambda database: database.database_name))


def _reading(config: LakeConfig, lake: str) -> Iterator[tuple[str, Persona]]:
    """The personas that read something of this lake, by name."""
    domains = {name for name, domain in config.domains.items() if domain.lake == lake}
    for name, persona in sorted(config.personas.items()):
        if persona.read.domains is None or domains.intersection(persona.read.domains):
            yield name, persona


def _accounts(environment: Environment) -> dict[str, str]:
    return {**environment.lakes, **environment.consumers}


def _principal(principals: Mapping[str, DataPrincipal], name: str, persona: Persona) -> DataPrincipal:
    if name not in principals:
        msg = f"persona {name} of account {persona.account} has no principal; got {', '.join(sorted(principals)) or 'none'}: add it"
        raise DataLakeError(msg, code="persona_without_principal")
    return principals[name]
