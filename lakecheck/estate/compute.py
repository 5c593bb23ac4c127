"""Everything that runs code, or acts, as a role; Athena's workgroups.

The kinds by name are those whose code or start somebody may change through a known action. Any other resource that is handed a role is an
executor as well, of a kind called after its type, so that none is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.arns import is_role, s3_uri
from lakecheck.estate.functions import invocation_policies
from lakecheck.estate.model import Executor, Workgroup
from lakecheck.estate.sources import arn_of, at, flag, listed, text
from lakecheck.values import Unknown, has_hole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.keys import Keys
    from lakecheck.estate.principals import Principals
    from lakecheck.estate.sources import Sources


@dataclass(frozen=True, slots=True)
class Kind:
    """How a type hands a role to what it runs.

    Attributes:
        kind: The executor's kind.
        service: The service in its ARN; empty for what has none.
        relative: What is before its name in the ARN.
        role: The path of the property with the role.
        name: The property with its name, where `Ref` is something else.
        profile: Whether the property names an instance profile.
    """

    kind: str
    service: str
    relative: str
    role: tuple[str, ...]
    name: str = ""
    profile: bool = False


KINDS: Final[dict[str, tuple[Kind, ...]]] = {
    "AWS::Lambda::Function": (Kind("lambda", "lambda", "function:", ("Role",)),),
    "AWS::Glue::Job": (Kind("glue_job", "glue", "job/", ("Role",)),),
    "AWS::Glue::Crawler": (Kind("glue_crawler", "glue", "crawler/", ("Role",)),),
    "AWS::Glue::DevEndpoint": (Kind("glue_dev_endpoint", "glue", "devEndpoint/", ("RoleArn",)),),
    "AWS::Glue::Session": (Kind("glue_session", "glue", "session/", ("Role",)),),
    "AWS::Glue::MLTransform": (Kind("glue_ml_transform", "glue", "mlTransform/", ("Role",)),),
    "AWS::Glue::TableOptimizer": (Kind("glue_table_optimizer", "", "", ("TableOptimizerConfiguration", "RoleArn")),),
    "AWS::StepFunctions::StateMachine": (Kind("state_machine", "states", "stateMachine:", ("RoleArn",)),),
    "AWS::EC2::Instance": (Kind("ec2_instance", "ec2", "instance/", ("IamInstanceProfile",), profile=True),),
    "AWS::EC2::LaunchTemplate": (
        Kind("ec2_launch_template", "ec2", "launch-template/", ("LaunchTemplateData", "IamInstanceProfile"), profile=True),
    ),
    "AWS::AutoScaling::LaunchConfiguration": (Kind("ec2_launch_configuration", "", "", ("IamInstanceProfile",), profile=True),),
    "AWS::ECS::TaskDefinition": (
        Kind("ecs_task", "ecs", "task-definition/", ("TaskRoleArn",)),
        Kind("ecs_task_execution", "ecs", "task-definition/", ("ExecutionRoleArn",)),
    ),
    "AWS::SageMaker::NotebookInstance": (Kind("sagemaker_notebook", "sagemaker", "notebook-instance/", ("RoleArn",)),),
    "AWS::SageMaker::Domain": (
        Kind("sagemaker_domain", "sagemaker", "domain/", ("DefaultUserSettings", "ExecutionRole")),
        Kind("sagemaker_domain", "sagemaker", "domain/", ("DefaultSpaceSettings", "ExecutionRole")),
    ),
    "AWS::SageMaker::UserProfile": (Kind("sagemaker_user_profile", "", "", ("UserSettings", "ExecutionRole")),),
    "AWS::CodeBuild::Project": (Kind("codebuild_project", "codebuild", "project/", ("ServiceRole",)),),
    "AWS::CodePipeline::Pipeline": (Kind("codepipeline", "codepipeline", "", ("RoleArn",)),),
    "AWS::EMR::Cluster": (
        Kind("emr", "elasticmapreduce", "cluster/", ("JobFlowRole",), profile=True),
        Kind("emr_service", "elasticmapreduce", "cluster/", ("ServiceRole",)),
    ),
    "AWS::EMR::Studio": (
        Kind("emr_studio", "elasticmapreduce", "studio/", ("UserRole",)),
        Kind("emr_studio_service", "elasticmapreduce", "studio/", ("ServiceRole",)),
    ),
    "AWS::Batch::JobDefinition": (
        Kind("batch_job", "batch", "job-definition/", ("ContainerProperties", "JobRoleArn")),
        Kind("batch_job_execution", "batch", "job-definition/", ("ContainerProperties", "ExecutionRoleArn")),
    ),
    "AWS::Batch::ComputeEnvironment": (Kind("batch_compute", "", "", ("ComputeResources", "InstanceRole"), profile=True),),
    "AWS::AppRunner::Service": (Kind("apprunner_service", "apprunner", "service/", ("InstanceConfiguration", "InstanceRoleArn")),),
    "AWS::CloudFormation::Stack": (Kind("cloudformation_stack", "", "", ("RoleARN",)),),
    "AWS::CloudFormation::StackSet": (Kind("cloudformation_stack_set", "", "", ("AdministrationRoleARN",)),),
    "AWS::Scheduler::Schedule": (Kind("schedule", "scheduler", "schedule/", ("Target", "RoleArn")),),
    "AWS::Pipes::Pipe": (Kind("pipe", "pipes", "pipe/", ("RoleArn",)),),
    "AWS::MWAA::Environment": (Kind("airflow", "airflow", "environment/", ("ExecutionRoleArn",)),),
}
"""By CloudFormation type."""

_READ_ELSEWHERE: Final = (
    "AWS::IAM::",
    "AWS::SSO::",
    "AWS::LakeFormation::",
    "AWS::Redshift",
    "AWS::Athena::WorkGroup",
    "AWS::Serverless::",
    "Custom::",
)
_ELSEWHERE: Final = frozenset({"AWS::S3::AccessGrantsLocation", "AWS::CloudFormation::CustomResource"})


def read_executors(sources: Sources, principals: Principals) -> Iterator[Executor]:
    """Everything that runs as a role.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    profiles = _profiles(sources, principals)
    invokers = invocation_policies(sources)
    for type_ in sources.types:
        if type_ in KINDS:
            for resource in sources.of(type_):
                for kind in KINDS[type_]:
                    yield from _executor(resource, kind, principals, profiles, invokers)
        elif not type_.startswith(_READ_ELSEWHERE) and type_ not in _ELSEWHERE:
            for resource in sources.of(type_):
                yield from _others(resource, principals)
    for resource in sources.of("AWS::CodePipeline::Pipeline", "AWS::CloudFormation::StackSet"):
        yield from _others(resource, principals, beside=("RoleArn", "AdministrationRoleARN"))


