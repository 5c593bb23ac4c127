"""Who reads tables after giving their database other LF-Tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakecheck.access.doors.retag import retag
from lakecheck.access.model import Door
from lakecheck.estate.model import Catalog, Database, DataLocation, GovernedResource, Grant, ResourceType, TagAssociation
from lakecheck.formula import Truth
from tests.lakecheck.access.doors.lakes import BUCKET, LAKE, ORDERS, REGION, allow, lake, of, origin, role, trust

if TYPE_CHECKING:
    from lakecheck.access.questions import Questions

REGISTRAR = role("Registrar", allow(["s3:*", "kms:*"]), trust=trust("lakeformation.amazonaws.com"))
RIGHTS = allow(["glue:GetTable", "lakeformation:GetDataAccess", "lakeformation:AddLFTagsToResource"])
STEWARD = role("Steward", RIGHTS)
ON_DATABASE = frozenset({"DESCRIBE", "CREATE_TABLE", "ALTER", "DROP"})


def resource(kind: ResourceType, **more: Any) -> GovernedResource:
    """Something of the lake's catalog."""
    return GovernedResource(type=kind, catalog=LAKE, region=REGION, **more)


def grant(on: GovernedResource, permissions: set[str], grantable: frozenset[str] = frozenset()) -> Grant:
    """A grant to the steward."""
    return Grant(
        account=LAKE,
        region=REGION,
        principal=STEWARD.arn,
        resource=on,
        permissions=frozenset(permissions),
        grantable=grantable,
        origin=origin("Grant"),
    )


READS = grant(resource(ResourceType.TABLE_EXPRESSION, expression=(("class", ("public",)),)), {"SELECT", "DESCRIBE"})
TAGS = grant(resource(ResourceType.LF_TAG, expression=(("class", ("public", "secret")),)), {"ASSOCIATE"})
HOLDS = grant(resource(ResourceType.DATABASE, database="sales"), set(ON_DATABASE), ON_DATABASE)


def tagged(*grants: Grant, source: Any = STEWARD, value: str = "secret") -> Questions:
    """The lake with one tag on the sales database."""
    association = TagAssociation(
        account=LAKE,
        region=REGION,
        resource=resource(ResourceType.DATABASE, database="sales"),
        tags=(("class", value),),
        origin=origin("Tags"),
    )
    return lake(
        REGISTRAR,
        source,
        catalogs=(
            Catalog(
                account=LAKE,
                region=REGION,
                settings_known=True,
                table_defaults=False,
                database_defaults=False,
                keeps_other_admins=False,
                origin=origin("Settings"),
            ),
        ),
        databases=tuple(Database(account=LAKE, region=REGION, name=name, origin=origin(name)) for name in ("sales", "travel")),
        locations=(DataLocation(account=LAKE, region=REGION, arn=BUCKET, role=REGISTRAR.arn, origin=origin("Location")),),
        tag_associations=(association,),
        grants=grants,
    )


def test_a_database_can_be_tagged_so_that_ones_own_grant_fits() -> None:
    """Only tables of that database, and through Lake Formation."""
    rows = list(retag(tagged(READS, TAGS, HOLDS)))
    assert of(rows, STEWARD) == {ORDERS: Truth.TRUE}
    assert {each.door for each in rows} == {Door.LAKE_FORMATION}
    assert [step.door for step in rows[0].via] == [Door.SELF_GRANT]


def test_every_part_is_needed() -> None:
    """The tag, the database with the grant option, a grant that fits, and IAM."""
    assert not list(retag(tagged(READS, HOLDS)))
    assert not list(retag(tagged(READS, TAGS)))
    assert not list(retag(tagged(TAGS, HOLDS)))
    assert not list(retag(tagged(READS, TAGS, grant(HOLDS.resource, set(ON_DATABASE)))))
    other = grant(resource(ResourceType.LF_TAG, expression=(("class", ("secret",)),)), {"ASSOCIATE"})
    assert not list(retag(tagged(READS, other, HOLDS)))
    poor = role("Steward", allow(["glue:GetTable", "lakeformation:GetDataAccess"]))
    assert not list(retag(tagged(READS, TAGS, HOLDS, source=poor)))


def test_what_is_read_already_is_no_retagging() -> None:
    """The database has the value."""
    assert not list(retag(tagged(READS, TAGS, HOLDS, value="public")))
