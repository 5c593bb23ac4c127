"""Small random estates: two accounts, a few principals, buckets, tables and grants, with policies from an alphabet that collides often."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from lakecheck.assembly.resources import Origin
from lakecheck.estate.model import (
    IAM_ALLOWED_PRINCIPALS,
    Account,
    Bucket,
    Catalog,
    CellsFilter,
    Database,
    DataLocation,
    Estate,
    GovernedResource,
    Grant,
    IamPrincipalsRevoked,
    Key,
    OptIn,
    Principal,
    PrincipalKind,
    ResourceType,
    Table,
    TagAssociation,
)
from lakecheck.iam.documents import parse_policy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from lakecheck.iam.model import Policy

LAKE, USING = "111122223333", "444455556666"
REGION = "eu-west-1"
COLUMNS = ("id", "email", "total")
TABLES = (("sales", "orders"), ("sales", "refunds"), ("ops", "orders"))
BUCKETS = ("arn:aws:s3:::lake-one", "arn:aws:s3:::lake-two")
KEY = f"arn:aws:kms:{REGION}:{LAKE}:key/one"
TAG = "aws:principaltag/team"

Document = dict[str, Any]


class Estates:
    """Makes one estate.

    Args:
        random: Where every choice comes from.
        escalations: Whether policies may let more than the doors to data need, and lakes may have administrators.
        unknowns: Whether there may be principals whose policies no template tells, and accounts that register nothing.
    """

    def __init__(self, random: Random, *, escalations: bool = True, unknowns: bool = True) -> None:
        self._random = random
        self._escalations, self._unknowns = escalations, unknowns
        self._number = 0
        self._keys = set(self._one((_KEYS[:2], _KEYS[1:], _KEYS[:1], _KEYS[1:2], _KEYS[2:])))

    def estate(self) -> Estate:
        """The estate."""
        tables = tuple(self._table(database, name) for database, name in TABLES[: self._one((1, 2, 2, 3))])
        bare = [self._bare(number) for number in range(self._one((2, 3, 3, 4)))]
        self._arns = [each.arn for each in bare]
        self._roles = [each.arn for each in bare if each.kind is PrincipalKind.ROLE]
        principals = [each if each.unknown else self._with_policies(each) for each in bare]
        principals.append(self._location_role())
        organization = self._one(("o-one", "o-one", None))
        scps = self._scps() if self._chance(0.15) else None
        accounts = {
            LAKE: Account(id=LAKE, environments=("Prod",), organization=organization, scps=scps),
            USING: Account(id=USING, environments=("Prod",), organization=organization or "o-two"),
        }
        return Estate(
            accounts=accounts,
            principals=tuple(principals),
            buckets=tuple(self._bucket(arn) for arn in BUCKETS),
            keys=(Key(arn=KEY, account=LAKE, policy=self._key_policy(), origin=_origin("Key")),),
            databases=tuple(
                Database(account=LAKE, region=REGION, name=name, table_defaults=self._one((None, None, True, False)), origin=_origin(name))
                for name in ("sales", "ops")
            ),
            tables=tables,
            catalogs=tuple(self._catalogs()),
            locations=tuple(self._locations()),
            grants=tuple(self._grants()),
            tag_associations=tuple(self._tags()),
            cells_filters=self._filters(),
            opt_ins=tuple(self._opt_in() for _ in range(self._one((0, 0, 1, 2)))),
            iam_principals_revoked=tuple(self._revoked() for _ in range(self._one((0, 0, 1, 2)))),
        )

    def denial(self) -> Policy:
        """One more policy of somebody's, which denies something."""
        return self._policy([{**self._statement(), "Effect": "Deny"}])

    # --- choosing ----------------------------------------------------------------------------------------------------------------------

    def _one(self, options: Any) -> Any:
        return options[self._random.randrange(len(options))]

    def _chance(self, share: float) -> bool:
        return self._random.randrange(100) < share * 100

    def _some(self, options: Any, least: int = 1) -> list[Any]:
        count = least + self._random.randrange(len(options) - least + 1)
        left = list(options)
        return [left.pop(self._random.randrange(len(left))) for _ in range(count)]

    # --- principals --------------------------------------------------------------------------------------------------------------------

    def _bare(self, number: int) -> Principal:
        account = LAKE if not number else self._one((LAKE, LAKE, USING))
        kinds = (PrincipalKind.ROLE, PrincipalKind.ROLE, PrincipalKind.ROLE, PrincipalKind.USER, PrincipalKind.PERMISSION_SET)
        kind = self._one(kinds)
        tags = self._one(({}, {"team": "red"}, {"team": "blue"}, None))
        if kind is PrincipalKind.PERMISSION_SET:
            arn = f"arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_P{number}_{'?' * 16}"
            name = f"permission-set/P{number}"
            return Principal(arn=arn, kind=kind, account=account, name=name, tags=tags, origin=_origin(name))
        word = "user" if kind is PrincipalKind.USER else "role"
        arn, name = f"arn:aws:iam::{account}:{word}/P{number}", f"{word}/P{number}"
        if self._unknowns and kind is PrincipalKind.ROLE and number and self._chance(0.12):
            return Principal(
                arn=arn, kind=kind, account=account, name=name, unknown=(f"the policies of P{number}",), named_in=("a policy",)
            )
        return Principal(arn=arn, kind=kind, account=account, name=name, tags=tags, origin=_origin(name))

    def _with_policies(self, bare: Principal) -> Principal:
        statements = [self._statement() for _ in range(self._one((0, 1, 2)))]
        if self._chance(0.7):
            statements.append(self._conditional(_allow(["glue:Get*", "lakeformation:GetDataAccess"])))
        if self._chance(0.5):
            statements.append(self._conditional(_allow(self._one((["s3:Get*"], ["s3:*"])), self._objects())))
        if self._chance(0.5):
            statements.append(self._conditional(_allow(["kms:*"], self._one(("*", KEY)))))
        if self._chance(0.4):
            statements.append(self._conditional(_allow(["sts:AssumeRole"], self._one(("*", *self._roles)))))
        trust = None
        if bare.kind is PrincipalKind.ROLE:
            trust = self._policy([self._trust() for _ in range(self._one((1, 1, 2)))])
        boundary = self._policy([_allow(["*"]), self._statement()]) if self._chance(0.1) else None
        if boundary is None and self._chance(0.05):
            boundary = self._policy([_allow(["s3:*", "glue:*", "kms:*"])])
        if not self._escalations:
            statements = [_narrowed(each) for each in statements]
        return replace(bare, policies=(self._policy(statements),) if statements else (), trust=trust, boundary=boundary)

    def _location_role(self) -> Principal:
        usual = [_allow(["s3:*", "kms:*"] if self._escalations else ["s3:*Object*", "kms:Decrypt", "kms:GenerateDataKey"])]
        statements = usual if self._chance(0.8) else [_allow(["s3:GetObject", "kms:Decrypt"], [self._objects(), KEY])]
        arn = f"arn:aws:iam::{LAKE}:role/Location"
        trust = self._policy([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lakeformation.amazonaws.com"}}])
        return Principal(
            arn=arn, kind=PrincipalKind.ROLE, account=LAKE, name="role/Location", policies=(self._policy(statements),), trust=trust,
            tags={}, origin=_origin("Location"),
        )  # fmt: skip

    # --- policies ----------------------------------------------------------------------------------------------------------------------

    def _policy(self, statements: list[Document]) -> Policy:
        self._number += 1
        return parse_policy({"Version": "2012-10-17", "Statement": statements}, name=f"Policy{self._number}")

    def _statement(self) -> Document:
        """A statement of somebody's own policy, or of a guardrail."""
        actions = ["s3:*", "s3:GetObject", "S3:getobject*", "s3:Put*", "glue:*", "glue:GetTable", "lakeformation:*", "kms:Decrypt", "kms:*",
                   "sts:AssumeRole", "s3:?etObject", "s3:*Object"]  # fmt: skip
        if self._escalations:
            actions.append("*")
        statement: Document = {"Effect": self._one(("Allow", "Allow", "Deny"))}
        if self._chance(0.15):
            inverse = [["s3:*"], ["kms:*"], ["glue:*"], ["sts:*", "kms:*"], ["s3:Get*"]]
            statement["NotAction"] = self._one(inverse)
        else:
            statement["Action"] = self._some(actions)[:2]
        key = "NotResource" if self._chance(0.15) else "Resource"
        statement[key] = self._some([self._objects(), self._objects(), self._catalog_arn(), KEY, "*", *self._roles])[:2]
        return self._conditional(statement)

    def _conditional(self, statement: Document) -> Document:
        return {**statement, "Condition": self._condition()} if self._chance(0.3) else statement

    def _condition(self) -> Document:
        blocks: list[Document] = [
            {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
            {"StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}},
            {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
            {"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-2"}},
            {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-2"}},
            {"StringLike": {"aws:sourcevpce": "vpce-*"}},
            {"Null": {"aws:SourceVpce": "true"}},
            {"Null": {"aws:SourceVpce": "false"}},
            {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
            {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            {"StringEquals": {"aws:PrincipalTag/team": "red"}},
            {"StringNotEquals": {"aws:PrincipalTag/team": ["red", "blue"]}},
            {"StringLike": {"aws:PrincipalTag/team": "?e*"}},
            {"StringEquals": {"aws:SourceVpce": "vpce-1", "aws:PrincipalTag/team": "red"}},
            {"ForAnyValue:StringEquals": {"aws:PrincipalTag/team": ["blue"]}},
            {"ForAllValues:StringEquals": {"aws:SourceVpce": ["vpce-2"]}},
        ]  # fmt: skip
        return self._one([each for each in blocks if all(self._keys & {name.lower() for name in tests} for tests in each.values())])

    def _objects(self) -> str:
        bucket = self._one(BUCKETS)
        return self._one((
            f"{bucket}/*", f"{bucket}/sales/*", f"{bucket}/sales/orders/*", f"{bucket}/?ales/*", f"{bucket}/sales/orders/part/*",
            f"{bucket}/*/part/*", f"{bucket}/sales/orders/_marker", f"{bucket}/sales/re?unds/*", f"{bucket}*", "arn:aws:s3:::lake-*/ops/*",
        ))  # fmt: skip

    def _catalog_arn(self) -> Any:
        start = f"arn:aws:glue:{REGION}:{LAKE}"
        return self._one((f"{start}:*", f"{start}:table/sales/*", f"{start}:table/*/orders", f"{start}:database/sales", f"{start}:catalog"))

    def _principal(self, *, everybody: bool = True) -> Document | str:
        options: list[Any] = [{"AWS": each} for each in self._arns if "*" not in each]
        options += [{"AWS": f"arn:aws:iam::{account}:root"} for account in (LAKE, USING)]
        options += [{"AWS": USING}]
        return self._one([*options, "*"] if everybody else options)

    def _trust(self) -> Document:
        effect = self._one(("Allow", "Allow", "Allow", "Deny"))
        return self._conditional({"Effect": effect, "Action": "sts:AssumeRole", "Principal": self._principal()})

    def _scps(self) -> tuple[tuple[Policy, ...], ...]:
        full = self._policy([_allow(["*"])])
        return (full,), (full, self._policy([{**self._statement(), "Effect": "Deny"}]))

    def _bucket(self, arn: str) -> Bucket:
        statements: list[Document] = []
        for _ in range(self._one((0, 0, 1, 2))):
            effect = self._one(("Allow", "Allow", "Deny"))
            who = self._principal()
            what = self._one((["s3:GetObject"], ["s3:*"], ["s3:PutObject", "s3:GetObject"]))
            where = self._one((f"{arn}/*", [arn, f"{arn}/*"], f"{arn}/sales/orders/*", f"{arn}/*/part/*"))
            if not self._escalations and effect == "Allow" and what == ["s3:*"]:
                what = ["s3:*Object"]
            statements.append(self._conditional({"Effect": effect, "Principal": who, "Action": what, "Resource": where}))
        if self._chance(0.1):
            condition = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
            statements.append(
                {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"{arn}/*", "Condition": condition}
            )
        encrypted = self._chance(0.5)
        return Bucket(
            arn=arn, name=arn.rpartition(":")[2], account=LAKE if self._chance(0.9) else USING, region=REGION,
            policy=self._policy(statements) if statements else None,
            encryption="SSE_KMS" if encrypted else "SSE_S3", key=KEY if encrypted else "", bucket_key=self._one((True, False)),
            public_access_blocked=self._one((True, True, False)), acl_enabled=False, versioned=self._chance(0.3), origin=_origin(arn),
        )  # fmt: skip

    def _key_policy(self) -> Policy:
        statements = []
        if self._chance(0.8):
            statements.append({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{LAKE}:root"}, "Action": "kms:*", "Resource": "*"})
        for _ in range(self._one((0, 0, 1, 2)) if statements else 1):
            action = self._one((["kms:Decrypt"], ["kms:GenerateDataKey", "kms:Decrypt"], ["kms:Decr*"]))
            statement = {"Effect": self._one(("Allow", "Allow", "Deny")), "Principal": self._principal(), "Action": action, "Resource": "*"}
            if self._chance(0.2):
                via = self._one((f"s3.{REGION}.amazonaws.com", f"glue.{REGION}.amazonaws.com"))
                statements.append({**statement, "Condition": {"StringEquals": {"kms:ViaService": via}}})
            else:
                statements.append(self._conditional(statement))
        return self._policy(statements)

    # --- the lake ----------------------------------------------------------------------------------------------------------------------

    def _table(self, database: str, name: str) -> Table:
        bucket = self._one(BUCKETS).rpartition(":")[2]
        return Table(
            account=LAKE, region=REGION, database=database, name=name, columns=COLUMNS, location=f"s3://{bucket}/{database}/{name}/",
            origin=_origin(f"{database}.{name}"),
        )  # fmt: skip

    def _catalogs(self) -> Iterator[Catalog]:
        for account in (LAKE, USING):
            policy = None
            if account == LAKE and self._chance(0.25):
                effect = self._one(("Allow", "Allow", "Deny"))
                statement = {"Effect": effect, "Principal": self._principal(), "Action": "glue:Get*", "Resource": self._catalog_arn()}
                policy = self._policy([self._conditional(statement)])
            defaults = self._one((True, False, False, None))
            admins = tuple(self._some(self._arns)[:1]) if self._chance(0.2 if self._escalations else 0) else ()
            yield Catalog(
                account=account, region=REGION, settings_known=True, table_defaults=defaults, database_defaults=defaults, admins=admins,
                keeps_other_admins=False, policy=policy, origin=_origin("Settings"),
            )  # fmt: skip

    def _locations(self) -> Iterator[DataLocation]:
        role = f"arn:aws:iam::{LAKE}:role/Location"
        found = False
        for bucket in BUCKETS:
            if self._chance(0.7):
                where = bucket if self._chance(0.6) else f"{bucket}/sales"
                found = True
                yield DataLocation(account=LAKE, region=REGION, arn=where, role=role, hybrid=self._chance(0.35), origin=_origin(where))
            if self._chance(0.1):
                found = True
                where = f"{bucket}/sales/orders"
                yield DataLocation(account=LAKE, region=REGION, arn=where, role=role, hybrid=self._chance(0.35), origin=_origin(where))
        if not found and not self._unknowns:
            yield DataLocation(account=LAKE, region=REGION, arn="arn:aws:s3:::elsewhere", role=role, origin=_origin("Elsewhere"))

    def _on(self, kind: ResourceType | None = None) -> GovernedResource:
        database, name = self._one(TABLES)
        kind = self._one(_KINDS) if kind is None else kind
        values: Document = {"database": database}
        if kind is ResourceType.TABLE_EXPRESSION:
            keys = self._some(("class", "domain"))
            values = {"expression": tuple((key, tuple(self._some(_VALUES[key])[: self._one((1, 1, 2))])) for key in keys)}
        elif kind is not ResourceType.DATABASE:
            values["table"] = name if kind is not ResourceType.TABLE or self._chance(0.8) else "*"
        if kind is ResourceType.COLUMNS:
            chosen = tuple(self._some(COLUMNS))
            values |= {"columns": chosen} if self._chance(0.6) else {"excluded": chosen}
        elif kind is ResourceType.CELLS_FILTER:
            values["filter"] = self._one(("mild", "strict", "missing"))
        return GovernedResource(type=kind, catalog=LAKE, region=REGION, **values)

    def _grants(self) -> Iterator[Grant]:
        for number in range(self._one((1, 2, 3, 4, 6))):
            whom = self._one((*self._arns, *self._arns, f"{LAKE}:IAMPrincipals", f"{USING}:IAMPrincipals"))
            account = LAKE
            if ":IAMPrincipals" not in whom and f"::{USING}:" in whom and self._chance(0.5):
                account = USING
            yield self._grant(whom, account, number)
        for number in range(self._one((0, 1, 1, 2))):
            share = self._grant(self._one((USING, f"arn:aws:organizations::{LAKE}:organization/o-one")), LAKE, 10 + number)
            yield replace(share, grantable=share.permissions if self._chance(0.8) else frozenset())
        if self._chance(0.15):
            on = self._on(ResourceType.TABLE)
            yield replace(self._grant(IAM_ALLOWED_PRINCIPALS, LAKE, 20), resource=on, permissions=self._one((_ALL, _SELECT)))

    def _grant(self, whom: str, account: str, number: int) -> Grant:
        on = self._on()
        permissions = self._one((_SELECT, _SELECT, _ALL, frozenset({"SELECT", "INSERT"}), frozenset({"DESCRIBE"}), frozenset({"DELETE"})))
        if on.type in {ResourceType.COLUMNS, ResourceType.CELLS_FILTER}:
            permissions = _SELECT
        grantable = permissions if self._escalations and self._chance(0.1) and not on.excluded else frozenset()
        return Grant(
            account=account, region=REGION, principal=whom, resource=on, permissions=permissions, grantable=grantable,
            origin=_origin(f"Grant{number}"),
        )  # fmt: skip

    def _tags(self) -> Iterator[TagAssociation]:
        done: set[tuple[Any, ...]] = set()
        for _ in range(self._one((1, 2, 3, 4))):
            kind = self._one((ResourceType.DATABASE, ResourceType.TABLE, ResourceType.COLUMNS))
            database, name = self._one(TABLES)
            key = self._one(("class", "domain", "Class"))
            column = self._one(COLUMNS) if kind is ResourceType.COLUMNS else ""
            place = (kind, database, name if kind is not ResourceType.DATABASE else "", column, key.lower())
            if place in done:
                continue
            done.add(place)
            on = GovernedResource(
                type=kind, catalog=LAKE, region=REGION, database=database, table=place[2], columns=(column,) if column else None
            )
            value = self._one(_VALUES[key.lower()])
            yield TagAssociation(account=LAKE, region=REGION, resource=on, tags=((key, value),), origin=_origin("Tags"))

    def _filters(self) -> tuple[CellsFilter, ...]:
        return tuple(
            CellsFilter(
                account=LAKE, region=REGION, database=database, table=table, name=name, rows=self._one(("", "country='de'", "total<9")),
                origin=_origin(name), **self._one(({}, {"columns": ("id",)}, {"excluded": ("email",)}, {"columns": ("email", "total")})),
            )
            for (database, table), name in product(TABLES[:2], ("mild", "strict"))
        )  # fmt: skip

    def _opt_in(self) -> OptIn:
        return OptIn(
            account=LAKE, region=REGION, principal=self._one(self._arns), resource=self._on(ResourceType.TABLE), origin=_origin("In")
        )

    def _revoked(self) -> IamPrincipalsRevoked:
        return IamPrincipalsRevoked(account=LAKE, region=REGION, resource=self._on(ResourceType.TABLE), origin=_origin("Out"))


_KINDS = (
    ResourceType.TABLE, ResourceType.TABLE, ResourceType.COLUMNS, ResourceType.COLUMNS, ResourceType.CELLS_FILTER,
    ResourceType.TABLE_EXPRESSION, ResourceType.TABLE_EXPRESSION, ResourceType.DATABASE,
)  # fmt: skip
_KEYS = ("aws:sourcevpce", "aws:multifactorauthpresent", TAG)
_VALUES = {"class": ("public", "Internal", "secret"), "domain": ("sales", "ops")}
_ALL, _SELECT = frozenset({"ALL"}), frozenset({"SELECT"})


_NARROW = {
    "*": "s3:Get*", "s3:*": "s3:*Object", "s3:Put*": "s3:PutObject", "kms:*": "kms:Decrypt", "glue:*": "glue:Get*",
    "lakeformation:*": "lakeformation:Get*",
}  # fmt: skip
"""Actions that let nobody change a policy or grant itself something, for those that do."""


def _narrowed(statement: Document) -> Document:
    if statement["Effect"] == "Deny":
        return statement
    if "NotAction" in statement:
        return {**statement, "Effect": "Deny"}
    return {**statement, "Action": [_NARROW.get(each, each) for each in statement["Action"]]}


def contexts(estate: Estate) -> tuple[dict[str, tuple[str, ...]], ...]:
    """Every combination of the values that make a difference: those that occur, a fresh one, and none."""
    keys = {test.key.lower() for policy in policies(estate) for statement in policy.statements for test in statement.conditions}
    values: dict[str, tuple[tuple[str, ...], ...]] = {}
    if "aws:sourcevpce" in keys:
        values["aws:sourcevpce"] = (("vpce-1",), ("vpce-2",), ("vpce-fresh",), ())
    if "aws:multifactorauthpresent" in keys:
        values["aws:multifactorauthpresent"] = (("true",), ("false",), ())
    if TAG in keys and any(each.tags is None for each in estate.principals):
        values[TAG] = (("red",), ("blue",), ("teal",), ())
    return tuple(dict(zip(values, combination, strict=True)) for combination in product(*values.values()))


def policies(estate: Estate) -> Iterator[Policy]:
    """Every policy of an estate."""
    for principal in estate.principals:
        yield from principal.policies
        yield from (each for each in (principal.boundary, principal.trust) if each is not None)
    for holder in (*estate.buckets, *estate.keys, *estate.catalogs):
        if holder.policy is not None:
            yield holder.policy
    for account in estate.accounts.values():
        yield from (policy for level in account.scps or () for policy in level)


def _allow(actions: list[str], resources: Any = "*") -> Document:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def _origin(name: str) -> Origin:
    return Origin(environment="Prod", stack="Prod/Lake", logical_id=name)
