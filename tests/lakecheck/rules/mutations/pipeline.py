"""Pipelines'."""

import json
from collections.abc import Callable
from typing import Any

from tests.lakecheck.rules.mutations.model import REMOVED, Mutation

PIPELINES, MACHINE, JOB = "MainPipelines", "AWS::StepFunctions::StateMachine", "AWS::Glue::Job"
RULE = "AWS::Events::Rule"


def reworded(*pairs: tuple[str, str]) -> Callable[[Any], Any]:
    """The property with pieces of its text replaced, wherever in it they stand."""

    def new(old: Any) -> Any:
        text = json.dumps(old)
        for was, now in pairs:
            escaped = json.dumps(was)[1:-1]
            assert escaped in text, was
            text = text.replace(escaped, json.dumps(now)[1:-1])
        return json.loads(text)

    return new


def _definition(*pairs: tuple[str, str]) -> Mutation:
    return Mutation(stack=PIPELINES, type=MACHINE, path="DefinitionString", value=reworded(*pairs))


def _job(path: str, value: Any) -> Mutation:
    return Mutation(stack=PIPELINES, type=JOB, path=path, value=value)


MUTATIONS = {
    "pipeline.no_catch_all": _definition(
        (
            '"Catch":[{"ErrorEquals":["States.ALL"],"Next":"TellFailure"}]',
            '"Catch":[{"ErrorEquals":["States.Timeout"],"Next":"TellFailure"}]',
        )
    ),
    "pipeline.no_timeout": _definition((',"TimeoutSeconds":61200', ""), (',"TimeoutSeconds":50400', "")),
    "pipeline.timeout_uncaught": _definition(('"TimeoutSeconds":61200', '"TimeoutSeconds":50400')),
    "pipeline.fire_and_forget": _definition(("glue:startJobRun.sync", "glue:startJobRun")),
    "pipeline.retries_everything": _definition(("Glue.SdkClientException", "States.TaskFailed")),
    "pipeline.retry_in_step": _definition(('"JitterStrategy":"FULL"', '"JitterStrategy":"NONE"')),
    "pipeline.no_dead_letter_queue": Mutation(stack=PIPELINES, type=RULE, path="Targets.0.DeadLetterConfig", value=REMOVED),
    "pipeline.dead_letters_unseen": Mutation(
        stack=PIPELINES,
        type="AWS::CloudWatch::Alarm",
        path="MetricName",
        value="ApproximateNumberOfMessagesDelayed",
        where=lambda _logical_id, definition: definition["Properties"].get("Namespace") == "AWS/SQS",
    ),
    "pipeline.dead_letters_expire": Mutation(stack=PIPELINES, type="AWS::SQS::Queue", path="MessageRetentionPeriod", value=345600),
    "pipeline.dead_letters_refused": Mutation(
        stack=PIPELINES,
        type="AWS::SQS::QueuePolicy",
        path="PolicyDocument.Statement.1.Condition.ArnLike.aws:SourceArn",
        value="arn:aws:events:eu-west-1:444444444421:rule/another",
    ),
    "pipeline.event_pattern_too_wide": Mutation(stack=PIPELINES, type=RULE, path="EventPattern.detail.bucket", value=REMOVED),
    "pipeline.job_without_timeout": _job("Timeout", REMOVED),
    "pipeline.job_retries": _job("MaxRetries", 1),
    "pipeline.job_version_old": _job("GlueVersion", "2.0"),
    "pipeline.job_capacity": _job("NumberOfWorkers", REMOVED),
    "pipeline.state_gives_up_first": _job("Timeout", 900),
    "pipeline.custom_resource_timeout": Mutation(
        stack="MainAccount", type="Custom::LakeFormationSettings", path="ServiceTimeout", value="300"
    ),
}