def _profiles(sources: Sources, principals: Principals) -> dict[tuple[str, str], str]:
    """The role of each instance profile, by account and by name or ARN."""
    found = {}
    for resource in sources.of("AWS::IAM::InstanceProfile"):
        roles = listed(resource.properties.get("Roles"))
        role = principals.role_arn(resource.account, text(roles[0])) if roles else ""
        found[resource.account, resource.ref] = role
        found[resource.account, arn_of(resource, "iam", f"instance-profile/{resource.ref}", region=False)] = role
    return found


def _executor(
    resource: Resource, kind: Kind, principals: Principals, profiles: dict[tuple[str, str], str], invokers: dict[str, Any]
) -> Iterator[Executor]:
    given = at(resource.properties, *kind.role)
    if kind.profile and isinstance(given, dict):
        given = at(given, "Arn") if at(given, "Arn") is not None else at(given, "Name")
    if given is None:
        return
    named = text(given)
    role = profiles.get((resource.account, named)) if kind.profile else None
    arn = _arn(resource, kind)
    yield Executor(
        kind=kind.kind,
        arn=arn,
        account=resource.account,
        role=role if role is not None else principals.role_arn(resource.account, named.rpartition("instance-profile/")[2]),
        code=_code(resource),
        temporary=s3_uri(text(at(resource.properties.get("DefaultArguments"), "--TempDir"))) if kind.kind == "glue_job" else "",
        invokers=invokers.get(arn),
        origin=resource.origin,
    )


