"""From personas in lake.yaml to grants: directly in the lake's account, through a share and on from there in a consumer's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.governance.shared_database import SharedDatabase
from constructs_lib.governance.shares import Account, CatalogShare
from constructs_lib.governance.tags import LfTagExpression, LfTags
from lakemodel import naming
from lakemodel.config.model import Products
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs import Construct

    from constructs_lib.governance.permissions import CatalogPermissions
    from constructs_lib.governance.principals import DataPrincipal
    from lakemodel.config.model import Environment, LakeConfig, Persona, Zone


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonaDatabase:
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
) -> dict[str, CatalogShare]:
    """The lake's side: lets personas of this account read, and other accounts pass on what their personas read.

    A lake without domains shares nothing yet.

    Args:
        permissions: Of the lake's account.
        config: The lake's configuration.
        environment: Which environment.
        lake: Which of its lakes.
        principals: The principal of each persona of this account, by name; others are ignored.

    Returns:
        The share with each account whose personas read this lake, by the account's name in lake.yaml.

    Raises:
        DataLakeError: `persona_without_principal`.
    """
    expressions: dict[str, list[LfTagExpression]] = {}
    for name, persona in _reading(config, lake):
        expression = persona_expression(config, persona)
        if persona.account == lake:
            permissions.grants.read(persona_principal(principals, name, persona), where=expression)
        elif _domains_of(config, lake):
            expressions.setdefault(persona.account, []).append(expression)
    accounts = _accounts(config.environments[environment])
    return {
        account: CatalogShare(
            permissions, f"To{naming.pascal_case(account)}", consumer=Account(accounts[account]), where=where, permissions=permissions
        )
        for account, where in expressions.items()
    }


def accept_personas(
    scope: Construct,
    permissions: CatalogPermissions,
    config: LakeConfig,
    *,
    environment: str,
    account: str,
    principals: Mapping[str, DataPrincipal],
) -> dict[str, SharedDatabase]:
    """The consumer's side: links the lakes' databases, and passes on to each persona what the lakes share, by the same expression.

    To be deployed after the lakes' grants.

    Args:
        scope: Where the databases are made.
        permissions: Of the consumer's account.
        config: The lake's configuration.
        environment: Which environment.
        account: Which of its accounts, by its name in lake.yaml.
        principals: The principal of each persona of this account, by name; others are ignored.

    Returns:
        The databases, by name.

    Raises:
        DataLakeError: `persona_without_principal`.
    """
    databases = {}
    for needed in shared_databases(config, environment=environment, account=account):
        database = SharedDatabase(
            scope,
            f"{naming.pascal_case(needed.database_name)}Link",
            permissions=permissions,
            catalog_id=needed.catalog_id,
            database_name=needed.database_name,
        )
        for name in needed.personas:
            persona = config.personas[name]
            database.grants.read(persona_principal(principals, name, persona), where=persona_expression(config, persona))
        databases[needed.database_name] = database
    return databases


def shared_databases(config: LakeConfig, *, environment: str, account: str) -> tuple[PersonaDatabase, ...]:
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
                    PersonaDatabase(
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
    """The personas that read something of this lake by its LF-Tags, by name; contracts name the others (`contract_roles`)."""
    domains = _domains_of(config, lake)
    for name, persona in sorted(config.personas.items()):
        if persona.read.products is Products.ALL and (persona.read.domains is None or domains.intersection(persona.read.domains)):
            yield name, persona


def _domains_of(config: LakeConfig, lake: str) -> set[str]:
    return {name for name, domain in config.domains.items() if domain.lake == lake}


def _accounts(environment: Environment) -> dict[str, str]:
    return {**environment.lakes, **environment.consumers}


def persona_principal(principals: Mapping[str, DataPrincipal], name: str, persona: Persona) -> DataPrincipal:
    """The principal of a persona.

    Raises:
        DataLakeError: `persona_without_principal`.
    """
    if name not in principals:
        msg = f"persona {name} of account {persona.account} has no principal; got {', '.join(sorted(principals)) or 'none'}: add it"
        raise DataLakeError(msg, code="persona_without_principal")
    return principals[name]
