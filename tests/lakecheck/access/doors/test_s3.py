"""Direct S3: what opens the objects of a table, and what keeps them shut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lakecheck.access.doors.s3 import s3
from lakecheck.access.model import Action, DatasetKind, Door
from lakecheck.estate.model import Account, KeyGrant, Principal, PrincipalKind
from lakecheck.formula import Truth, leaves, unresolved
from lakecheck.iam.solver import solve
from lakecheck.values import hole

from .lakes import (
    ANYONE,
    BUCKET,
    CONSUMER,
    KEY,
    LAKE,
    ORDERS,
    REGION,
    ROUTES,
    STRANGER,
    allow,
    bucket,
    deny,
    job,
    key_with,
    lake,
    of,
    origin,
    policy,
    role,
    service,
    stranger,
    table,
    workgroup,
)

OPEN, YES = Truth.OPEN, Truth.TRUE
OBJECTS = f"{BUCKET}/*"
KEY_READ = allow("kms:Decrypt", KEY)
READER = (allow("s3:GetObject", OBJECTS), KEY_READ)


def test_a_role_with_object_and_key_reads_every_table_of_the_bucket() -> None:
    """The planted direct grant is found with its door, for all columns and rows, and names both statements."""
    notebook = role("Notebook", allow("s3:Get*", OBJECTS), KEY_READ)
    found = [access for access in s3(lake(notebook)) if access.dataset.kind is DatasetKind.TABLE]
    assert {(access.dataset.name, access.door, access.columns, access.rows) for access in found} == {
        (ORDERS, Door.S3, None, ""),
        (ROUTES, Door.S3, None, ""),
    }
    assert found[0].because == (
        f"Notebook/DefaultPolicy statement 1 allows s3:Get* on {OBJECTS}",
        f"Notebook/DefaultPolicy statement 2 allows kms:Decrypt on {KEY}",
        "Key policy statement 1 allows kms:* on *",
    )
    assert found[0].dataset.environment == "Prod"


def test_no_policy_no_access() -> None:
    """A role without a statement reaches nothing, not the bucket either."""
    assert list(s3(lake(role("Nobody")))) == []


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param((allow("s3:GetObject", OBJECTS),), id="no key"),
        pytest.param((KEY_READ,), id="no object"),
        pytest.param((allow("s3:ListBucket", BUCKET), KEY_READ), id="listing is not reading"),
        pytest.param((allow("s3:GetObject", BUCKET), KEY_READ), id="the bucket is not its objects"),
        pytest.param((*READER, deny("s3:GetObject", OBJECTS)), id="denied object"),
        pytest.param((*READER, deny("kms:Decrypt", KEY)), id="denied key"),
        pytest.param((*READER, deny("s3:*", OBJECTS, Condition={"Bool": {"aws:SecureTransport": "true"}})), id="denied by a known fact"),
        pytest.param((allow("s3:GetObject", "arn:aws:s3:::prod-curate/*"), KEY_READ), id="another bucket"),
        pytest.param(
            (allow("s3:GetObject", OBJECTS, Condition={"StringLike": {"s3:DataAccessPointArn": "*"}}), KEY_READ), id="points only"
        ),
    ],
)
def test_one_piece_missing_closes_the_door(statements: tuple[dict[str, Any], ...]) -> None:
    """Each change of one statement takes the reading away."""
    reader = role("Reader", *statements)
    assert of(s3(lake(reader)), reader) == {}


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, id="NotAction"),
        pytest.param({"Effect": "Allow", "Action": ["s3:*", "kms:*"], "NotResource": "arn:aws:s3:::other/*"}, id="NotResource"),
        pytest.param(allow("*"), id="everything"),
        pytest.param(allow(["S3:getobject", "KMS:decrypt"]), id="case"),
    ],
)
def test_a_wide_statement_opens_both_object_and_key(statement: dict[str, Any]) -> None:
    """Wide statements are not missed."""
    admin = role("Admin", statement)
    assert of(s3(lake(admin)), admin) == {ORDERS: YES, ROUTES: YES}


def test_not_resource_spares_exactly_what_it_names() -> None:
    """All but one table is not all, and not none."""
    almost = role("Almost", {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": f"{BUCKET}/sales/*"}, KEY_READ)
    assert of(s3(lake(almost)), almost) == {ROUTES: YES}


@pytest.mark.parametrize(
    "resource", ["sales/orders/*", "sales/orders/data/part-0.parquet", "sales/orders/year=2026*", "sales/*/data/*", "*/orders/*"]
)
def test_a_prefix_opens_its_table_alone(resource: str) -> None:
    """One object is enough for the table, and no other table is opened."""
    reader = role("Reader", allow("s3:GetObject", f"{BUCKET}/{resource}"), KEY_READ)
    found = of(s3(lake(reader)), reader)
    assert found.pop(ORDERS) is YES
    assert resource == "*/orders/*" or found == {}


def test_a_deny_on_part_of_a_table_leaves_the_rest() -> None:
    """Reading is refused only where the deny covers every object."""
    part = role("Part", *READER, deny("s3:GetObject", f"{BUCKET}/sales/orders/secret/*"))
    whole = role("Whole", *READER, deny("s3:GetObject", f"{BUCKET}/sales/*"))
    found = list(s3(lake(part, whole)))
    assert of(found, part) == {ORDERS: YES, ROUTES: YES}
    assert of(found, whole) == {ROUTES: YES}


def test_old_versions_are_read_where_they_are_kept() -> None:
    """`GetObjectVersion` alone reads a versioned bucket, and nothing of another one."""
    reader = role("Reader", allow("s3:GetObjectVersion", OBJECTS), KEY_READ)
    assert of(s3(lake(reader, buckets=(bucket(versioned=True),))), reader) == {ORDERS: YES, ROUTES: YES}
    assert of(s3(lake(reader)), reader) == {}


def test_what_remains_is_a_condition() -> None:
    """A condition on the network path stays, and is no access without it."""
    inside = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
    reader = role("Reader", allow("s3:GetObject", OBJECTS, Condition=inside), KEY_READ)
    found = next(access for access in s3(lake(reader)) if access.dataset.name == ORDERS)
    assert found.conditions.truth is OPEN
    assert {leaf.key for leaf in leaves(found.conditions)} == {"aws:sourcevpce"}  # type: ignore[union-attr]


def test_a_bucket_policy_alone_is_enough_in_its_own_account() -> None:
    """A role named by bucket and key policy needs no policy of its own; another role gets nothing."""
    named = role("Named")
    other = role("Other")
    theirs = allow("s3:GetObject", OBJECTS, Principal={"AWS": named.arn})
    questions = lake(named, other, buckets=(bucket(BUCKET, theirs),), keys=key_with(allow("kms:Decrypt", Principal={"AWS": named.arn})))
    found = list(s3(questions))
    assert of(found, named) == {ORDERS: YES, ROUTES: YES}
    assert of(found, other) == {}


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [(True, True, {ORDERS: YES, ROUTES: YES}), (True, False, {}), (False, True, {})],
)
def test_across_accounts_both_sides_have_to_allow(*, ours: bool, theirs: bool, expected: dict[str, Truth]) -> None:
    """One side alone opens nothing."""
    consumer = role("Consumer", *(READER if ours else (allow("s3:ListAllMyBuckets"),)), account=CONSUMER)
    account = {"AWS": f"arn:aws:iam::{CONSUMER}:root"}
    statements = (allow("s3:GetObject", OBJECTS, Principal=account),) if theirs else ()
    root = allow("kms:*", Principal={"AWS": [f"arn:aws:iam::{LAKE}:root", f"arn:aws:iam::{CONSUMER}:root"]})
    questions = lake(consumer, buckets=(bucket(BUCKET, *statements),), keys=key_with(root))
    assert of(s3(questions), consumer) == expected


def test_a_consumer_without_the_key_reads_nothing() -> None:
    """An encrypted bucket that is opened to an account stays shut while its key is not."""
    consumer = role("Consumer", *READER, account=CONSUMER)
    opened = bucket(BUCKET, allow("s3:GetObject", OBJECTS, Principal={"AWS": f"arn:aws:iam::{CONSUMER}:root"}))
    assert of(s3(lake(consumer, buckets=(opened,))), consumer) == {}
    plain = bucket(BUCKET, allow("s3:GetObject", OBJECTS, Principal={"AWS": CONSUMER}), encryption="SSE_S3", key="")
    assert of(s3(lake(consumer, buckets=(plain,))), consumer) == {ORDERS: YES, ROUTES: YES}


def test_an_account_outside_is_somebody() -> None:
    """A bucket opened to a foreign account is read by whomever that account lets, and by no one of a third."""
    outside, third = stranger(), stranger("888888888888")
    opened = bucket(BUCKET, allow("s3:GetObject", OBJECTS, Principal={"AWS": STRANGER}), encryption="SSE_S3", key="")
    found = list(s3(lake(outside, third, buckets=(opened,))))
    assert of(found, outside) == {ORDERS: YES, ROUTES: YES}
    assert of(found, third) == {}


EVERYBODY = allow("s3:GetObject", OBJECTS, Principal="*")


def test_a_public_policy_opens_the_bucket_to_anyone_where_it_is_not_blocked() -> None:
    """`Principal: *` on an unencrypted bucket is everybody's; block public access leaves it to the bucket's own account."""
    inside = role("Inside")
    opened = {"encryption": "SSE_S3", "key": ""}
    found = list(s3(lake(ANYONE, inside, buckets=(bucket(BUCKET, EVERYBODY, public_access_blocked=False, **opened),))))
    assert of(found, ANYONE) == of(found, inside) == {ORDERS: YES, ROUTES: YES}
    blocked = list(s3(lake(ANYONE, inside, buckets=(bucket(BUCKET, EVERYBODY, **opened),))))
    assert of(blocked, ANYONE) == {}
    assert of(blocked, inside) == {ORDERS: YES, ROUTES: YES}


def test_a_policy_for_an_organisation_is_not_public() -> None:
    """Bound to an organisation, `*` still opens the bucket to its other accounts, and block public access does not help."""
    consumer = role("Consumer", *READER, account=CONSUMER)
    outside = role("Outside", *READER, account=STRANGER)
    org = allow("s3:GetObject", OBJECTS, Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-lake"}})
    questions = lake(consumer, outside, buckets=(bucket(BUCKET, org, encryption="SSE_S3", key=""),))
    known = {**questions.estate.accounts, STRANGER: Account(id=STRANGER, organization="o-other")}
    found = list(s3(lake(consumer, outside, buckets=questions.estate.buckets, accounts=known)))
    assert of(found, consumer) == {ORDERS: YES, ROUTES: YES}
    assert of(found, outside) == {}


def test_a_public_statement_shuts_out_the_account_that_another_one_names() -> None:
    """Block public access judges the whole policy."""
    consumer = role("Consumer", *READER, account=CONSUMER)
    named = allow("s3:GetObject", OBJECTS, Principal={"AWS": CONSUMER})
    opened = {"encryption": "SSE_S3", "key": ""}
    assert of(s3(lake(consumer, buckets=(bucket(BUCKET, named, **opened),))), consumer) != {}
    assert of(s3(lake(consumer, buckets=(bucket(BUCKET, named, EVERYBODY, **opened),))), consumer) == {}


@pytest.mark.parametrize(
    ("statement", "truth"),
    [
        (allow("kms:*", Principal={"AWS": f"arn:aws:iam::{LAKE}:root"}), YES),
        (allow("kms:*", Principal={"AWS": "*"}), YES),
        (allow("kms:*", Principal={"AWS": "*"}, Condition={"StringEquals": {"kms:CallerAccount": LAKE}}), YES),
        (allow("kms:*", Principal={"AWS": "*"}, Condition={"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}), YES),
        (allow("kms:*", Principal={"AWS": "*"}, Condition={"StringEquals": {"kms:ViaService": f"glue.{REGION}.amazonaws.com"}}), None),
        (allow("kms:*", Principal={"AWS": "*"}, Condition={"StringEquals": {"kms:CallerAccount": CONSUMER}}), None),
        (allow("kms:Encrypt", Principal={"AWS": f"arn:aws:iam::{LAKE}:root"}), None),
        (allow("kms:*", Principal={"AWS": f"arn:aws:iam::{CONSUMER}:root"}), None),
        (allow("kms:*", Principal={"AWS": "*"}, Condition={"StringEquals": {"kms:EncryptionContext:aws:s3:arn": BUCKET}}), YES),
        (allow("kms:*", Principal={"AWS": "*"}, Condition={"StringLike": {"kms:EncryptionContext:aws:s3:arn": f"{BUCKET}/*"}}), None),
    ],
)
def test_the_key_policy_decides(statement: dict[str, Any], truth: Truth | None) -> None:
    """Root, everybody, and the service, account and bucket that S3 tells KMS."""
    reader = role("Reader", *READER)
    expected = {} if truth is None else {ORDERS: truth, ROUTES: truth}
    assert of(s3(lake(reader, keys=key_with(statement))), reader) == expected


def test_without_bucket_keys_the_object_is_the_encryption_context() -> None:
    """A key policy can then open one table and not the other."""
    context = {"StringLike": {"kms:EncryptionContext:aws:s3:arn": f"{BUCKET}/sales/*"}}
    keys = key_with(allow("kms:*", Principal={"AWS": f"arn:aws:iam::{LAKE}:root"}, Condition=context))
    reader = role("Reader", *READER)
    assert of(s3(lake(reader, keys=keys, buckets=(bucket(bucket_key=False),))), reader) == {ORDERS: YES}
    assert of(s3(lake(reader, keys=keys)), reader) == {}
    assert of(s3(lake(reader, keys=keys, buckets=(bucket(bucket_key=None),))), reader) == {ORDERS: YES}


def test_a_key_grant_stands_beside_all_policies() -> None:
    """A KMS grant opens the key; a Deny still shuts it."""
    plain = role("Plain", allow("s3:GetObject", OBJECTS))
    denied = role("Denied", allow("s3:GetObject", OBJECTS), deny("kms:*"))
    grants = tuple(
        KeyGrant(key=KEY, grantee=each.arn, operations=frozenset({"Decrypt"}), origin=origin("Grant")) for each in (plain, denied)
    )
    found = list(s3(lake(plain, denied, key_grants=grants)))
    assert of(found, plain) == {ORDERS: YES, ROUTES: YES}
    assert of(found, denied) == {}


def test_the_key_that_aws_manages_serves_the_account_alone() -> None:
    """`aws/s3` never opens a bucket to another account."""
    inside = role("Inside", allow("s3:GetObject", OBJECTS))
    outside = role("Outside", allow("s3:GetObject", OBJECTS), account=CONSUMER)
    opened = bucket(BUCKET, allow("s3:GetObject", OBJECTS, Principal={"AWS": CONSUMER}), key="")
    found = list(s3(lake(inside, outside, buckets=(opened,))))
    assert of(found, inside) == {ORDERS: YES, ROUTES: YES}
    assert of(found, outside) == {}


def test_a_key_is_found_by_its_alias() -> None:
    """A bucket that names its key by alias is under that key's policy."""
    keys = tuple(
        type(key)(arn=key.arn, account=key.account, policy=key.policy, aliases=("alias/lake",), origin=key.origin) for key in key_with()
    )
    by_alias = (bucket(key=f"arn:aws:kms:{REGION}:{LAKE}:alias/lake"),)
    reader, keyless = role("Reader", *READER), role("Keyless", allow("s3:GetObject", OBJECTS))
    found = list(s3(lake(reader, keyless, buckets=by_alias, keys=keys)))
    assert of(found, reader) == {ORDERS: YES, ROUTES: YES}
    assert of(found, keyless) == {}


