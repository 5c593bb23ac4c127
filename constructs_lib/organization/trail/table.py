"""A table over the organisation's log files, and a workgroup in which auditors ask it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from aws_cdk import Stack, aws_glue as glue, aws_iam as iam
from constructs import Construct

from constructs_lib.catalog import LakeDatabase, ProjectedTable, Projection
from constructs_lib.core import acknowledge, acknowledge_wildcards, misuse
from constructs_lib.governance import CatalogPermissions
from constructs_lib.organization.trail.questions import questions
from constructs_lib.query import NamedQuery, QueryWorkgroup, ResultsBucket
from lakemodel.config.model import Zone
from lakemodel.contracts.model import Column
from lakemodel.naming import pascal_case
from lakemodel.types.model import List, Map, Primitive, PrimitiveKind, Struct, StructField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import RemovalPolicy, Size

    from constructs_lib.governance import LakeFormationSettings
    from constructs_lib.organization.trail.log_archive import LogArchive
    from constructs_lib.storage import BucketHolder
    from lakemodel.types.model import DataType

_TEXT: Final = Primitive(PrimitiveKind.STRING)
_CLASSIFICATION: Final = "internal"
_OWNER: Final = "security"
_DATABASE: Final = "audit"
_TABLE: Final = "organization_trail"
_UNREGISTERED: Final = (
    "the archive's own policies decide who reads the trail; a registered location could be opened by whoever administers Lake Formation"
)
_FIRST_DAY: Final = "2026/01/01"


def _struct(**fields: DataType) -> Struct:
    return Struct(tuple(StructField(name, kind) for name, kind in fields.items()))


def _texts(*names: str) -> dict[str, DataType]:
    return dict.fromkeys(names, _TEXT)


_ISSUER: Final = _struct(**_texts("type", "principalid", "arn", "accountid", "username"))
_FEDERATION: Final = _struct(federatedprovider=_TEXT, attributes=Map(_TEXT, _TEXT))
_SESSION: Final = _struct(
    attributes=_struct(**_texts("mfaauthenticated", "creationdate")),
    sessionissuer=_ISSUER,
    ec2roledelivery=_TEXT,
    sourceidentity=_TEXT,
    webidfederationdata=_FEDERATION,
)
_IDENTITY: Final = _struct(
    **_texts("type", "principalid", "arn", "accountid", "invokedby", "accesskeyid", "username"),
    onbehalfof=_struct(**_texts("userid", "identitystorearn")),
    sessioncontext=_SESSION,
)
TRAIL_COLUMNS: Final[Mapping[str, DataType]] = MappingProxyType(
    {
        "eventversion": _TEXT,
        "useridentity": _IDENTITY,
        **_texts("eventtime", "eventsource", "eventname", "awsregion", "sourceipaddress", "useragent", "errorcode", "errormessage"),
        **_texts("requestparameters", "responseelements", "additionaleventdata", "requestid", "eventid", "readonly"),
        "resources": List(_struct(**_texts("arn", "accountid", "type"))),
        **_texts("eventtype", "apiversion", "recipientaccountid", "serviceeventdetails", "sharedeventid"),
        **_texts("vpcendpointid", "vpcendpointaccountid", "eventcategory", "sessioncredentialfromconsole"),
        "tlsdetails": _struct(**_texts("tlsversion", "ciphersuite", "clientprovidedhostheader")),
    }
)
"""What is in a record, as Athena reads it: https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html"""


class TrailTable(Construct):
    """A table over the organisation trail's files, a workgroup for auditors, and the questions they ask as saved queries.

    Its partitions are projected, because CloudTrail appends files and nobody registers them: account, Region, day. Events of an account or
    Region that is not stated are kept, and not seen here. Its location is registered with nothing, so that the archive's own policies
    decide who reads files, and nobody who administers a catalog can grant themselves its audit. What Lake Formation decides is who sees
    the table: without `settings` everybody whose IAM policies allow it, which is what AWS gives new tables.

    Args:
        archive: The log archive, of this stack's account.
        accounts: Accounts of the organisation whose events are seen; everybody else counts as outside in the questions.
        regions: Regions whose events are seen; `us-east-1` is one that global services (IAM, Organizations) tell from, and is always added
            in the partition `aws`.
        auditors: Roles of this account that may ask; more with `grant_read`.
        auditor_patterns: ARN patterns of roles that cannot be referenced, see `query.permission_set_pattern`. Attach `read_policy` and the
            workgroup's `member_policy` to them.
        settings: The account's Lake Formation settings. With them the table opens itself to nobody, and each of `auditors` is granted it;
            when left out, Lake Formation is left as it is. Those of `auditor_patterns` are granted with `permissions`.
        classification: The class of what is in the trail; `internal` when left out: who called what, never the data itself.
        break_glass_role: Name of the role for emergencies, for the question who used it; not asked when left out.
        first_day: The earliest day that is seen, as yyyy/MM/dd; 2026/01/01 when left out.
        scan_limit: What one question may scan; 100 GiB when left out.
        workgroup_name: `audit` when left out.
        results: Where results go; a `ResultsBucket` of its own when left out.
        access_logs: For a new `ResultsBucket`; not logged when left out.
        removal_policy: RETAIN when left out; anything else needs `core.allow_destroy`.

    Attributes:
        database: The Glue database, `audit`.
        table: The table, `organization_trail`.
        workgroup: Where auditors ask.
        queries: Each saved query by its name.
        permissions: Rights on the table through Lake Formation; None without `settings`.
        read_policy: What auditors need besides the workgroup's policy: the files and their key.

    Raises:
        DataLakeError: `trail_table`, for no account or Region; `projection`; those of `query.QueryWorkgroup`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        archive: LogArchive,
        accounts: Sequence[str],
        regions: Sequence[str],
        auditors: Sequence[iam.IRole] = (),
        auditor_patterns: Sequence[str] = (),
        settings: LakeFormationSettings | None = None,
        classification: str | None = None,
        break_glass_role: str | None = None,
        first_day: str | None = None,
        scan_limit: Size | None = None,
        workgroup_name: str | None = None,
        results: ResultsBucket | None = None,
        access_logs: BucketHolder | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        first_day = _FIRST_DAY if first_day is None else first_day
        classification = _CLASSIFICATION if classification is None else classification
        workgroup_name = "audit" if workgroup_name is None else workgroup_name
        if not accounts or not regions:
            msg = f"got accounts {list(accounts)} and Regions {list(regions)}; needed is at least one of each: without, no file is seen"
            raise misuse(self, msg, code="trail_table")
        if results is None:
            results = ResultsBucket(self, "Results", access_logs=access_logs, removal_policy=removal_policy)
        self._archive = archive
        self.permissions = None if settings is None else CatalogPermissions(self, "Permissions", settings=settings, parts=1)
        self._prefix = f"AWSLogs/{archive.organization_id}/"
        self.database = LakeDatabase(
            self,
            "Database",
            domain=_OWNER,
            zone=Zone.CURATED,
            database_name=_DATABASE,
            description="What was done in the organisation",
            removal_policy=removal_policy,
        )
        if settings is not None:
            self.database.node.add_dependency(settings.resource)  # or it would open itself to whom IAM lets
        self.table = self._table(accounts, regions, first_day, classification, removal_policy)
        acknowledge(self.table.resource, "lakecheck-rules::lake_formation.unregistered_location", reason=_UNREGISTERED)
        self.read_policy = self._read_policy()
        self.workgroup = QueryWorkgroup(
            self,
            "Workgroup",
            name=workgroup_name,
            results=results,
            member_patterns=auditor_patterns,
            scan_limit=scan_limit,
            description="Questions to the organisation's trail",
        )
        for auditor in auditors:
            self.grant_read(auditor)
        self.queries: Mapping[str, NamedQuery] = MappingProxyType(
            {
                question.name: self.workgroup.add_named_query(
                    pascal_case(question.name.replace("-", "_")),
                    name=question.name,
                    description=question.description,
                    database=_DATABASE,
                    query=question.sql,
                )
                for question in questions(database=_DATABASE, table=_TABLE, accounts=accounts, break_glass_role=break_glass_role)
            }
        )

    def grant_read(self, role: iam.IRole) -> None:
        """Lets `role`, of this account, ask in the workgroup and read the log files."""
        self.workgroup.grants.query(role)
        self.read_policy.attach_to_role(role)
        if self.permissions is not None:
            self.permissions.on_table(self.table).read(role)

    def _table(
        self, accounts: Sequence[str], regions: Sequence[str], first_day: str, classification: str, removal_policy: RemovalPolicy | None
    ) -> ProjectedTable:
        bucket = self._archive.bucket
        seen = {*regions, *(["us-east-1"] if not any(name.startswith(("cn-", "us-gov-")) for name in regions) else [])}
        return ProjectedTable(
            self,
            "Resource",
            database=self.database,
            table_name=_TABLE,
            bucket=bucket,
            prefix=self._prefix,
            columns=[Column(name=name, source_name=name, type=kind, classification=classification) for name, kind in TRAIL_COLUMNS.items()],
            partitions={
                "account": Projection.enum(*sorted(set(accounts))),
                "region": Projection.enum(*sorted(seen)),
                "day": Projection.date("yyyy/MM/dd", first_day),
            },
            location_template=f"s3://{bucket.bucket_name}/{self._prefix}${{account}}/CloudTrail/${{region}}/${{day}}/",
            data_format=glue.DataFormat(
                input_format=glue.InputFormat.CLOUDTRAIL,
                output_format=glue.OutputFormat.HIVE_IGNORE_KEY_TEXT,
                serialization_library=glue.SerializationLibrary.HIVE_JSON,
            ),
            owner=_OWNER,
            classification=classification,
            description="The organisation's trail: what was called, by whom, from where",
            removal_policy=removal_policy,
        )

    def _read_policy(self) -> iam.ManagedPolicy:
        stack, bucket = Stack.of(self), self._archive.bucket
        through_s3 = {"StringEquals": {"kms:ViaService": f"s3.{stack.region}.{stack.url_suffix}"}}
        listing = {"StringLike": {"s3:prefix": [self._prefix, f"{self._prefix}*"]}}
        policy = iam.ManagedPolicy(
            self,
            "ReadPolicy",
            description="Read the organisation trail's files",
            statements=[
                iam.PolicyStatement(sid="LogFiles", actions=["s3:GetObject"], resources=[bucket.arn_for_objects(f"{self._prefix}*")]),
                iam.PolicyStatement(sid="Listing", actions=["s3:ListBucket"], resources=[bucket.bucket_arn], conditions=listing),
                iam.PolicyStatement(sid="Location", actions=["s3:GetBucketLocation"], resources=[bucket.bucket_arn]),
                iam.PolicyStatement(
                    sid="LogFileKey", actions=["kms:Decrypt"], resources=[self._archive.key.key_arn], conditions=through_s3
                ),
            ],
        )
        acknowledge_wildcards(policy, {"LogFiles": "every log file of the organisation, and nothing else, stands below its prefix"})
        return policy
