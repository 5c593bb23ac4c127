"""Which shares an app gives and takes, and whether each has its other side. By name: nothing refers from one account to another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

from aws_cdk import Stack, Token

from constructs_lib.governance.offers import Offer, together
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from constructs import IConstruct

    from constructs_lib.governance.conflicts import DeclaredRights
    from constructs_lib.governance.resources import CatalogResource

Home: TypeAlias = tuple[str, str]
"""Account and Region."""


@dataclass(eq=False, slots=True)
class Given:
    """The producer's side: what one share gives.

    Attributes:
        path: The share.
        home: Of the catalog; None when its stack names no account and Region.
        consumer: The account that is shared with; None for the organisation or a part of it.
        other_app: Whether another app has the consumer's side.
    """

    path: str
    home: Home | None
    consumer: str | None
    offer: Offer
    other_app: bool = False

    def reaches(self, account: str) -> bool:
        """Whether that account may be meant: who belongs to an organisation is not known here."""
        return self.consumer is None or self.consumer == account

    def concerns(self, database: str) -> bool:
        """Whether something of that database may be shared: what an expression covers is not known here."""
        return database in self.offer.databases or bool(self.offer.expressions)


@dataclass(eq=False, slots=True)
class Taken:
    """The consumer's side: a producer's database with what is read of it.

    Attributes:
        path: The shared database.
        home: Where it is read; None when its stack names no account and Region.
        catalog_id: The producer's account.
        database: Its name there.
        link_name: Its name here.
        given: The shares, when they were passed as objects: then what is asked has been held against them already.
        other_app: Whether another app has the producer's side.
        asked: What was passed on.
    """

    path: str
    home: Home | None
    catalog_id: str
    database: str
    link_name: str
    given: tuple[Given, ...]
    other_app: bool = False
    asked: Offer = field(default_factory=Offer)


class ShareRegister:
    """The shares of one app. Both sides write into it when they are made, and are held against each other at synth."""

    def __init__(self) -> None:
        self._given: list[Given] = []
        self._taken: list[Taken] = []
        self._accounts: frozenset[str] | None = None
        self._opened: set[tuple[str, str]] = set()
        self._declared: dict[Home, list[DeclaredRights]] = {}

    @staticmethod
    def of(scope: IConstruct) -> ShareRegister:
        """The register of the app that `scope` is in."""
        return _REGISTERS.setdefault(scope.node.root, ShareRegister())

    def add_given(self, given: Given) -> None:
        """Notes the producer's side of a share."""
        self._given.append(given)

    def add_taken(self, taken: Taken) -> None:
        """Notes the consumer's side.

        Raises:
            DataLakeError: `link_name_taken`, if the account has a link of that name already.
        """
        for other in self._taken:
            if taken.home is not None and (other.home, other.link_name) == (taken.home, taken.link_name):
                msg = f"got link name {taken.link_name}, which {other.path} has in this account already; pass another link_name"
                raise DataLakeError(msg, code="link_name_taken", where=taken.path)
        self._taken.append(taken)

    def know_declared(self, home: Home, declared: DeclaredRights) -> None:
        """Notes where some rights are declared, so that another account's can be held against them."""
        known = self._declared.setdefault(home, [])
        if declared not in known:
            known.append(declared)

    def declared_in(self, home: Home) -> Sequence[DeclaredRights]:
        """What the app declares in an account and Region."""
        return self._declared.get(home, ())

    def opens_key(self, key: str, account: str) -> bool:
        """Whether nobody has opened that key to the account before; notes that it is now."""
        is_new = (key, account) not in self._opened
        self._opened.add((key, account))
        return is_new

    def problems_of_given(self, given: Given, scope: IConstruct) -> Iterator[str]:
        """What a share lacks, now that everything is declared in the app that `scope` is in."""
        for other in self._taken:
            if given.home is not None and other.home == given.home and other.link_name in given.offer.databases:
                yield (
                    f"shared_on: {other.link_name} is a link to a database of account {other.catalog_id} ({other.path}); what was shared "
                    "cannot be shared on: let its owner share it"
                )
        if given.home is None or given.consumer is None or given.other_app or given.consumer not in self.accounts(scope):
            return
        linked = {taken.database for taken in self._taken if _answers(taken, given)}
        lacking = [name for name in given.offer.databases if name not in linked]
        if lacking or not linked:
            what = ", ".join(lacking) if lacking else str(given.offer)
            yield (
                f"share_without_consumer: account {given.consumer} is in this app and has no SharedDatabase for {what}; add one there with "
                "share=..., take the share out, or pass other_app=True when another app has it"
            )

    def problems_of_taken(self, taken: Taken, scope: IConstruct) -> Iterator[str]:
        """What a shared database lacks, now that everything is declared in the app that `scope` is in."""
        if taken.given or taken.home is None or taken.other_app or taken.catalog_id not in self.accounts(scope):
            return
        account, region = taken.home
        meant = [
            given
            for given in self._given
            if given.home is not None and given.home[0] == taken.catalog_id and given.reaches(account) and given.concerns(taken.database)
        ]
        near = [given for given in meant if given.home == (taken.catalog_id, region)]
        if not near and meant:
            regions = ", ".join(sorted({given.home[1] for given in meant if given.home is not None}))
            yield (
                f"region_mismatch: {taken.database} is shared in {regions}, this stack is in {region}; grants are made in the catalog's "
                "Region: move the SharedDatabase there, and read from elsewhere through a ResourceLink with region="
            )
        elif not near:
            yield (
                f"consumer_without_share: account {taken.catalog_id} is in this app and shares nothing of {taken.database} with {account}; "
                "add a CatalogShare there, take this out, or pass other_app=True when another app has it"
            )
        else:
            given_together = together(given.offer for given in near)
            for missing in given_together.missing(taken.asked):
                yield not_shared(missing, given_together.of_database(taken.database), [given.path for given in near])

    def problems_of_grants(
        self, home: Home, catalog: str, granted: Mapping[CatalogResource, Collection[str]], scope: IConstruct
    ) -> Iterator[str]:
        """What is granted on another account's catalog and was not given, in whichever way: the facade's own are judged by what they ask.

        Args:
            home: Account and Region of who grants.
            catalog: The account whose catalog it is.
            granted: What is granted there, as that account spells it.
            scope: Where to ask for the app.
        """
        given = self.declared_in((catalog, home[1]))
        taken = [each for each in self._taken if each.home == home and each.catalog_id == catalog]
        if not given or catalog not in self.accounts(scope) or any(each.other_app for each in taken):
            return
        for resource, permissions in granted.items():
            lacking = [each for each in sorted(permissions) if not any(declared.gives(home[0], resource, each) for declared in given)]
            if lacking:
                yield (
                    f"not_shared: got {', '.join(lacking)} on {resource.owner} of account {catalog}, which does not give it to {home[0]}; "
                    "take it out, let the producer share it, or add SharedDatabase(other_app=True) when another app has the share"
                )

    def accounts(self, scope: IConstruct) -> frozenset[str]:
        """The accounts that the app has stacks in. Asked at synth, when all of them are there; looks at no construct inside a stack."""
        if self._accounts is None:
            self._accounts = frozenset(stack.account for stack in _stacks(scope.node.root) if not Token.is_unresolved(stack.account))
        return self._accounts


def not_shared(missing: str, given: Offer, shares: Iterable[str]) -> str:
    """What to say about a right that the producer did not give."""
    return f"not_shared: got {missing}; given is {given} (by {', '.join(shares)}): ask for that, or let the producer share more"


def home_of(scope: IConstruct) -> Home | None:
    """The account and Region of a construct's stack; None unless both are known at synth."""
    stack = Stack.of(scope)
    return None if Token.is_unresolved(stack.account) or Token.is_unresolved(stack.region) else (stack.account, stack.region)


def _answers(taken: Taken, given: Given) -> bool:
    """Whether the one is the other side of the other."""
    if taken.given:
        return given in taken.given
    return (
        given.home is not None
        and taken.home == (given.consumer, given.home[1])
        and taken.catalog_id == given.home[0]
        and given.concerns(taken.database)
    )


def _stacks(construct: IConstruct) -> Iterator[Stack]:
    for child in construct.node.children:
        if Stack.is_stack(child):
            yield Stack.of(child)
        else:
            yield from _stacks(child)


_REGISTERS: WeakKeyDictionary[IConstruct, ShareRegister] = WeakKeyDictionary()