def test_what_is_not_known_is_open_and_never_a_no() -> None:
    """A key, a bucket or a role that no template defines leaves a named question."""
    reader = role("Reader", *READER)
    assert of(s3(lake(reader, keys=())), reader) == {ORDERS: OPEN, ROUTES: OPEN}
    unknown = {"policy": None, "unknown_policy": "the policy of prod-curated", "encryption": "", "key": "", "origin": None}
    assert of(s3(lake(reader, buckets=(bucket(**unknown),))), reader) == {ORDERS: OPEN, ROUTES: OPEN}
    named = role("Named", unknown=("no template defines role/Named",))
    found = next(access for access in s3(lake(named)) if access.dataset.name == ORDERS)
    assert any("role/Named" in reason for reason in unresolved(found.conditions))


def test_what_is_not_known_of_one_request_may_be_open_for_another() -> None:
    """Who may have any policy reads old versions where the bucket refuses it the objects themselves."""
    named = role("Named", unknown=("no template defines role/Named",))
    here, elsewhere = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}, {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
    refusals = (deny("s3:GetObject", OBJECTS, Principal="*", Condition=each) for each in (here, elsewhere))
    buckets = (bucket(BUCKET, *refusals, versioned=True),)
    allowed = [each.conditions for each in s3(lake(named, buckets=buckets)) if each.dataset.name == ORDERS and each.action is Action.READ]
    assert [solve(each).truth for each in allowed] == [OPEN]


def test_a_bucket_that_only_a_table_names_is_open() -> None:
    """Its policy may name anybody, so that nobody is said to be kept out; a bucket without tables is left to those who speak of it."""
    reader = role("Reader", allow("s3:GetObject"), KEY_READ)
    other = role("Other", *READER)
    elsewhere = (table(ORDERS, "s3://partner-data/orders/"),)
    found = list(s3(lake(reader, other, tables=elsewhere)))
    assert of(found, reader) == {ORDERS: OPEN}
    assert of(found, other) == {ORDERS: OPEN}
    named = bucket("arn:aws:s3:::partner-data", account="", policy=None, unknown_policy="not known", encryption="", key="", origin=None)
    found = list(s3(lake(reader, other, tables=(), buckets=(named,))))
    assert of(found, reader, kind=DatasetKind.BUCKET) == {"s3://partner-data/": OPEN}
    assert of(found, other, kind=DatasetKind.BUCKET) == {}
    theirs = replace(named, account=CONSUMER)
    found = list(s3(lake(reader, other, tables=(), buckets=(theirs,))))
    assert of(found, reader, kind=DatasetKind.BUCKET) == {"s3://partner-data/": OPEN}
    assert of(found, other, kind=DatasetKind.BUCKET) == {}


def test_generated_names_are_told_apart() -> None:
    """A grant on one bucket whose name CloudFormation makes up is none on another one."""
    one, two = (f"prod-{hole(name, generated=True)}" for name in ("One", "Two"))
    buckets = tuple(bucket(f"arn:aws:s3:::{name}", encryption="SSE_S3", key="") for name in (one, two))
    tables = (table(ORDERS, f"s3://{one}/sales/orders/"), table(ROUTES, f"s3://{two}/travel/routes/"))
    first = role("First", allow("s3:GetObject", f"arn:aws:s3:::{one}/*"))
    prefix = role("Prefix", allow("s3:GetObject", f"arn:aws:s3:::{two}/travel/*"))
    wild = role("Wild", allow("s3:GetObject", "arn:aws:s3:::prod-*"))
    found = list(s3(lake(first, prefix, wild, buckets=buckets, tables=tables)))
    assert of(found, first) == {ORDERS: YES}
    assert of(found, prefix) == {ROUTES: YES}
    assert of(found, wild) == {ORDERS: YES, ROUTES: YES}


def test_variables_follow_the_principal() -> None:
    """A resource with the principal's tag opens that team's prefix; with a tag that is not known it stays open."""
    own = allow("s3:GetObject", f"{BUCKET}/${{aws:PrincipalTag/team}}/*")
    sales = role("Sales", own, KEY_READ, tags={"team": "sales"})
    without = role("Without", own, KEY_READ)
    unknown = role("Unknown", own, KEY_READ, tags=None)
    found = list(s3(lake(sales, without, unknown)))
    assert of(found, sales) == {ORDERS: YES}
    assert of(found, without) == {}
    assert of(found, unknown) == {ORDERS: OPEN, ROUTES: OPEN}


def test_guardrails_and_boundaries_close_the_door() -> None:
    """A boundary without S3, an SCP's deny and an RCP's deny each take the reading away."""
    reader = role("Reader", *READER)
    bounded = role("Bounded", *READER, boundary=policy("Boundary", allow("athena:*")))
    assert of(s3(lake(bounded)), bounded) == {}
    full = policy("Full", allow("*"))
    no_s3 = policy("NoS3", deny("s3:GetObject", f"{BUCKET}/sales/*"))
    scps = {LAKE: Account(id=LAKE, scps=((full, no_s3),))}
    assert of(s3(lake(reader, accounts=scps)), reader) == {ROUTES: YES}
    rcps = {LAKE: Account(id=LAKE, rcps=(policy("Rcp", deny("s3:*", Principal="*")),))}
    assert of(s3(lake(reader, accounts=rcps)), reader) == {}


@pytest.mark.parametrize("action", ["PutObject", "DeleteObject", "ReplicateObject", "PutLifecycleConfiguration", "*"])
def test_writing_is_any_change_of_objects(action: str) -> None:
    """Putting needs a key or another encryption, deleting needs none; a lifecycle rule deletes, too."""
    resource = BUCKET if action == "PutLifecycleConfiguration" else OBJECTS
    writer = role("Writer", allow(f"s3:{action}", resource), allow("kms:GenerateDataKey", KEY))
    found = list(s3(lake(writer)))
    assert of(found, writer, Action.WRITE) == {ORDERS: YES, ROUTES: YES}
    assert of(found, writer) == {}


def test_a_reader_does_not_write() -> None:
    """Reading gives no writing and no giving away."""
    reader = role("Reader", *READER)
    found = list(s3(lake(reader)))
    assert of(found, reader, Action.WRITE) == of(found, reader, Action.GRANT) == {}


def test_deleting_versions_needs_versions() -> None:
    """`DeleteObjectVersion` alone changes a versioned bucket only."""
    writer = role("Writer", allow("s3:DeleteObjectVersion", OBJECTS))
    assert of(s3(lake(writer)), writer, Action.WRITE) == {}
    assert of(s3(lake(writer, buckets=(bucket(versioned=True),))), writer, Action.WRITE) == {ORDERS: YES, ROUTES: YES}


def test_a_put_without_the_key_needs_a_bucket_that_takes_other_encryption() -> None:
    """Whoever may put can say AES256, unless the bucket's policy refuses that."""
    writer = role("Writer", allow("s3:PutObject", OBJECTS))
    assert of(s3(lake(writer)), writer, Action.WRITE) == {ORDERS: YES, ROUTES: YES}
    other = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}, "Null": {"s3:x-amz-server-side-encryption": "false"}}
    strict = bucket(BUCKET, deny("s3:PutObject", OBJECTS, Principal="*", Condition=other))
    assert of(s3(lake(writer, buckets=(strict,))), writer, Action.WRITE) == {}


