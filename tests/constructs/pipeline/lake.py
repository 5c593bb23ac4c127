"""A small lake with one pipeline, and its state machine as data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_kms as kms, aws_s3 as s3

from constructs_lib.pipeline import IngestionPipeline, PipelineFoundation, PipelineState
from constructs_lib.storage import LakeStorage, LakeZone
from lakemodel.config.model import Zone
from lakemodel.contracts.model import Column, DataContract, Table, TableFormat
from lakemodel.types.model import Primitive, PrimitiveKind
from tests.support import ACCOUNT, new_stack, resources

if TYPE_CHECKING:
    import aws_cdk as cdk

KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/2b7b3c51-0c10-4c3f-8c7c-3f2c6d0c0c0"


def contract(*tables: str, product: str = "flights") -> DataContract:
    """A contract of the travel domain with tables of one column."""
    column = Column(name="airline", source_name="airline", type=Primitive(PrimitiveKind.STRING), classification="public")
    return DataContract(
        id="flights",
        domain="travel",
        product=product,
        version="1.0.0",
        status="active",
        tables=tuple(
            Table(name=name, source_name=name, format=TableFormat.PARQUET, columns=(column,), classification="public") for name in tables
        ),
        file="flights.odcs.yaml",
    )


def spec(table: str, table_format: str = "parquet") -> dict[str, Any]:
    """A job spec, as far as a pipeline looks at it."""
    return {"spec_version": 2, "table": table, "format": table_format}


def existing_storage(stack: cdk.Stack) -> LakeStorage:
    """Zones around buckets that exist, so that their names are readable in templates."""
    zones = {
        zone: LakeZone.from_bucket(
            stack,
            zone.name.title(),
            zone=zone,
            bucket=s3.Bucket.from_bucket_name(stack, f"{zone.name.title()}Bucket", f"lake-{zone.value}"),
            key=kms.Key.from_key_arn(stack, f"{zone.name.title()}Key", KEY + str(number)),
        )
        for number, zone in enumerate(Zone)
    }
    access_logs = s3.Bucket.from_bucket_name(stack, "Logs", "lake-logs")
    holder = LakeZone.from_bucket(stack, "LogsZone", zone=Zone.RAW, bucket=access_logs, key=zones[Zone.RAW].key)
    return LakeStorage(stack, "Storage", zones=(), existing_zones=zones, access_logs=holder, inventory=holder)


def pipelines(app: cdk.App | None = None, **arguments: Any) -> tuple[cdk.Stack, IngestionPipeline]:
    """A stack with one pipeline for two tables, `airlines` and `routes`, on existing zones."""
    stack = new_stack(app)
    storage = existing_storage(stack)
    foundation = PipelineFoundation(stack, "Foundation", state=PipelineState(stack, "State"))
    defaults: dict[str, Any] = {
        "contract": contract("airlines", "routes"),
        "job_specs": {"routes": spec("routes"), "airlines": spec("airlines", "iceberg")},
    }
    pipeline = IngestionPipeline(stack, "Flights", zones=storage, foundation=foundation, **{**defaults, **arguments})
    return stack, pipeline


def flat(value: Any) -> str:
    """A value of a template as text, references as `<LogicalId>`."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        delimiter, parts = value["Fn::Join"]
        return str(delimiter).join(map(flat, parts))
    if "Fn::GetAtt" in value:
        return f"<{'.'.join(value['Fn::GetAtt'])}>"
    return f"<{next(iter(value.values()))}>"


def state_machine(template: dict[str, Any]) -> dict[str, Any]:
    """The definition of the one state machine."""
    (machine,) = resources(template, "AWS::StepFunctions::StateMachine").values()
    definition: dict[str, Any] = json.loads(flat(machine["Properties"]["DefinitionString"]))
    return definition


def statements(template: dict[str, Any], logical_id: str) -> dict[str, dict[str, Any]]:
    """The statements of the managed policies whose logical id begins so, by Sid."""
    policies = resources(template, "AWS::IAM::ManagedPolicy")
    return {
        statement["Sid"]: statement
        for key, policy in policies.items()
        if key.startswith(logical_id)
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    }
