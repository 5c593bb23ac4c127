"""What runs as which role, Athena's workgroups, warehouses, and what must not be taken away."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.values import generated_holes, outline
from tests.lakecheck.estate.support import ARN, LAKE, OUTSIDE, REGION, allow, estate_of, reasons, role

JOB = f"{ARN}:iam::{LAKE}:role/Job"
ROLE = {"Fn::GetAtt": ["Role", "Arn"]}


def executors(type_: str, properties: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    found = estate_of({"Role": role(RoleName="Job"), "Thing": (type_, properties), **more})
    return [(each.kind, each.role) for each in found.executors]


@pytest.mark.parametrize(
    ("type_", "properties", "kinds"),
    [
        ("AWS::Lambda::Function", {"Role": ROLE, "Code": {"ZipFile": "x"}}, ["lambda"]),
        ("AWS::Glue::Job", {"Role": "Job", "Command": {}}, ["glue_job"]),
        ("AWS::Glue::Crawler", {"Role": {"Ref": "Role"}, "Targets": {}}, ["glue_crawler"]),
        ("AWS::Glue::DevEndpoint", {"RoleArn": ROLE}, ["glue_dev_endpoint"]),
        ("AWS::StepFunctions::StateMachine", {"RoleArn": ROLE}, ["state_machine"]),
        ("AWS::ECS::TaskDefinition", {"TaskRoleArn": ROLE, "ExecutionRoleArn": ROLE}, ["ecs_task", "ecs_task_execution"]),
        ("AWS::SageMaker::NotebookInstance", {"RoleArn": ROLE}, ["sagemaker_notebook"]),
        ("AWS::SageMaker::Domain", {"DefaultUserSettings": {"ExecutionRole": ROLE}}, ["sagemaker_domain"]),
        ("AWS::CodeBuild::Project", {"ServiceRole": ROLE}, ["codebuild_project"]),
        (
            "AWS::CodePipeline::Pipeline",
            {"RoleArn": ROLE, "Stages": [{"Actions": [{"RoleArn": ROLE}]}]},
            ["codepipeline", "codepipeline_pipeline"],
        ),
        ("AWS::EMR::Studio", {"ServiceRole": ROLE, "UserRole": ROLE}, ["emr_studio", "emr_studio_service"]),
        ("AWS::Batch::JobDefinition", {"ContainerProperties": {"JobRoleArn": ROLE}}, ["batch_job"]),
        ("AWS::AppRunner::Service", {"InstanceConfiguration": {"InstanceRoleArn": ROLE}}, ["apprunner_service"]),
        ("AWS::CloudFormation::Stack", {"TemplateURL": "https://x", "RoleARN": ROLE}, ["cloudformation_stack"]),
        ("AWS::Events::Rule", {"Targets": [{"Arn": "x", "Id": "1", "RoleArn": ROLE}]}, ["events_rule"]),
        ("AWS::Scheduler::Schedule", {"Target": {"RoleArn": ROLE}}, ["schedule"]),
        ("AWS::Pipes::Pipe", {"RoleArn": ROLE}, ["pipe"]),
        ("AWS::Transfer::User", {"Role": ROLE}, ["transfer_user"]),
        ("AWS::DataBrew::RecipeJob", {"RoleArn": ROLE}, ["databrew_recipejob"]),
        ("AWS::Kendra::Index", {"Settings": {"SearchRole": {"Ref": "Role"}}}, ["kendra_index"]),
        ("AWS::Kendra::Index", {"Settings": {"SearchRole": "SomebodyElse", "Title": "Job"}}, []),
        ("AWS::SNS::Topic", {"TopicName": "t"}, []),
    ],
)
def test_what_is_handed_a_role_runs_as_it(type_: str, properties: dict[str, Any], kinds: list[str]) -> None:
    """By ARN, by name, deep inside; a type that is not known by name as well."""
    assert executors(type_, properties) == [(kind, JOB) for kind in kinds]


@pytest.mark.parametrize(
    ("type_", "properties", "kind"),
    [
        ("AWS::EC2::Instance", {"IamInstanceProfile": {"Ref": "Profile"}}, "ec2_instance"),
        (
            "AWS::EC2::LaunchTemplate",
            {"LaunchTemplateData": {"IamInstanceProfile": {"Arn": {"Fn::GetAtt": ["Profile", "Arn"]}}}},
            "ec2_launch_template",
        ),
        ("AWS::EMR::Cluster", {"JobFlowRole": "machines"}, "emr"),
        ("AWS::Batch::ComputeEnvironment", {"ComputeResources": {"InstanceRole": {"Ref": "Profile"}}}, "batch_compute"),
    ],
)
def test_an_instance_profile_stands_for_its_role(type_: str, properties: dict[str, Any], kind: str) -> None:
    """By name and by ARN; the profile's role has another name."""
    profile = ("AWS::IAM::InstanceProfile", {"InstanceProfileName": "machines", "Roles": [{"Ref": "Role"}]})
    assert executors(type_, properties, Profile=profile) == [(kind, JOB)]


