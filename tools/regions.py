"""Writes lakemodel/config/regions.json: which Region has which service, from what cfn-lint and botocore carry.

CloudFormation publishes the resource types of each Region; cfn-lint packs those lists, with their date. Partitions are botocore's, whose
endpoint table is no evidence for services: it fills gaps by pattern. Left out: partitions that this project does not support, and Regions
for which cfn-lint has no list.

Run it with the development environment, after upgrading cfn-lint: `.venv/bin/python tools/regions.py`
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "lakemodel" / "config" / "regions.json"
SOURCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html"
REFERENCE_REGION = "us-east-1"
PARTITIONS = {"aws", "aws-cn", "aws-us-gov"}

# A service is there when all of these resource types are.
SERVICES = {
    "athena": ["AWS::Athena::NamedQuery", "AWS::Athena::WorkGroup"],
    "cloudtrail": ["AWS::CloudTrail::Trail"],
    "cloudwatch": ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::Logs::LogGroup"],
    "config": ["AWS::Config::ConfigurationRecorder"],
    "dynamodb": ["AWS::DynamoDB::Table"],
    "eventbridge": ["AWS::Events::Rule"],
    "glue": ["AWS::Glue::Database", "AWS::Glue::Job", "AWS::Glue::SecurityConfiguration", "AWS::Glue::Table"],
    "glue_table_optimizers": ["AWS::Glue::TableOptimizer"],
    "guardduty": ["AWS::GuardDuty::Detector"],
    "kms": ["AWS::KMS::Key"],
    "lakeformation": [
        "AWS::LakeFormation::DataLakeSettings",
        "AWS::LakeFormation::PrincipalPermissions",
        "AWS::LakeFormation::Resource",
        "AWS::LakeFormation::Tag",
        "AWS::LakeFormation::TagAssociation",
    ],
    "lambda": ["AWS::Lambda::Function"],
    "macie": ["AWS::Macie::Session"],
    "s3": ["AWS::S3::Bucket"],
    "securityhub": ["AWS::SecurityHub::Hub"],
    "sns": ["AWS::SNS::Topic"],
    "sqs": ["AWS::SQS::Queue"],
    "ssm": ["AWS::SSM::Parameter"],
    "states": ["AWS::StepFunctions::StateMachine"],
}


def table() -> dict[str, Any]:
    """The whole table as JSON-ready data."""
    schemas = files("cfnlint") / "data" / "schemas"
    as_of = json.loads((schemas / "version.json").read_text())["schema_date"][:10]
    partitions = json.loads((files("botocore") / "data" / "partitions.json").read_text())["partitions"]
    partition_of = {region: partition["id"] for partition in partitions for region in partition["regions"]}
    regions = {}
    for name in sorted(partition_of):
        types = types_of(schemas, name)
        if not types or partition_of[name] not in PARTITIONS:
            continue
        present = [service for service, needed in SERVICES.items() if types.issuperset(needed)]
        regions[name] = {"partition": partition_of[name], "services": present}
    return {"as_of": as_of, "source": SOURCE, "services": sorted(SERVICES), "regions": regions}


def types_of(schemas: Any, region: str) -> frozenset[str]:
    """The resource types of a Region; empty when there is no list of them."""
    listed = schemas / "providers" / f"{region}.json"
    return frozenset(json.loads(listed.read_text())) if listed.is_file() else frozenset()


def main() -> int:
    """Writes the table; says what it holds."""
    new = table()
    unknown = [service for service in SERVICES if service not in new["regions"][REFERENCE_REGION]["services"]]
    if unknown:
        print(f"{REFERENCE_REGION} seems to lack {', '.join(unknown)}: a resource type must be misspelled in this script", file=sys.stderr)
        return 1
    lines = [f"    {json.dumps(name)}: {json.dumps(region)}" for name, region in new["regions"].items()]
    head = {key: value for key, value in new.items() if key != "regions"}
    body = json.dumps(head, indent=2).removesuffix("\n}") + ',\n  "regions": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    TARGET.write_text(body)
    print(f"{TARGET.name}: {len(new['regions'])} Regions as of {new['as_of']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