@pytest.mark.parametrize(("enabled", "truth"), [(True, YES), (None, OPEN), (False, None)])
def test_acls_give_objects_away_where_they_count(*, enabled: bool | None, truth: Truth | None) -> None:
    """`PutObjectAcl` is passing rights on, where the bucket has ACLs."""
    giver = role("Giver", allow("s3:PutObjectAcl", OBJECTS))
    found = of(s3(lake(giver, buckets=(bucket(acl_enabled=enabled),))), giver, Action.GRANT)
    assert found == ({} if truth is None else {ORDERS: truth, ROUTES: truth})


def test_a_service_reads_what_the_bucket_policy_gives_it() -> None:
    """A content delivery network named in the policy gives the bucket away."""
    network = service("cloudfront.amazonaws.com")
    statement = allow(
        "s3:GetObject",
        OBJECTS,
        Principal={"Service": network.arn},
        Condition={"StringEquals": {"aws:SourceArn": f"arn:aws:cloudfront::{LAKE}:distribution/X"}},
    )
    opened = bucket(BUCKET, statement, encryption="SSE_S3", key="")
    assert of(s3(lake(network, buckets=(opened,))), network) == {ORDERS: OPEN, ROUTES: OPEN}
    assert of(s3(lake(network)), network) == {}


def test_a_permission_set_is_a_principal_like_any_other() -> None:
    """Its role's name is a pattern until it is deployed."""
    arn = f"arn:aws:iam::{LAKE}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Analyst_????????????????"
    analyst = Principal(
        arn=arn, kind=PrincipalKind.PERMISSION_SET, account=LAKE, name="permission-set/Analyst", policies=(policy("Analyst", *READER),)
    )
    assert of(s3(lake(analyst)), analyst) == {ORDERS: YES, ROUTES: YES}


