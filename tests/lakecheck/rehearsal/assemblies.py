"""Small assemblies as the CDK writes them, and programs that stand for the CDK CLI."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT, REGION = "555555555577", "eu-west-1"
KEY = "0123abcd.json"
TOPIC = {"Topic": {"Type": "AWS::SNS::Topic"}, "Queue": {"Type": "AWS::SQS::Queue"}}
PIPELINE = {
    "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.13"}},
    "Machine": {"Type": "AWS::StepFunctions::StateMachine"},
    "Job": {"Type": "AWS::Glue::Job"},
}
BOOTSTRAP = {"Parameters": {}, "Resources": {"Version": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}}}
HEAVY = ("aws_cdk", "boto3", "botocore", "duckdb", "flask", "jsonschema", "moto", "pyarrow", "pydantic", "pyspark", "yaml")


def assembly(folder: Path, resources: dict[str, Any] | None = None, *, version: str = "55.0.0") -> Path:
    """An assembly of one stack, as the CDK writes it."""
    folder.mkdir(parents=True)
    bucket, role = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}", f"arn:${{AWS::Partition}}:iam::{ACCOUNT}:role/cdk-hnb659fds"
    suffix = f"role-{ACCOUNT}-{REGION}"
    destination = {"bucketName": bucket, "objectKey": KEY, "region": REGION, "assumeRoleArn": f"{role}-file-publishing-{suffix}"}
    files = {"0123abcd": {"source": {"path": "Stack.template.json", "packaging": "file"}, "destinations": {"here": destination}}}
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{ACCOUNT}/{REGION}",
        "properties": {
            "templateFile": "Stack.template.json",
            "stackTemplateAssetObjectUrl": f"s3://{bucket}/{KEY}",
            "assumeRoleArn": f"{role}-deploy-{suffix}",
            "cloudFormationExecutionRoleArn": f"{role}-cfn-exec-{suffix}",
        },
        "dependencies": ["Stack.assets"],
        "displayName": "Stack",
    }
    assets = {"type": "cdk:asset-manifest", "properties": {"file": "Stack.assets.json"}}
    (folder / "Stack.template.json").write_text(json.dumps({"Resources": TOPIC if resources is None else resources}))
    (folder / "Stack.assets.json").write_text(json.dumps({"version": version, "files": files}))
    (folder / "manifest.json").write_text(json.dumps({"version": version, "artifacts": {"Stack.assets": assets, "Stack": stack}}))
    return folder


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)
