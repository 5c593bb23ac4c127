"""Who reaches which cell in which context, by brute force: every question is asked one by one, by the documented rules and nothing else.

Of lakecheck only the estate's model and the concrete evaluator of single requests are used, which has vectors of its own. Nothing is
grouped, kept symbolic or shared between tables: each principal, table, column and context is decided from the beginning.

https://docs.aws.amazon.com/lake-formation/latest/dg/access-control-underlying-data.html
https://docs.aws.amazon.com/lake-formation/latest/dg/hybrid-access-mode.html
https://docs.aws.amazon.com/lake-formation/latest/dg/TBAC-notes.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from lakecheck.estate.model import IAM_ALLOWED_PRINCIPALS, PrincipalKind, ResourceType
from lakecheck.formula import Truth
from lakecheck.iam import evaluate
from lakecheck.iam.model import Caller, CallerKind, Context, Effect, Layers, Policy, Request, ResourceKind, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakecheck.estate.model import Bucket, CellsFilter, Database, DataLocation, Estate, Grant, Principal, Table

Maybe: TypeAlias = bool | None
"""Yes, no, or not known, because something was generated as not known."""

Given: TypeAlias = "Mapping[str, tuple[str, ...]]"

OWN_DOORS: Final = ("lake_formation", "iam_catalog", "s3")
FILES: Final = ("data", "part/data", "x/part/data", "ops/data", "part/ops/data", "x/part/ops/data", "_marker")
"""Below each location: the keys that some policy of the random estates tells from the others."""

_TAG: Final = "aws:principaltag/"
_ALL_ROWS: Final = ""
_ON_TABLES: Final = frozenset({"SELECT", "INSERT", "DELETE"})
_OF_ACTION: Final = {"read": frozenset({"SELECT"}), "write": frozenset({"INSERT", "DELETE"})}
_RAM: Final = Policy(
    name="what RAM shares",
    statements=(Statement(index=0, effect=Effect.ALLOW, actions=("*",), resources=("*",), principals={"AWS": ("*",)}),),
)
_BINDING: Final = {"aws:sourcevpce", "aws:principalarn", "aws:principalaccount", "aws:principalorgid"}


def both(values: Iterable[Maybe]) -> Maybe:
    """All of them."""
    found: Maybe = True
    for value in values:
        if value is False:
            return False
        if value is None:
            found = None
    return found


def either(values: Iterable[Maybe]) -> Maybe:
    """One of them."""
    found: Maybe = False
    for value in values:
        if value is True:
            return True
        if value is None:
            found = None
    return found


class Oracle:
    """Decides in one context: network and second factor of the request, and the tags of principals whose tags no template tells.

    Args:
        estate: About which.
        context: Condition keys; every other one is missing. `aws:principaltag/<name>` is the tag of principals whose tags are not known.
    """

    def __init__(self, estate: Estate, context: Given) -> None:
        self.estate = estate
        self._context = {key: values for key, values in context.items() if not key.startswith(_TAG)}
        self._tags = {key.removeprefix(_TAG): values[0] for key, values in context.items() if key.startswith(_TAG) and values}
        self._asked: dict[object, Maybe] = {}

    # --- IAM ---------------------------------------------------------------------------------------------------------------------------

    def allowed(self, who: Principal, action: str, resource: str, owner: str, more: Given | None = None, *, shared: bool = False) -> Maybe:
        """One request to IAM."""
        key = (id(who), action, resource, owner, tuple((more or {}).items()), shared)
        if key not in self._asked:
            self._asked[key] = self._evaluated(who, action, resource, owner, more or {}, shared=shared)
        return self._asked[key]

    def _evaluated(self, who: Principal, action: str, resource: str, owner: str, more: Given, *, shared: bool) -> Maybe:
        accounts = self.estate.accounts
        mine, theirs = accounts.get(who.account), accounts.get(owner)
        identity = who.policies
        if who.unknown:
            identity = (*identity, Policy(name="not seen", statements=(), unknown=who.unknown))
        own, kind = self._resource_policy(action, resource)
        if shared:
            own = _joined(own, _RAM)
        caller = Caller(
            arn=_plain_arn(who),
            account=who.account,
            kind=CallerKind.USER if who.kind is PrincipalKind.USER else CallerKind.ROLE,
            tags=self._tags if who.tags is None else who.tags,
            organization=mine.organization if mine else None,
        )
        request = Request(
            caller=caller,
            action=action,
            resource=resource,
            resource_account=owner,
            resource_organization=theirs.organization if theirs else None,
            context=Context(values={"aws:securetransport": ("true",), "aws:viaawsservice": ("false",), **self._context, **more}),
        )
        layers = Layers(
            identity=identity,
            boundary=who.boundary,
            scps=mine.scps if mine else None,
            rcps=theirs.rcps if theirs else (),
            resource=own,
            resource_kind=kind,
        )
        return {Truth.TRUE: True, Truth.FALSE: False, Truth.OPEN: None}[evaluate(request, layers).truth]

    def _resource_policy(self, action: str, resource: str) -> tuple[Policy | None, ResourceKind]:
        service = action.partition(":")[0]
        if service == "s3":
            return next((each.policy for each in self.estate.buckets if each.arn == resource.partition("/")[0]), None), ResourceKind.OTHER
        if service == "kms":
            return next((each.policy for each in self.estate.keys if each.arn == resource), None), ResourceKind.KMS_KEY
        if service == "sts":
            role = next(each for each in self.estate.principals if each.arn == resource)
            return role.trust, ResourceKind.TRUST_POLICY
        if service == "glue":
            account = resource.split(":")[4]
            return next((each.policy for each in self.estate.catalogs if each.account == account), None), ResourceKind.OTHER
        return None, ResourceKind.OTHER

    # --- becoming somebody else ----------------------------------------------------------------------------------------------------------

    def becomes(self, who: Principal) -> dict[int, Maybe]:
        """By identity, everybody whom a principal can become by assuming roles, itself among them."""
        reached: dict[int, Maybe] = {id(who): True}
        waiting = [who]
        while waiting:
            here = waiting.pop(0)
            for role in self.estate.principals:
                if role is here or role.trust is None:
                    continue
                step = both((reached[id(here)], self.allowed(here, "sts:AssumeRole", role.arn, role.account)))
                before = reached.get(id(role), False)
                if either((before, step)) is not before:
                    reached[id(role)] = step
                    waiting.append(role)
        return reached

    # --- the objects -------------------------------------------------------------------------------------------------------------------

    def objects(self, who: Principal, table: Table, action: str) -> Maybe:
        """Whether a principal itself reads, or changes, some object of a table."""
        key = (id(who), id(table), action)
        if key not in self._asked:
            self._asked[key] = self._objects(who, table, action)
        return self._asked[key]

    def _objects(self, who: Principal, table: Table, action: str) -> Maybe:
        bucket, prefix = self._where(table)
        if bucket.public_access_blocked and who.account != bucket.account and bucket.policy is not None and _is_public(bucket.policy):
            return False
        return either(self._object(who, bucket, prefix + name, action) for name in FILES)

    def _object(self, who: Principal, bucket: Bucket, key: str, action: str) -> Maybe:
        def s3(name: str, resource: str = f"{bucket.arn}/{key}", **headers: tuple[str, ...]) -> Maybe:
            return self.allowed(
                who, f"s3:{name}", resource, bucket.account, {f"s3:x-amz-{k.replace('_', '-')}": v for k, v in headers.items()}
            )

        if action == "read":
            names = ("GetObject", "GetObjectVersion") if bucket.versioned else ("GetObject",)
            return either(both((s3(name), self._key(who, bucket, "kms:Decrypt"))) for name in names)
        ways = [
            both((s3("PutObject"), self._key(who, bucket, "kms:GenerateDataKey"))),
            s3("DeleteObject"),
            both((s3("ReplicateObject"), self._key(who, bucket, "kms:GenerateDataKey"))),
            s3("ReplicateDelete"),
            s3("PutLifecycleConfiguration", bucket.arn),
        ]
        if bucket.encryption == "SSE_KMS":
            named = {"server_side_encryption": ("aws:kms",), "server_side_encryption_aws_kms_key_id": (bucket.key,)}
            ways.append(both((s3("PutObject", **named), self._key(who, bucket, "kms:GenerateDataKey"))))
            ways.append(s3("PutObject", server_side_encryption=("AES256",)))
        else:  # with AWS's own key for S3, which everybody may use who may put the object
            ways.append(s3("PutObject", server_side_encryption=("aws:kms",)))
        if bucket.versioned:
            ways.append(s3("DeleteObjectVersion"))
        return either(ways)

    def _key(self, who: Principal, bucket: Bucket, action: str) -> Maybe:
        if bucket.encryption != "SSE_KMS":
            return True
        key = next(each for each in self.estate.keys if each.arn == bucket.key)
        seen = {"kms:viaservice": (f"s3.{bucket.region}.amazonaws.com",), "aws:viaawsservice": ("true",)}
        return self.allowed(who, action, key.arn, key.account, seen)

    def _where(self, table: Table) -> tuple[Bucket, str]:
        name, _, prefix = table.location.removeprefix("s3://").partition("/")
        return next(each for each in self.estate.buckets if each.name == name), prefix

    # --- the catalog -------------------------------------------------------------------------------------------------------------------

    def rows(self, who: Principal, table: Table, column: str, action: str, door: str) -> dict[str, Maybe]:
        """By row filter, whether one principal reaches one column of one table through one door, as itself."""
        if door == "s3":
            return {_ALL_ROWS: self.objects(who, table, action)}
        if door == "iam_catalog":
            return {_ALL_ROWS: self._by_iam(who, table, action)}
        found: dict[str, Maybe] = {}
        governed = self._governed(who, table, action)
        for rows, permission in self._rights(who, table, column):
            if permission in _OF_ACTION[action]:
                found[rows] = either((found.get(rows, False), both((governed, self._grants_count(who, table, permission)))))
        return found

    def _governed(self, who: Principal, table: Table, action: str) -> Maybe:
        """What a grant needs beside itself: the catalog's action, credentials, a registered location and its role."""
        return both((
            self._registered(table),
            self._catalog(who, table, shared=who.account != table.account),
            self.allowed(who, "lakeformation:GetDataAccess", "*", who.account),
            self._role_can(table, action),
        ))  # fmt: skip

    def _by_iam(self, who: Principal, table: Table, action: str) -> Maybe:
        registered, own = self._registered(table), self.objects(who, table, action)
        location = self._location(table)
        left = self._left_to_iam(table, "SELECT" if action == "read" else "INSERT")
        credentials: Maybe = False
        if location is None or not location.hybrid:
            credentials = both((self.allowed(who, "lakeformation:GetDataAccess", "*", who.account), self._role_can(table, action)))
        elif self._opted_in(who, table):
            left = False
        governed = both((left, either((own, credentials))))
        files = own if registered is False else governed if registered is True else own if own is governed else None
        return both((self._catalog(who, table, shared=False), files))

    def _catalog(self, who: Principal, table: Table, *, shared: bool) -> Maybe:
        start = f"arn:aws:glue:{table.region}:{table.account}"
        arns = (f"{start}:catalog", f"{start}:database/{table.database}", f"{start}:table/{table.database}/{table.name}")
        return both(self.allowed(who, "glue:GetTable", arn, table.account, shared=shared) for arn in arns)

    def _location(self, table: Table) -> DataLocation | None:
        path = f"arn:aws:s3:::{table.location.removeprefix('s3://')}"
        ours = [each for each in self.estate.locations if each.account == table.account and path.startswith(f"{each.arn}/")]
        return max(ours, key=lambda each: len(each.arn), default=None)

    def _registered(self, table: Table) -> Maybe:
        """Where the templates register nothing in an account, whoever set it up may have done so by hand."""
        if self._location(table) is not None:
            return True
        return False if any(each.account == table.account for each in self.estate.locations) else None

    def _role_can(self, table: Table, action: str) -> Maybe:
        location = self._location(table)
        if location is None:
            return None
        role = next((each for each in self.estate.principals if each.arn == location.role), None)
        return True if role is None else self.objects(role, table, action)

    def _left_to_iam(self, table: Table, permission: str) -> bool:
        """Whether IAM_ALLOWED_PRINCIPALS holds a permission."""
        for grant in self.estate.grants:
            on_it = _named(grant) == (table.account, table.database) and grant.resource.table in {table.name, "*"}
            if grant.principal == IAM_ALLOWED_PRINCIPALS and on_it and permission in _permissions(grant):
                return True
        for each in self.estate.iam_principals_revoked:
            resource = each.resource
            if (resource.catalog, resource.database) == (table.account, table.database) and resource.table in {table.name, "*"}:
                return False
        stated = self._database(table).table_defaults
        if stated is None:
            stated = next((each.table_defaults for each in self.estate.catalogs if each.account == table.account), None)
        return True if stated is None else stated

    def _grants_count(self, who: Principal, table: Table, permission: str) -> bool:
        location = self._location(table)
        if location is None or not location.hybrid:
            return True
        return self._opted_in(who, table) or not self._left_to_iam(table, permission)

    def _opted_in(self, who: Principal, table: Table) -> bool:
        return any(
            each.principal == who.arn
            and (each.resource.catalog, each.resource.database) == (table.account, table.database)
            and each.resource.table in {table.name, "*"}
            for each in self.estate.opt_ins
        )

    def _database(self, table: Table) -> Database:
        return next(each for each in self.estate.databases if (each.account, each.name) == (table.account, table.database))

    # --- grants ------------------------------------------------------------------------------------------------------------------------

    def _rights(self, who: Principal, table: Table, column: str) -> set[tuple[str, str]]:
        """Row filter and permission of everything that grants give on one column."""
        names = {who.arn, f"{who.account}:IAMPrincipals"}
        own = [each for each in self.estate.grants if each.principal in names and each.account == table.account]
        found = {right for grant in own for right in self._gives(grant, table, column, _permissions(grant))}
        if who.account == table.account:
            return found
        organization = self.estate.accounts[who.account].organization
        to_account = {who.account, f"arn:aws:organizations::{table.account}:organization/{organization}"}
        shares = [each for each in self.estate.grants if each.principal in to_account and each.account == table.account]
        local = [each for each in self.estate.grants if each.principal in names and each.account == who.account]
        for share in shares:
            for rows, permission in self._gives(share, table, column, _grantable(share)):
                for grant in local:
                    for narrower, same in self._gives(grant, table, column, _permissions(grant)):
                        if same == permission:
                            found.add((_and(rows, narrower), permission))
            if any(who.arn in each.admins for each in self.estate.catalogs if each.account == who.account):
                found |= {(rows, each) for rows, each in self._gives(share, table, column, _permissions(share)) if each == "SELECT"}
        return found

    def _gives(  # noqa: PLR0911 - one for each kind of grant
        self, grant: Grant, table: Table, column: str, permissions: frozenset[str]
    ) -> set[tuple[str, str]]:
        resource = grant.resource
        if resource.type is ResourceType.TABLE_EXPRESSION:
            if resource.catalog != table.account:
                return set()
            fits = {each for each in table.columns if self._matches(resource.expression, table, each)}
            on_some = permissions & {"SELECT"} if column in fits else frozenset()
            on_all = permissions if fits == set(table.columns) else frozenset()
            return {(_ALL_ROWS, each) for each in on_some | on_all}
        if _named(grant) != (table.account, table.database) or resource.type is ResourceType.DATABASE:
            return set()
        if resource.type is ResourceType.TABLE:
            return {(_ALL_ROWS, each) for each in permissions} if resource.table in {"*", table.name} else set()
        if resource.table != table.name:
            return set()
        if resource.type is ResourceType.COLUMNS:
            return {(_ALL_ROWS, "SELECT")} if _is_in(column, resource) and "SELECT" in permissions else set()
        if resource.type is ResourceType.CELLS_FILTER:
            name = (table.account, table.database, table.name, resource.filter)
            cells = next((each for each in self.estate.cells_filters if (each.account, each.database, each.table, each.name) == name), None)
            return {(cells.rows, "SELECT")} if cells is not None and _is_in(column, cells) and "SELECT" in permissions else set()
        return set()

    def _matches(self, expression: tuple[tuple[str, tuple[str, ...]], ...], table: Table, column: str) -> bool:
        tags: dict[str, str] = {}
        for kind in (ResourceType.DATABASE, ResourceType.TABLE, ResourceType.COLUMNS):
            for each in self.estate.tag_associations:
                on = each.resource
                here = (on.catalog, on.database) == (table.account, table.database)
                if kind is not ResourceType.DATABASE:
                    here = here and on.table == table.name
                if kind is ResourceType.COLUMNS:
                    here = here and column in (on.columns or ())
                if on.type is kind and here:
                    tags |= {key.lower(): value.lower() for key, value in each.tags}
        return all(tags.get(key.lower()) in {value.lower() for value in values} for key, values in expression)