def test_prefixes_without_tables_are_datasets_of_their_own() -> None:
    """Who reads one producer's prefix of raw is told apart from who reads the bucket."""
    raw = bucket("arn:aws:s3:::prod-raw", encryption="SSE_S3", key="")
    producer = role("Producer", allow("s3:PutObject", f"{raw.arn}/sales/orders/*"))
    pipeline = role("Pipeline", allow("s3:GetObject", f"{raw.arn}/*"))
    replay = role("Replay", allow("s3:GetObject", f"{raw.arn}/sales/orders/*"))
    found = list(s3(lake(producer, pipeline, replay, buckets=(raw,), tables=())))
    whole, part = "s3://prod-raw/", "s3://prod-raw/sales/orders/"
    assert of(found, producer, Action.WRITE, DatasetKind.BUCKET) == {part: YES}
    assert of(found, replay, kind=DatasetKind.BUCKET) == {part: YES}
    assert of(found, pipeline, kind=DatasetKind.BUCKET) == {whole: YES, part: YES}


def test_what_lies_in_a_table_is_the_tables() -> None:
    """A prefix below a table's location is no dataset of its own, and reading it reads the table."""
    reader = role("Reader", allow("s3:GetObject", f"{BUCKET}/sales/orders/data/*"), KEY_READ)
    found = list(s3(lake(reader)))
    assert of(found, reader) == {ORDERS: YES}
    assert of(found, reader, kind=DatasetKind.BUCKET) == {}


