"""What the rules on pipelines take for safe, for wrong and for open, beyond their cases."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lakecheck.checks import rules
from lakecheck.rules.pipeline import dead_letters_unseen
from lakecheck.rules.pipeline._cases import job, job_task, machine, rule
from lakecheck.snapshot import Snapshot
from tests.lakecheck.rules.judging import looked_at, said
from tests.lakecheck.rules.snapshots import snapshot_of
from tests.lakecheck.rules.stacks import stack_of

ALARM, QUEUE = "AWS::CloudWatch::Alarm", "AWS::SQS::Queue"
FAILED = {"Failed": {"Type": "Fail"}}
OPEN = {"Parameters": {"Given": {"Type": "String"}}}


def caught(*names: str, to: str = "Failed") -> dict[str, Any]:
    return {"Catch": [{"ErrorEquals": list(names), "Next": to}]}


def watching(metric: str, arn: Any) -> dict[str, Any]:
    pairs = [{"Name": "StateMachineArn", "Value": arn}]
    return {"Alarm": {"Type": ALARM, "Properties": {"Namespace": "AWS/States", "MetricName": metric, "Dimensions": pairs}}}


class TestCatchAll:
    ID = "pipeline.no_catch_all"

    def test_an_alarm_or_a_rule_on_failed_executions_is_enough_where_nothing_is_caught(self):
        alone = machine({"Load": job_task()})
        assert len(said(self.ID, alone)) == 1
        assert said(self.ID, {**alone, **watching("ExecutionsFailed", {"Ref": "Machine"})}) == []
        assert len(said(self.ID, {**alone, **watching("ExecutionTime", {"Ref": "Machine"})})) == 1
        assert said(self.ID, {**alone, **rule({"source": ["aws.states"], "detail": {"status": ["FAILED"]}})}) == []

    def test_a_machine_that_waits_for_this_one_catches_for_it(self):
        inner = {"Inner": machine({"Load": job_task()})["Machine"]}
        outer = job_task("states:startExecution.sync:2", Arguments={"StateMachineArn": {"Ref": "Inner"}}, **caught("States.ALL"))
        assert said(self.ID, {**inner, **machine({"Run": outer, **FAILED})}) == []

    def test_no_alarm_makes_up_for_a_catch_that_is_missing_beside_others(self):
        some = machine({"Clean": job_task(Next="Load", **caught("States.ALL")), "Load": job_task(), **FAILED})
        messages = said(self.ID, {**some, **watching("ExecutionsFailed", {"Ref": "Machine"})})
        assert len(messages) == 1
        assert "Load" in messages[0]
        assert "Clean" not in messages[0]

    def test_two_names_together_are_every_error(self):
        assert said(self.ID, machine({"Load": job_task(**caught("States.TaskFailed", "States.Timeout")), **FAILED})) == []
        assert len(said(self.ID, machine({"Load": job_task(**caught("States.TaskFailed")), **FAILED}))) == 1

    def test_a_distributed_map_fails_by_itself_and_another_through_its_states(self):
        inner = {"StartAt": "Load", "States": {"Load": job_task(**caught("States.ALL")), **FAILED}}
        plain = {"Type": "Map", "ItemProcessor": inner, "End": True}
        assert said(self.ID, machine({"Each": plain})) == []
        messages = said(self.ID, machine({"Each": {**plain, "ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2"}}}))
        assert len(messages) == 1
        assert "Each" in messages[0]

    def test_an_error_name_that_is_not_known_is_open(self):
        messages = said(
            self.ID, machine({"Load": job_task(Catch=[{"ErrorEquals": [{"Ref": "Given"}], "Next": "Failed"}]), **FAILED}), **OPEN
        )
        assert messages == ["? which errors are caught is not known: Load"]


class TestFollowing:
    ID = "pipeline.fire_and_forget"

    @pytest.mark.parametrize("call", ["athena:startQueryExecution", "aws-sdk:redshiftdata:executeStatement", "ecs:runTask"])
    def test_every_call_that_returns_at_once(self, call: str):
        messages = said(self.ID, machine({"Load": job_task(call, Next="Tell"), "Tell": job_task("sns:publish")}))
        assert len(messages) == 1
        assert "Tell" in messages[0]

    def test_a_loop_that_asks_through_a_function_is_waiting(self):
        states = {
            "Load": job_task("glue:startJobRun", Next="Pause"),
            "Pause": {"Type": "Wait", "Seconds": 60, "Next": "Ask"},
            "Ask": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:444455556666:function:ask", "Next": "Done"},
            "Done": {"Type": "Choice", "Choices": [{"Variable": "$.done", "BooleanEquals": True, "Next": "Tell"}], "Default": "Pause"},
            "Tell": job_task("sns:publish"),
        }
        assert said(self.ID, machine(states)) == []

    @pytest.mark.parametrize(("call", "sync"), [("glue:startJobRun", True), ("aws-sdk:glue:startCrawler", False)])
    def test_sync_is_told_of_where_there_is_one(self, call: str, *, sync: bool):
        (message,) = said(self.ID, machine({"Load": job_task(call, Next="Tell"), "Tell": job_task("sns:publish")}))
        assert (".sync" in message) is sync

    def test_a_handler_of_a_failure_follows_nothing(self):
        states = {"Load": job_task("glue:startJobRun", **caught("States.ALL", to="Tell")), "Tell": job_task("sns:publish")}
        assert said(self.ID, machine(states)) == []


class TestRetries:
    def test_a_query_is_judged_by_what_it_does(self):
        def query(text: Any) -> dict[str, Any]:
            retry = [{"ErrorEquals": ["States.ALL"]}]
            return machine({"Ask": job_task("athena:startQueryExecution.sync", Retry=retry, Arguments={"QueryString": text})})

        assert said("pipeline.retries_everything", query("SELECT 1")) == []
        assert len(said("pipeline.retries_everything", query("insert into sales.orders select 1"))) == 1
        assert said("pipeline.retries_everything", query("{% $text %}"))[0].startswith("? ")

    def test_jitter_that_is_not_known_is_open(self):
        retry = [{"ErrorEquals": ["Glue.ThrottlingException"], "JitterStrategy": {"Ref": "Given"}}]
        messages = said("pipeline.retry_in_step", machine({"Load": job_task(Retry=retry)}), **OPEN)
        assert messages == ["? Load: its JitterStrategy is not known"]


class TestJobs:
    def test_a_job_is_found_by_its_name_and_by_reference_in_both_languages(self):
        named = {**machine({"Run": job_task(TimeoutSeconds=60)}), **job(Timeout=120)}
        by_reference = {
            **machine({"Run": {**job_task(TimeoutSeconds=60), "Arguments": None, "Parameters": {"JobName": {"Ref": "Job"}}}}),
            "Job": {"Type": "AWS::Glue::Job", "Properties": {"Role": "load", "Command": {"Name": "glueetl"}, "Timeout": 120}},
        }
        assert len(said("pipeline.state_gives_up_first", named)) == 1
        assert len(said("pipeline.state_gives_up_first", by_reference)) == 1

    def test_a_timeout_that_every_run_is_given_counts(self):
        own = {**machine({"Run": job_task(TimeoutSeconds=7200, Arguments={"JobName": "load", "Timeout": 60})}), **job()}
        assert said("pipeline.job_without_timeout", own) == []
        assert said("pipeline.state_gives_up_first", own) == []

    def test_what_is_not_known_of_a_job_is_open(self):
        given = {"Ref": "Given"}
        retries = {**machine({"Run": job_task()}), **job(MaxRetries=given)}
        assert said("pipeline.job_retries", retries, **OPEN)[0].startswith("? ")
        assert said("pipeline.job_version_old", job(GlueVersion=given), **OPEN)[0].startswith("? ")

    def test_a_version_may_be_written_as_a_number(self):
        assert len(said("pipeline.job_version_old", job(GlueVersion=2.0))) == 1


QUEUES = {
    "Missed": {"Type": QUEUE, "Properties": {"QueueName": "missed", "MessageRetentionPeriod": "1209600"}},
    "Rule": rule({"source": ["x"]}, DeadLetterConfig={"Arn": {"Fn::GetAtt": ["Missed", "Arn"]}})["Rule"],
}


class TestDeadLetters:
    def alarm(self, **properties: Any) -> dict[str, Any]:
        return {"Alarm": {"Type": ALARM, "Properties": properties}}

    def test_what_a_service_sends_is_counted_as_sent(self):
        pairs = [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Missed", "QueueName"]}}]
        sent = self.alarm(Namespace="AWS/SQS", MetricName="NumberOfMessagesSent", Dimensions=pairs)
        assert len(said("pipeline.dead_letters_unseen", QUEUES)) == 1
        assert said("pipeline.dead_letters_unseen", {**QUEUES, **sent}) == []

    @pytest.mark.parametrize(("account", "count"), [("444455556666", 0), ("777788889999", 1)])
    def test_an_alarm_looks_at_the_queues_of_its_account_unless_it_says_another(self, account: str, count: int):
        metric = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible"}
        metric |= {"Dimensions": [{"Name": "QueueName", "Value": "missed"}]}
        elsewhere = {"Id": "a", "AccountId": "444455556666", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
        for own, wanted in ((self.alarm(**metric), count), (self.alarm(Metrics=[elsewhere]), 0)):
            lake = snapshot_of(QUEUES).assembly
            beside = stack_of(own, account)
            found = rules.check(Snapshot(replace(lake, stacks=(*lake.stacks, beside))), [dead_letters_unseen.RULE]).findings
            assert len(found) == wanted

    def test_an_alarm_that_searches_may_see_it(self):
        search = self.alarm(Metrics=[{"Id": "a", "Expression": "SUM(SEARCH('{AWS/SQS,QueueName}', 'Maximum'))"}])
        assert said("pipeline.dead_letters_unseen", {**QUEUES, **search})[0].startswith("? ")

    def test_a_policy_written_as_a_text_counts(self):
        redrive = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:444455556666:missed", "maxReceiveCount": 1})
        queues = {
            "Missed": {"Type": QUEUE, "Properties": {"QueueName": "missed"}},
            "Work": {"Type": QUEUE, "Properties": {"RedrivePolicy": redrive}},
        }
        assert looked_at("pipeline.dead_letters_expire", queues) == 1
        assert looked_at("pipeline.dead_letters_expire", QUEUES) == 1
        assert said("pipeline.dead_letters_expire", QUEUES) == []

    def test_a_retention_that_is_not_known_is_open(self):
        queue = {"Type": QUEUE, "Properties": {"QueueName": "missed", "MessageRetentionPeriod": {"Ref": "Given"}}}
        assert said("pipeline.dead_letters_expire", {**QUEUES, "Missed": queue}, **OPEN)[0].startswith("? ")

    @pytest.mark.parametrize(
        ("statement", "messages"),
        [
            ({"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}, 0),
            ({"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "SQS:SendMessage"}, 0),
            (
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:events:*:444455556666:rule/*"}},
                },
                0,
            ),
            ({"Effect": "Deny", "Principal": "*", "Action": "sqs:*"}, 1),
            ({"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}, 1),
            ({"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:ReceiveMessage"}, 1),
        ],
    )
    def test_who_may_send(self, statement: dict[str, Any], messages: int):
        policy = {"Queues": [{"Ref": "Missed"}], "PolicyDocument": {"Statement": statement}}
        resources = {**QUEUES, "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": policy}}
        found = said("pipeline.dead_letters_refused", resources)
        assert len(found) == messages
        assert not any(each.startswith("?") for each in found)

    def test_a_schedule_that_sends_a_message_starts_nothing(self):
        def schedule(call: str) -> dict[str, Any]:
            target = {"Arn": f"arn:aws:scheduler:::aws-sdk:{call}", "RoleArn": "arn:aws:iam::444455556666:role/Start"}
            return {"Daily": {"Type": "AWS::Scheduler::Schedule", "Properties": {"Target": target}}}

        assert looked_at("pipeline.no_dead_letter_queue", schedule("sqs:sendMessage")) == 0
        assert len(said("pipeline.no_dead_letter_queue", schedule("glue:startJobRun"))) == 1

    @pytest.mark.parametrize(("service", "count"), [("lambda", 0), ("states", 1), ("glue", 1)])
    def test_a_function_by_the_clock_runs_again(self, service: str, count: int):
        goal = {"Id": "Goal", "Arn": f"arn:aws:{service}:eu-west-1:444455556666:function:tidy"}
        by_clock = {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 hour)", "Targets": [goal]}}}
        assert looked_at("pipeline.no_dead_letter_queue", by_clock) == count
        assert len(said("pipeline.no_dead_letter_queue", by_clock)) == count
        assert len(said("pipeline.no_dead_letter_queue", rule({"source": ["x"]}, **goal))) == 1

    def test_a_queue_that_is_not_known_is_one(self):
        assert said("pipeline.no_dead_letter_queue", rule({"source": ["x"]}, DeadLetterConfig={"Ref": "Given"}), **OPEN) == []

    def test_a_target_that_is_not_known_is_open(self):
        whole = {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"Targets": {"Ref": "Given"}}}}
        for one in (rule({"source": ["x"]}, Arn={"Ref": "Given"}), whole):
            found = said("pipeline.no_dead_letter_queue", one, **OPEN)
            assert len(found) == 1
            assert found[0].startswith("? ")


class TestPatterns:
    ID = "pipeline.event_pattern_too_wide"

    def test_a_pattern_may_be_a_text(self):
        assert len(said(self.ID, rule(json.dumps({"source": ["aws.s3"]})))) == 1
        assert looked_at(self.ID, rule("{")) == 0

    def test_alternatives_and_exclusions_are_somebodys_choice(self):
        either = {"$or": [{"bucket": {"name": ["a"]}}, {"bucket": {"name": ["b"]}}]}
        assert said(self.ID, rule({"source": ["aws.s3"], "detail": either})) == []
        assert said(self.ID, rule({"source": ["aws.s3"], "detail": {"bucket": {"name": [{"anything-but": ["logs"]}]}}})) == []