def _arn(resource: Resource, kind: Kind) -> str:
    if resource.ref.startswith("arn:"):
        return resource.ref
    return arn_of(resource, kind.service, f"{kind.relative}{resource.ref}") if kind.service else ""


def _code(resource: Resource) -> str:
    """Where its code is loaded from, when that is a bucket."""
    properties = resource.properties
    script = at(properties.get("Command"), "ScriptLocation")
    if script is not None:
        return s3_uri(text(script))
    pairs = (
        (at(properties.get("Code"), "S3Bucket"), at(properties.get("Code"), "S3Key")),
        (at(properties.get("DefinitionS3Location"), "Bucket"), at(properties.get("DefinitionS3Location"), "Key")),
    )
    for bucket, key in pairs:
        if bucket is not None:
            return f"s3://{text(bucket)}/{text(key)}"
    dags = properties.get("SourceBucketArn")
    return f"s3://{text(dags).rpartition(':')[2]}/{text(properties.get('DagS3Path'))}" if dags is not None else ""


def _others(resource: Resource, principals: Principals, *, beside: tuple[str, ...] = ()) -> Iterator[Executor]:
    """One executor for each role that some property of it names, apart from the properties at its top that are read already."""
    kind = resource.type.removeprefix("AWS::").replace("::", "_").lower()
    arn = resource.ref if resource.ref.startswith("arn:") else text(resource.attributes.get("Arn"))
    found: dict[str, None] = {}
    for key, value in resource.properties.items():
        if key not in beside:
            found |= dict.fromkeys(_roles_in(key, value, resource.account, principals))
    for role in found:
        yield Executor(kind=kind, arn="" if has_hole(arn) else arn, account=resource.account, role=role, origin=resource.origin)


def _roles_in(key: str, value: Any, account: str, principals: Principals) -> Iterator[str]:
    """The roles in a property: ARNs of roles, and under a key that ends in `Role` also the names of roles that are known."""
    if isinstance(value, str):
        if is_role(value) and "policy" not in key.lower():
            yield value
        elif key.endswith(("Role", "RoleName")) and principals.by_name(account, value) is not None:
            yield principals.role_arn(account, value)
    elif isinstance(value, dict):
        if "Statement" in value:
            return  # a policy document names whom it lets in, not who runs
        for name, inner in value.items():
            yield from _roles_in(name, inner, account, principals)
    elif isinstance(value, list):
        for inner in value:
            yield from _roles_in(key, inner, account, principals)


def read_workgroups(sources: Sources, keys: Keys, principals: Principals) -> Iterator[Workgroup]:
    """Athena's workgroups.

    https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
    """
    for resource in sources.of("AWS::Athena::WorkGroup"):
        name = text(resource.properties.get("Name"), resource.ref)
        configuration = resource.properties.get("WorkGroupConfiguration")
        result = at(configuration, "ResultConfiguration")
        managed = at(configuration, "ManagedQueryResultsConfiguration")
        kept = flag(at(managed, "Enabled"))
        key = at(result, "EncryptionConfiguration", "KmsKey")
        if key is None:
            key = at(managed, "EncryptionConfiguration", "KmsKey")
        yield Workgroup(
            arn=arn_of(resource, "athena", f"workgroup/{name}"),
            account=resource.account,
            region=resource.region,
            name=name,
            output=s3_uri(text(at(result, "OutputLocation"))),
            enforced=flag(at(configuration, "EnforceWorkGroupConfiguration")) is True,
            managed_results=None if isinstance(at(managed, "Enabled"), Unknown) else kept is True,
            key=keys.arn(text(key), resource.account, resource.region),
            role=principals.role_arn(resource.account, text(at(configuration, "ExecutionRole"))),
            origin=resource.origin,
        )