def test_a_function_with_its_code_and_who_may_call_it() -> None:
    """Code of a bucket; permissions as a policy: a service for one source, an account, everybody."""
    found = estate_of(
        {
            "Role": role(RoleName="Job"),
            "Function": (
                "AWS::Lambda::Function",
                {"FunctionName": "f", "Role": ROLE, "Code": {"S3Bucket": "code", "S3Key": "f.zip"}},
            ),
            "Service": (
                "AWS::Lambda::Permission",
                {
                    "FunctionName": {"Ref": "Function"},
                    "Action": "lambda:InvokeFunction",
                    "Principal": "s3.amazonaws.com",
                    "SourceArn": f"{ARN}:s3:::b",
                },
            ),
            "Account": (
                "AWS::Lambda::Permission",
                {"FunctionName": {"Fn::GetAtt": ["Function", "Arn"]}, "Action": "lambda:InvokeFunction", "Principal": OUTSIDE},
            ),
        }
    )
    (function,) = found.executors
    assert function.arn == f"{ARN}:lambda:{REGION}:{LAKE}:function:f"
    assert function.code == "s3://code/f.zip"
    assert function.invokers is not None
    service, account = function.invokers.statements
    assert service.principals == {"Service": ("s3.amazonaws.com",)}
    assert [(test.operator, test.key) for test in service.conditions] == [("ArnLike", "aws:SourceArn")]
    assert account.principals == {"AWS": (f"{ARN}:iam::{OUTSIDE}:root",)}
    assert f"account/{OUTSIDE}" in {each.name for each in found.principals}


def test_a_jobs_script_and_temporary_folder() -> None:
    """Where its code is, where it leaves data."""
    found = estate_of(
        {
            "Job": (
                "AWS::Glue::Job",
                {
                    "Name": "j",
                    "Role": f"{ARN}:iam::{LAKE}:role/Elsewhere",
                    "Command": {"ScriptLocation": "s3://scripts/j.py"},
                    "DefaultArguments": {"--TempDir": "s3a://temp/j/"},
                },
            )
        }
    )
    (job,) = found.executors
    assert (job.arn, job.code, job.temporary) == (f"{ARN}:glue:{REGION}:{LAKE}:job/j", "s3://scripts/j.py", "s3://temp/j/")
    assert [each.name for each in found.principals] == ["role/Elsewhere"]
    assert {each.name for each in found.buckets} == {"scripts", "temp"}


@pytest.mark.parametrize(
    ("targets", "locations"),
    [
        ({"S3Targets": [{"Path": "s3://raw/sales/"}, {"Path": "raw/hr"}]}, ["s3://raw/sales/", "s3://raw/hr/"]),
        ({"DeltaTargets": [{"DeltaTables": ["s3://raw/a", "s3://raw/b"]}]}, ["s3://raw/a/", "s3://raw/b/"]),
        ({"JdbcTargets": [{"Path": "db/%"}]}, [""]),
        ({"S3Targets": [{"Path": "s3://raw/a"}], "DynamoDBTargets": [{"Path": "t"}]}, ["s3://raw/a/", ""]),
        ({"CatalogTargets": [{"DatabaseName": "sales", "Tables": ["orders"]}]}, []),
        ({}, []),
    ],
)
def test_what_a_crawler_finds_may_be_any_table_of_its_database(targets: dict[str, Any], locations: list[str]) -> None:
    """One for each address, whose name nobody knows but for its prefix: not a doubt about the whole estate."""
    crawler = {"Role": "Job", "DatabaseName": "Sales", "TablePrefix": "Raw_", "Targets": targets}
    found = estate_of({"Crawler": ("AWS::Glue::Crawler", crawler)})
    assert [each.location for each in found.tables] == locations
    assert not found.not_known
    for table in found.tables:
        assert (table.database, outline(table.name), generated_holes(table.name)) == ("sales", "raw_*", ())
        assert table.unknown
    assert len({each.name for each in found.tables}) == len(locations)


