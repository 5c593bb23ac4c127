"""The audit's."""

from tests.lakecheck.rules.mutations.model import REMOVED, Mutation

_TRAIL, _ALARM = "AWS::CloudTrail::Trail", "AWS::CloudWatch::Alarm"
_OBJECTS = "AdvancedEventSelectors.1.FieldSelectors.2.StartsWith"

MUTATIONS = {
    "audit.lake_not_trailed": Mutation(stack="MainAccount", type=_TRAIL, path=f"{_OBJECTS}.2", value=REMOVED),
    "audit.trail_excludes": Mutation(
        stack="MainAccount", type=_TRAIL, path="AdvancedEventSelectors.0.FieldSelectors.-", value={"Field": "readOnly", "Equals": ["false"]}
    ),
    "audit.trail_logs_itself": Mutation(stack="MainAccount", type=_TRAIL, path=_OBJECTS, value=["arn:aws:s3"]),
    "audit.detector_without_s3": Mutation(stack="MainAccount", type="AWS::GuardDuty::Detector", path="Features.0.Status", value="DISABLED"),
    "audit.alarm_cannot_publish": Mutation(
        stack="MainPipelines",
        type="AWS::SNS::TopicPolicy",
        path="PolicyDocument.Statement.1.Principal.Service",
        value="events.amazonaws.com",
    ),
    "audit.alarm_on_nothing": Mutation(
        stack="MainPipelines",
        type=_ALARM,
        path="Metrics.1.MetricStat.Metric.Dimensions.0.Value",
        value=lambda old: {"Fn::GetAtt": [old["Ref"], "Name"]},
        where=lambda _logical_id, definition: "Metrics" in definition["Properties"],
    ),
    "audit.missing_data": Mutation(
        stack="MainPipelines",
        type=_ALARM,
        path="TreatMissingData",
        value="ignore",
        where=lambda _logical_id, definition: "Metrics" in definition["Properties"],
    ),
}
