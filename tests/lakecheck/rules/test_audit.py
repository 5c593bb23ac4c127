"""What the rules on trails and alarms take for safe, for wrong and for open, beyond their cases."""

from __future__ import annotations

from typing import Any

import pytest

from lakecheck.rules.audit._cases import alarm
from tests.lakecheck.rules.judging import looked_at, said

TRAIL = "AWS::CloudTrail::Trail"
OPEN = {"Parameters": {"Given": {"Type": "String"}}}
GIVEN = {"Ref": "Given"}
DATA = [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]


def lake(*trails: dict[str, Any]) -> dict[str, Any]:
    table = {"Name": "orders", "StorageDescriptor": {"Location": "s3://curated/orders/"}}
    return {
        "Curated": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "curated"}},
        "Orders": {
            "Type": "AWS::Glue::Table",
            "Properties": {"CatalogId": "444455556666", "DatabaseName": "sales", "TableInput": table},
        },
        **{f"Trail{number}": trail for number, trail in enumerate(trails)},
    }


def trail(*fields: dict[str, Any], **properties: Any) -> dict[str, Any]:
    chosen = {"AdvancedEventSelectors": [{"FieldSelectors": [*DATA, *fields]}]} if not {"EventSelectors"} & set(properties) else {}
    return {"Type": TRAIL, "Properties": {"IsLogging": True, "S3BucketName": "logs", **chosen, **properties}}


ARN = "resources.ARN"


class TestLakeTrailed:
    ID = "audit.lake_not_trailed"

    @pytest.mark.parametrize(
        ("fields", "messages"),
        [
            ([], 0),
            ([{"Field": ARN, "StartsWith": ["arn:aws:s3:::curated/"]}], 0),
            ([{"Field": ARN, "StartsWith": ["arn:aws:s3:::curated/orders/"]}], 0),
            ([{"Field": ARN, "StartsWith": ["arn:aws:s3:::curated/ord"]}], 0),
            ([{"Field": ARN, "NotStartsWith": ["arn:aws:s3:::raw/"]}], 0),
            ([{"Field": ARN, "StartsWith": ["arn:aws:s3:::curated/customers/"]}], 2),
            ([{"Field": ARN, "NotStartsWith": ["arn:aws:s3:::curated/orders/old/"]}], 2),
            ([{"Field": ARN, "EndsWith": [".parquet"]}], 2),
            ([{"Field": "readOnly", "Equals": ["false"]}], 1),
            ([{"Field": "eventName", "Equals": ["PutObject"]}], 2),
        ],
    )
    def test_what_advanced_selectors_log(self, fields: list[dict[str, Any]], messages: int):
        assert len(said(self.ID, lake(trail(*fields)))) == messages

    def test_two_trails_may_share_reads_and_writes(self):
        reads, writes = ({"Field": "readOnly", "Equals": [value]} for value in ("true", "false"))
        assert said(self.ID, lake(trail(reads), trail(writes))) == []

    def test_without_any_trail_the_organisations_may_log_it(self):
        found = said(self.ID, lake())
        assert len(found) == 1
        assert found[0].startswith("? ")

    def test_without_any_trail_a_region_is_told_once(self):
        buckets, tables = {}, {}
        for name in ("raw", "curated"):
            buckets[name.title()] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
            table = {"Name": name, "StorageDescriptor": {"Location": f"s3://{name}/orders/"}}
            properties = {"CatalogId": "444455556666", "DatabaseName": "sales", "TableInput": table}
            tables[f"{name.title()}Table"] = {"Type": "AWS::Glue::Table", "Properties": properties}
        assert len(said(self.ID, {**buckets, **tables})) == 1
        assert looked_at(self.ID, {**buckets, **tables, "Trail": trail()}) == 2

    def test_a_trail_that_is_off_logs_nothing(self):
        assert len(said(self.ID, lake(trail(IsLogging=False)))) == 2

    def test_selectors_that_are_not_known_are_open(self):
        for given in (GIVEN, [GIVEN], [{"ReadWriteType": GIVEN, "DataResources": []}]):
            found = said(self.ID, lake(trail(EventSelectors=given)), **OPEN)
            assert len(found) == 2
            assert all(each.startswith("? ") for each in found)

    def test_a_bucket_without_tables_is_not_the_lakes(self):
        assert looked_at(self.ID, {"Logs": {"Type": "AWS::S3::Bucket"}, "Trail": trail()}) == 0