def test_a_crawler_without_a_database_is_told() -> None:
    """Where it makes tables nobody knows."""
    crawler = ("AWS::Glue::Crawler", {"Role": "Job", "Targets": {"S3Targets": [{"Path": "s3://raw"}]}})
    assert "the database that a crawler makes tables in is not stated" in reasons(estate_of({"Crawler": crawler}))


def test_workgroups() -> None:
    """Results by the workgroup, by the client, by Athena itself."""
    found = estate_of(
        {
            "Key": ("AWS::KMS::Key", {}),
            "One": (
                "AWS::Athena::WorkGroup",
                {
                    "Name": "one",
                    "WorkGroupConfiguration": {
                        "EnforceWorkGroupConfiguration": True,
                        "ResultConfiguration": {
                            "OutputLocation": "s3://results/one/",
                            "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": {"Ref": "Key"}},
                        },
                    },
                },
            ),
            "Open": ("AWS::Athena::WorkGroup", {"Name": "open"}),
            "Kept": (
                "AWS::Athena::WorkGroup",
                {"Name": "kept", "WorkGroupConfiguration": {"ManagedQueryResultsConfiguration": {"Enabled": True}}},
            ),
        }
    )
    one, other, kept = found.workgroups
    assert (one.arn, one.output, one.enforced) == (f"{ARN}:athena:{REGION}:{LAKE}:workgroup/one", "s3://results/one/", True)
    assert one.key == found.keys[0].arn
    assert (other.output, other.enforced, other.managed_results) == ("", False, False)
    assert kept.managed_results is True


def test_warehouses() -> None:
    """A cluster; a namespace with its workgroups; roles as ARNs."""
    found = estate_of(
        {
            "Role": role(RoleName="Job"),
            "Cluster": ("AWS::Redshift::Cluster", {"ClusterIdentifier": "c", "IamRoles": [ROLE]}),
            "Namespace": (
                "AWS::RedshiftServerless::Namespace",
                {"NamespaceName": "n", "IamRoles": [ROLE], "DefaultIamRoleArn": f"{ARN}:iam::{LAKE}:role/Default"},
            ),
            "Workgroup": ("AWS::RedshiftServerless::Workgroup", {"WorkgroupName": "w", "NamespaceName": "n"}),
            "Stray": ("AWS::RedshiftServerless::Workgroup", {"WorkgroupName": "v", "NamespaceName": "other"}),
        }
    )
    cluster, namespace = found.warehouses
    assert (cluster.arn, cluster.roles) == (f"{ARN}:redshift:{REGION}:{LAKE}:cluster:c", (JOB,))
    assert namespace.roles == (JOB, f"{ARN}:iam::{LAKE}:role/Default")
    assert len(namespace.workgroups) == 1
    assert ":redshift-serverless:" in namespace.arn
    assert found.executors == ()


def test_what_must_not_be_taken_away() -> None:
    """Trails and their like by ARN; a table of data is none of them."""
    found = estate_of(
        {
            "Trail": ("AWS::CloudTrail::Trail", {"TrailName": "audit", "S3BucketName": "logs", "IsLogging": True}),
            "Detector": ("AWS::GuardDuty::Detector", {"Enable": True}),
            "Log": ("AWS::Logs::LogGroup", {"LogGroupName": "/audit/trail"}),
            "Bucket": ("AWS::S3::Bucket", {}),
        }
    )
    arns = {each.type: each.arn for each in found.protected}
    assert set(arns) == {"AWS::CloudTrail::Trail", "AWS::GuardDuty::Detector", "AWS::Logs::LogGroup"}
    assert arns["AWS::CloudTrail::Trail"] == f"{ARN}:cloudtrail:{REGION}:{LAKE}:trail/audit"
    assert arns["AWS::Logs::LogGroup"] == f"{ARN}:logs:{REGION}:{LAKE}:log-group:/audit/trail"


