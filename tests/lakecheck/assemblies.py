"""Assemblies for the tests: a real one synthesized from a small CDK app, and hand-made ones that are wrong in one way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import cdk_nag
from aws_cdk import Acknowledgment, Validations, aws_s3, aws_sqs

from constructs_lib.core import acknowledge
from tests.support import REGION, new_app

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNTS = {"Dev": "444444444401", "Prod": "444444444421"}
BUCKET = {"Type": "AWS::S3::Bucket"}


def synthesize_lake(outdir: Path) -> None:
    """Two stages of a stack with a nested one, and a stack in no stage; one pack; good, stale and expired acknowledgements."""
    app = new_app(outdir)
    Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    for name, account in ACCOUNTS.items():
        stage = cdk.Stage(app, name, env=cdk.Environment(account=account, region=REGION))
        storage = cdk.Stack(stage, "Storage", termination_protection=True)
        bucket = aws_s3.Bucket(storage, "Bucket", enforce_ssl=True)
        acknowledge(bucket, "AwsSolutions::AwsSolutions-S1", reason="logs stand elsewhere", owner="storage team", expires="2026-06-30")
        acknowledge(bucket, "AwsSolutions::AwsSolutions-S10", reason="fixed long ago", owner="storage team")
        queue = aws_sqs.Queue(cdk.NestedStack(storage, "Nested"), "Queue", enforce_ssl=True)
        Validations.of(queue).acknowledge(Acknowledgment(id="AwsSolutions::AwsSolutions-SQS3", reason="a queue of last resort"))
        cdk.CfnOutput(storage, "BucketName", value=bucket.bucket_name)
    aws_s3.CfnBucket(cdk.Stack(app, "Anywhere"), "Open")
    _synthesize(app)


def synthesize_canary(outdir: Path) -> None:
    """One bucket that each checker has to see, in a template whose Metadata orders every checker to be silent."""
    app = new_app(outdir)
    Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    stack = cdk.Stack(app, "Canary", env=cdk.Environment(account=ACCOUNTS["Dev"], region=REGION))
    bucket = aws_s3.CfnBucket(stack, "Bad")
    bucket.add_property_override("NoSuchProperty", True)  # noqa: FBT003 - the API's own signature
    rules = ["E3002", "F3002", "E", "F", "W"]
    bucket.cfn_options.metadata = {
        "cfn-lint": {"config": {"ignore_checks": rules}},
        "guard": {"SuppressedRules": rules},
        "cfn_validate": {"suppress": rules},
    }
    stack.template_options.metadata = {"cfn-lint": {"config": {"ignore_checks": rules}}, "cfn_nag": {"rules_to_suppress": rules}}
    _synthesize(app)


def _synthesize(app: cdk.App) -> None:
    try:
        app.synth()
    except RuntimeError as error:  # the violations that the tests are about
        if "ValidationFailed" not in str(error):
            raise


def write_assembly(
    folder: Path,
    templates: dict[str, Any] | None = None,
    *,
    report: Any = None,
    metadata: dict[str, Any] | None = None,
    version: Any = "55.0.0",
    environment: str = "aws://444444444401/eu-west-1",
) -> Path:
    """An assembly with one stack for each template; `metadata` (inline, as older versions write it) goes to each of them."""
    folder.mkdir(parents=True, exist_ok=True)
    artifacts = {}
    for name, template in ({"Only": {"Resources": {"Bucket": BUCKET}}} if templates is None else templates).items():
        (folder / f"{name}.template.json").write_text(json.dumps(template))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": environment,
            "properties": {"templateFile": f"{name}.template.json"},
            "metadata": metadata or {},
            "displayName": name,
        }
    (folder / "manifest.json").write_text(json.dumps({"version": version, "artifacts": artifacts}))
    if report is not None:
        (folder / "validation-report.json").write_text(json.dumps(report))
    return folder


def report_of(*plugins: dict[str, Any]) -> dict[str, Any]:
    """A validation report with these plugins."""
    return {"version": "55.0.0", "title": "Validation Report", "pluginReports": list(plugins)}


def pack(name: str = "AwsSolutions", *violations: dict[str, Any], suppressed: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """One plugin's part of a report."""
    return {"pluginName": name, "conclusion": "failure", "violations": list(violations), "suppressedViolations": list(suppressed)}


def violation(rule: str, path: str, **more: Any) -> dict[str, Any]:
    """One violation of a rule by one construct."""
    return {
        "ruleName": rule,
        "description": f"breaks {rule}.",
        "severity": "error",
        "violatingConstructs": [{"constructPath": path}],
        **more,
    }


def acknowledging(rule: str, **more: str) -> list[dict[str, Any]]:
    """The metadata that an acknowledgement leaves on a construct."""
    entries: list[dict[str, Any]] = [{"type": "aws:cdk:acknowledged-rules", "data": {rule: "because"}}]
    if more:
        entries.append({"type": "governed-lake:acknowledgement", "data": {"id": rule, "reason": "because", **more}})
    return entries