def test_a_long_list_of_resources_is_told_in_short() -> None:
    """Tables that a statement lists share their verdict, and its words are true of each of them."""
    listed = [f"{BUCKET}/sales/orders/*", f"{BUCKET}/travel/routes/*", *(f"{BUCKET}/t{number}/*" for number in range(10))]
    reader = role("Reader", allow("s3:GetObject", listed), KEY_READ)
    found = [each for each in s3(lake(reader)) if each.dataset.kind is DatasetKind.TABLE]
    assert {(each.dataset.name, each.because[0]) for each in found} == {
        (name, "Reader/DefaultPolicy statement 1 allows s3:GetObject on one of its 12 resources") for name in (ORDERS, ROUTES)
    }
    some = role("Some", allow("s3:GetObject", [f"{BUCKET}/sales/orders/*", f"{BUCKET}/travel/routes/*"]), KEY_READ)
    assert {each.because[0].rpartition(" ")[2] for each in s3(lake(some)) if each.dataset.kind is DatasetKind.TABLE} == {
        f"{BUCKET}/sales/orders/*",
        f"{BUCKET}/travel/routes/*",
    }


def test_a_table_inside_another_is_part_of_both() -> None:
    """An object of the inner table lies below the outer one, too."""
    nested = (table(ORDERS, "s3://prod-curated/sales/"), table(ROUTES, "s3://prod-curated/sales/routes/"))
    reader = role("Reader", allow("s3:GetObject", f"{BUCKET}/sales/routes/x/*"), KEY_READ)
    outer = role("Outer", allow("s3:GetObject", f"{BUCKET}/sales/other/*"), KEY_READ)
    found = list(s3(lake(reader, outer, tables=nested)))
    assert of(found, reader) == {ORDERS: YES, ROUTES: YES}
    assert of(found, outer) == {ORDERS: YES}