def test_endpoint_policies() -> None:
    """Of those VPC endpoints that state one."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    found = estate_of(
        {
            "One": ("AWS::EC2::VPCEndpoint", {"VpcId": "v", "ServiceName": "s", "PolicyDocument": {"Statement": statement}}),
            "Other": ("AWS::EC2::VPCEndpoint", {"VpcId": "v", "ServiceName": "s"}),
        }
    )
    assert [policy.name for policy in found.endpoints] == ["Prod/Lake/One"]


CODE: dict[str, Any] = {"Role": {"Fn::GetAtt": ["Runs", "Arn"]}, "Code": {"ZipFile": "x"}}


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        (["lakeformation:GrantPermissions"], "may lakeformation:GrantPermissions"),
        (["iam:*"], "may iam:*"),
        (["*"], "may *"),
        (["lambda:InvokeFunction"], "may lambda:InvokeFunction"),
        (["s3:GetObject", "logs:PutLogEvents"], ""),
    ],
)
def test_custom_resources_are_told_when_they_may_change_rights(actions: list[str], told: str) -> None:
    """By what their function may do; one whose function may not is passed over."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    found = estate_of(
        {
            "Runs": role(RoleName="Runs", Policies=[{"PolicyName": "p", "PolicyDocument": document}]),
            "Function": ("AWS::Lambda::Function", CODE),
            "Custom": ("Custom::Something", {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}}),
        }
    )
    assert (told in reasons(found)) if told else not found.not_known


@pytest.mark.parametrize(
    ("actions", "on", "told"),
    [
        (["s3:PutObject"], {"Fn::GetAtt": ["Handler", "Arn"]}, ""),
        (["s3:PutObject"], {"Fn::Sub": "${Handler.Arn}:*"}, ""),
        (["kms:PutKeyPolicy"], {"Fn::GetAtt": ["Handler", "Arn"]}, "may kms:PutKeyPolicy"),
        (["s3:PutObject"], f"{ARN}:lambda:{REGION}:{LAKE}:function:elsewhere", "may lambda:InvokeFunction"),
    ],
)
def test_a_custom_resource_may_do_what_the_functions_may_that_it_calls(actions: list[str], on: Any, told: str) -> None:
    """As the CDK's provider framework calls a handler: only the handler's own rights count."""

    def runs(name: str, action: list[str], resource: Any) -> tuple[str, dict[str, Any]]:
        return role(RoleName=name, Policies=[{"PolicyName": "p", "PolicyDocument": allow(*action, on=resource)}])

    found = estate_of(
        {
            "Runs": runs("Runs", ["lambda:InvokeFunction"], on),
            "Framework": ("AWS::Lambda::Function", CODE),
            "Handles": runs("Handles", actions, "*"),
            "Handler": ("AWS::Lambda::Function", {**CODE, "Role": {"Fn::GetAtt": ["Handles", "Arn"]}}),
            "Custom": ("Custom::Something", {"ServiceToken": {"Fn::GetAtt": ["Framework", "Arn"]}}),
        }
    )
    assert (told in reasons(found)) if told else not found.not_known


def test_custom_resources_of_elsewhere_and_of_the_cdk() -> None:
    """A function of no template is told; calls of rights by AwsCustomResource are; what the CDK makes without rights is not."""
    grant = '{"service":"LakeFormation","action":"grantPermissions","parameters":{}}'
    describe = {"service": "EC2", "action": "describeVpcs"}
    found = estate_of(
        {
            "Elsewhere": ("Custom::Grants", {"ServiceToken": f"{ARN}:lambda:{REGION}:{LAKE}:function:theirs"}),
            "Call": ("Custom::AWS", {"ServiceToken": "x", "InstallLatestAwsSdk": "true", "Create": grant}),
            "Harmless": ("Custom::AWS", {"ServiceToken": "x", "InstallLatestAwsSdk": "true", "Create": describe}),
            "Delete": ("Custom::S3AutoDeleteObjects", {"ServiceToken": "x"}),
        }
    )
    told = {each.origin.logical_id for each in found.not_known if each.origin is not None}
    assert told == {"Elsewhere", "Call"}
    assert "LakeFormation.grantPermissions" in reasons(found)
