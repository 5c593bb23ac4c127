"""What the ARNs of a service's resources call the service, for types that have no row of their own in the identity table.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AccessAnalyzer": "access-analyzer",
        "ACMPCA": "acm-pca",
        "APS": "aps",
        "AppConfig": "appconfig",
        "AppFlow": "appflow",
        "AppRunner": "apprunner",
        "Athena": "athena",
        "AutoScaling": "autoscaling",
        "Backup": "backup",
        "Batch": "batch",
        "Bedrock": "bedrock",
        "CleanRooms": "cleanrooms",
        "CloudFront": "cloudfront",
        "CloudTrail": "cloudtrail",
        "CloudWatch": "cloudwatch",
        "CodeArtifact": "codeartifact",
        "CodeBuild": "codebuild",
        "CodeDeploy": "codedeploy",
        "CodePipeline": "codepipeline",
        "Config": "config",
        "DataBrew": "databrew",
        "DataSync": "datasync",
        "DataZone": "datazone",
        "DMS": "dms",
        "DynamoDB": "dynamodb",
        "EC2": "ec2",
        "ECR": "ecr",
        "ECS": "ecs",
        "EFS": "elasticfilesystem",
        "EKS": "eks",
        "ElastiCache": "elasticache",
        "ElasticLoadBalancingV2": "elasticloadbalancing",
        "Events": "events",
        "FSx": "fsx",
        "Glue": "glue",
        "GuardDuty": "guardduty",
        "IAM": "iam",
        "ImageBuilder": "imagebuilder",
        "IoT": "iot",
        "Kinesis": "kinesis",
        "KinesisFirehose": "firehose",
        "KMS": "kms",
        "Lambda": "lambda",
        "Logs": "logs",
        "MSK": "kafka",
        "Neptune": "rds",
        "OpenSearchService": "es",
        "Pipes": "pipes",
        "RDS": "rds",
        "Redshift": "redshift",
        "RedshiftServerless": "redshift-serverless",
        "RolesAnywhere": "rolesanywhere",
        "SageMaker": "sagemaker",
        "Scheduler": "scheduler",
        "SecretsManager": "secretsmanager",
        "SecurityHub": "securityhub",
        "SNS": "sns",
        "SQS": "sqs",
        "SSM": "ssm",
        "StepFunctions": "states",
        "Synthetics": "synthetics",
        "Timestream": "timestream",
        "Transfer": "transfer",
        "VpcLattice": "vpc-lattice",
        "WAFv2": "wafv2",
    }
)
"""By the middle part of a type's name."""