def _named(grant: Grant) -> tuple[str, str]:
    return grant.resource.catalog, grant.resource.database.lower()


def _permissions(grant: Grant) -> frozenset[str]:
    return _ON_TABLES if "ALL" in grant.permissions else grant.permissions & _ON_TABLES


def _grantable(grant: Grant) -> frozenset[str]:
    return _ON_TABLES if "ALL" in grant.grantable else grant.grantable & _ON_TABLES


def _is_in(column: str, chosen: CellsFilter | object) -> bool:
    included: tuple[str, ...] | None = getattr(chosen, "columns")  # noqa: B009 - filters and resources have the same two fields
    excluded: tuple[str, ...] = getattr(chosen, "excluded")  # noqa: B009
    return column in included if included is not None else column not in excluded


def _and(of_share: str, of_grant: str) -> str:
    if _ALL_ROWS in {of_share, of_grant} or of_share == of_grant:
        return of_share or of_grant
    return f"({of_share}) AND ({of_grant})"


def _joined(one: Policy | None, other: Policy) -> Policy:
    return other if one is None else Policy(name=one.name, statements=(*one.statements, *other.statements))


def _plain_arn(who: Principal) -> str:
    """A permission set's role with some suffix and in no Region's folder: no policy here names one."""
    return who.arn.replace("*", "eu-west-1/").replace("?" * 16, "0123456789abcdef")


def _is_public(policy: Policy) -> bool:
    """Whether a statement lets everybody in whom no condition binds to a fixed value."""
    for statement in policy.statements:
        everybody = statement.effect is Effect.ALLOW and "*" in (statement.principals or {}).get("AWS", ())
        bound = any(
            each.key.lower() in _BINDING and each.operator in {"StringEquals", "StringLike"} and not each.if_exists and not each.quantifier
            and not any("*" in value for value in each.values)
            for each in statement.conditions
        )  # fmt: skip
        if everybody and not bound:
            return True
    return False