def test_results_and_temporary_folders_are_datasets() -> None:
    """They are told apart in their bucket although no policy names them."""
    results = bucket("arn:aws:s3:::prod-results", encryption="SSE_S3", key="")
    runner = role("Runner")
    reader = role("Reader", allow("s3:GetObject", f"{results.arn}/*"))
    parts = {"workgroups": (workgroup("analysts"),), "executors": (job(runner, "s3://prod-results/tmp/"),)}
    found = s3(lake(reader, runner, tables=(), buckets=(results,), **parts))
    assert set(of(found, reader, kind=DatasetKind.BUCKET)) == {
        "s3://prod-results/",
        "s3://prod-results/analysts/",
        "s3://prod-results/tmp/",
    }


def test_files_beside_the_location_are_the_tables() -> None:
    """Iceberg's data path and the template of partition projection hold a table's rows, too."""
    iceberg = table(ORDERS, parameters={"write.data.path": "s3://prod-curated/files/orders"})
    projected = table(ROUTES, parameters={"storage.location.template": "s3://prod-curated/feed/${dt}/"})
    reader = role("Reader", allow("s3:GetObject", f"{BUCKET}/files/*"), KEY_READ)
    feed = role("Feed", allow("s3:GetObject", f"{BUCKET}/feed/*"), KEY_READ)
    found = list(s3(lake(reader, feed, tables=(iceberg, projected))))
    assert of(found, reader) == {ORDERS: YES}
    assert of(found, feed) == {ROUTES: YES}


def test_a_link_is_no_table_with_objects() -> None:
    """A resource link holds nothing; its target's objects are the target's."""
    reader = role("Reader", *READER)
    link = table("shop.orders", target=(LAKE, "sales", "orders"))
    assert of(s3(lake(reader, tables=(table(ORDERS), link))), reader) == {ORDERS: YES}
