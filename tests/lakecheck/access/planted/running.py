"""Leaks by what runs as somebody else: roles that are passed, code that is changed."""

from __future__ import annotations

from typing import Any, Final

from tests.lakecheck.access.planted.lake import (
    CODE,
    LAKE,
    OPENS,
    READS,
    Leak,
    Template,
    allow,
    att,
    document,
    resource,
    role,
    service,
    trusting,
)
from tests.lakecheck.access.planted.roles import over


def passing(name: str, trusted: str, *actions: str, **more: Any) -> Leak:
    """The developer passes a role that reads."""
    passes = {
        "Passes": resource(
            "IAM::Policy",
            PolicyName="Passes",
            PolicyDocument=document(allow("iam:PassRole", f"arn:aws:iam::{LAKE}:role/Runs*")),
            Roles=["Developer"],
        )
    }
    runs = {"Runs": role("RunsThings", trusting(service(trusted)), READS, OPENS)}
    return over(name, "pass_role", allow(list(actions)), lake={**passes, **runs}, **{"without": (), **more})


def runs(kind: str, **properties: Any) -> Template:
    """Something that runs as the loader."""
    return resource(kind, **properties)


_LAMBDA = {
    "Runner": role("Runner", trusting(service("lambda")), READS, OPENS),
    "Function": resource(
        "Lambda::Function",
        FunctionName="f",
        Role=att("Runner"),
        Handler="i.h",
        Runtime="python3.13",
        Code={"S3Bucket": "acme-lake-code", "S3Key": "f.zip"},
    ),
}
_MACHINE = {
    "Stepper": role("Stepper", trusting(service("states")), READS, OPENS),
    "Machine": resource("StepFunctions::StateMachine", StateMachineName="m", RoleArn=att("Stepper"), DefinitionString="{}"),
}