class TestTrails:
    def test_reads_and_writes_apart_are_everything(self):
        selectors = [{"ReadWriteType": "ReadOnly"}, {"ReadWriteType": "WriteOnly"}]
        assert said("audit.trail_excludes", {"Trail": trail(EventSelectors=selectors)}) == []

    @pytest.mark.parametrize("none", [{"EventSelectors": []}, {"AdvancedEventSelectors": [], "EventSelectors": []}])
    def test_without_a_selector_a_trail_logs_all_management_events(self, none: dict[str, Any]):
        assert said("audit.trail_excludes", {"Trail": trail(**none)}) == []

    def test_a_trail_of_data_alone_is_open(self):
        found = said("audit.trail_excludes", {"Trail": trail()})
        assert len(found) == 1
        assert found[0].startswith("? ")

    def test_a_trail_leaves_its_own_log_out_by_name(self):
        logs = {"Logs": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "logs"}}}
        assert len(said("audit.trail_logs_itself", {**logs, "Trail": trail()})) == 1
        without = {"Field": ARN, "NotStartsWith": ["arn:aws:s3:::logs/"]}
        assert said("audit.trail_logs_itself", {**logs, "Trail": trail(without)}) == []
        assert said("audit.trail_logs_itself", {**logs, "Trail": trail({"Field": "readOnly", "Equals": ["true"]})}) == []


class TestAlarms:
    ID = "audit.alarm_on_nothing"

    def test_a_value_that_is_not_known_is_open_and_a_name_that_is_made_up_is_none(self):
        metric = ("AWS/States", "ExecutionsFailed")
        found = said(self.ID, alarm(*metric, {"StateMachineArn": GIVEN}), **OPEN)
        assert found == ["? Dimensions: whether StateMachineArn is an ARN is not known"]
        machine = {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {}}}
        assert said(self.ID, {**machine, **alarm(*metric, {"StateMachineArn": {"Ref": "Machine"}})}) == []
        named = said(self.ID, {**machine, **alarm(*metric, {"StateMachineArn": {"Fn::GetAtt": ["Machine", "Name"]}})})
        assert len(named) == 1
        assert "never fires" in named[0]

    def test_an_address_is_no_name(self):
        queue = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {}}}
        metric = ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
        assert len(said(self.ID, {**queue, **alarm(*metric, {"QueueName": {"Ref": "Queue"}})})) == 1
        assert said(self.ID, {**queue, **alarm(*metric, {"QueueName": {"Fn::GetAtt": ["Queue", "QueueName"]}})}) == []

    def test_metrics_that_an_alarm_computes_with_are_looked_at(self):
        metric = {"Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Dimensions": []}
        metrics = [{"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}]
        found = said(self.ID, {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": metrics}}})
        assert len(found) == 1
        assert found[0].startswith("Metrics.0.MetricStat.Metric.Dimensions: ")

    def test_an_alarm_on_failures_among_others_is_left_alone(self):
        both = [
            {"Id": name.lower(), "MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "MetricName": name}, "Period": 60, "Stat": "Sum"}}
            for name in ("Errors", "Invocations")
        ]
        for metrics in (both, both[::-1]):
            properties = {"Metrics": metrics, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "breaching"}
            assert looked_at("audit.missing_data", {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}}) == 0

    def test_a_topics_policy_for_everybody_lets_alarms_in(self):
        told = {"Told": {"Type": "AWS::SNS::Topic"}, **alarm("AWS/Lambda", "Errors", {}, OKActions=[{"Ref": "Told"}])}

        def policy(**statement: Any) -> dict[str, Any]:
            document = {"Statement": [{"Effect": "Allow", "Action": "SNS:Publish", **statement}]}
            return {"Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [{"Ref": "Told"}], "PolicyDocument": document}}}

        assert said("audit.alarm_cannot_publish", {**told, **policy(Principal={"AWS": "*"})}) == []
        assert len(said("audit.alarm_cannot_publish", {**told, **policy(Principal={"Service": "s3.amazonaws.com"})})) == 1
        open_one = said("audit.alarm_cannot_publish", {**told, **policy(Principal={"Service": GIVEN})}, **OPEN)
        assert len(open_one) == 1
        assert open_one[0].startswith("? ")

    @pytest.mark.parametrize("kind", ["Alarm", "CompositeAlarm"])
    @pytest.mark.parametrize(("policy", "naming"), [("TopicPolicy", "Topics"), ("TopicInlinePolicy", "TopicArn")])
    def test_every_kind_of_alarm_and_of_topic_policy(self, kind: str, policy: str, naming: str):
        let_in = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": "*"}
        own = {naming: {"Ref": "Told"}, "PolicyDocument": {"Statement": let_in}}
        resources = {
            "Told": {"Type": "AWS::SNS::Topic"},
            "Policy": {"Type": f"AWS::SNS::{policy}", "Properties": own},
            "One": {"Type": f"AWS::CloudWatch::{kind}", "Properties": {"AlarmActions": [{"Ref": "Told"}]}},
        }
        assert len(said("audit.alarm_cannot_publish", resources)) == 1