RUNNING: Final = (
    passing("pass-lambda", "lambda", "lambda:CreateFunction", "lambda:InvokeFunction", without=("Passes",)),
    passing("pass-glue", "glue", "glue:CreateJob", "glue:StartJobRun"),
    passing("pass-glue-session", "glue", "glue:CreateSession", "glue:RunStatement"),
    passing("pass-ecs", "ecs-tasks", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
    passing("pass-sagemaker", "sagemaker", "sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"),
    passing("pass-sagemaker-training", "sagemaker", "sagemaker:CreateTrainingJob"),
    passing("pass-cloudformation", "cloudformation", "cloudformation:CreateStack", without=("Passes",)),
    passing("pass-ec2", "ec2", "ec2:RunInstances"),
    passing("pass-emr", "ec2", "elasticmapreduce:RunJobFlow"),
    passing("pass-emr-serverless", "emr-serverless", "emr-serverless:StartJobRun"),
    passing("pass-states", "states", "states:*"),
    passing("pass-codebuild", "codebuild", "codebuild:CreateProject", "codebuild:StartBuild"),
    passing("pass-batch-operations", "batchoperations.s3", "s3:CreateJob"),
    passing("pass-datasync", "datasync", "datasync:*"),
    passing("pass-firehose", "firehose", "firehose:UpdateDestination"),
    passing("pass-transfer", "transfer", "transfer:*"),
    passing("pass-redshift", "redshift", "redshift:*"),
    passing("pass-lambda-update", "lambda", "lambda:UpdateFunctionConfiguration"),
    over("lambda-code", "code_update", allow("lambda:UpdateFunctionCode", "*"), lake=_LAMBDA),
    over(
        "lambda-code-by-resource-policy",
        "code_update",
        without=("Lets",),
        lake={
            **_LAMBDA,
            "Extra": None,
            "Lets": resource(
                "Lambda::Permission",
                FunctionName={"Ref": "Function"},
                Action="lambda:UpdateFunctionCode",
                Principal=f"arn:aws:iam::{LAKE}:role/Developer",
            ),
        },
    ),
    over("glue-job-run", "code_update", allow("glue:StartJobRun", "*")),
    over("glue-script", "code_update", allow("s3:PutObject", f"{CODE}/*"), allow("kms:GenerateDataKey*", att("Key"))),
    over("glue-script-by-bucket-policy", "code_update", allow("s3:PutBucketPolicy", CODE)),
    over("state-machine", "code_update", allow("states:UpdateStateMachine", "*"), lake=_MACHINE),
    over(
        "notebook",
        "code_update",
        allow("sagemaker:CreatePresignedNotebookInstanceUrl"),
        lake={
            "Note": role("Note", trusting(service("sagemaker")), READS, OPENS),
            "Notebook": resource("SageMaker::NotebookInstance", NotebookInstanceName="n", InstanceType="ml.t3.medium", RoleArn=att("Note")),
        },
    ),
    over(
        "instance",
        "code_update",
        allow("ssm:StartSession"),
        lake={
            "Host": role("Host", trusting(service("ec2")), READS, OPENS),
            "Profile": resource("IAM::InstanceProfile", Roles=[{"Ref": "Host"}]),
            "Machine": resource("EC2::Instance", IamInstanceProfile={"Ref": "Profile"}, ImageId="ami-1"),
        },
    ),
    over(
        "emr-steps",
        "code_update",
        allow("elasticmapreduce:AddJobFlowSteps"),
        lake={
            "Host": role("Host", trusting(service("ec2")), READS, OPENS),
            "Profile": resource("IAM::InstanceProfile", Roles=[{"Ref": "Host"}]),
            "Cluster": resource(
                "EMR::Cluster",
                Name="c",
                JobFlowRole={"Ref": "Profile"},
                ServiceRole="EMR_DefaultRole",
                Instances={},
                ReleaseLabel="emr-7.1.0",
            ),
        },
    ),
    over(
        "codebuild",
        "code_update",
        allow("codebuild:StartBuild"),
        lake={
            "Builder": role("Builder", trusting(service("codebuild")), READS, OPENS),
            "Project": resource(
                "CodeBuild::Project",
                Name="p",
                ServiceRole=att("Builder"),
                Source={"Type": "NO_SOURCE"},
                Artifacts={"Type": "NO_ARTIFACTS"},
                Environment={},
            ),
        },
    ),
    over(
        "redshift-cluster",
        "redshift",
        allow("redshift:GetClusterCredentials"),
        verdict="UNKNOWN",
        lake={
            "Spectrum": role("Spectrum", trusting(service("redshift")), READS, OPENS),
            "Cluster": resource(
                "Redshift::Cluster",
                ClusterIdentifier="c",
                IamRoles=[att("Spectrum")],
                DBName="d",
                ClusterType="single-node",
                NodeType="ra3.large",
                MasterUsername="a",
            ),
        },
    ),
    over(
        "redshift-serverless",
        "redshift",
        allow("redshift-serverless:GetCredentials"),
        verdict="UNKNOWN",
        lake={
            "Spectrum": role("Spectrum", trusting(service("redshift")), READS, OPENS),
            "Name": resource("RedshiftServerless::Namespace", NamespaceName="n", IamRoles=[att("Spectrum")]),
            "Work": resource("RedshiftServerless::Workgroup", WorkgroupName="w", NamespaceName="n"),
        },
    ),
    over(
        "redshift-data",
        "redshift",
        allow(["redshift-data:ExecuteStatement", "redshift:GetClusterCredentialsWithIAM"]),
        verdict="UNKNOWN",
        lake={
            "Spectrum": role("Spectrum", trusting(service("redshift")), READS, OPENS),
            "Cluster": resource(
                "Redshift::Cluster",
                ClusterIdentifier="c",
                IamRoles=[att("Spectrum")],
                DBName="d",
                ClusterType="single-node",
                NodeType="ra3.large",
                MasterUsername="a",
            ),
        },
    ),
)

LEAKS: Final = RUNNING
