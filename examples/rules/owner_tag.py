"""A rule of our own: every bucket says who owns it."""

from lakecheck.rules import Cases, Complaint, Rule, of_type, value
from lakemodel.findings import Severity


def judge(bucket, _snapshot):
    tags = value(bucket, "Tags")
    if not isinstance(tags, list) or not any(isinstance(tag, dict) and tag.get("Key") == "owner" for tag in tags):
        yield Complaint(message="has no tag `owner`", at="Tags")


RULE = Rule(
    id="our.owner_tag",
    title="Every bucket has an owner",
    rationale="Nobody answers questions about a bucket that nobody owns.",
    source="https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html",
    severity=Severity.WARNING,
    remedy="Tag the stack: Tags.of(stack).add('owner', ...).",
    subjects=of_type("AWS::S3::Bucket"),
    judge=judge,
    cases=Cases(
        compliant=({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [{"Key": "owner", "Value": "sales"}]}}},),
        failing=({"Bucket": {"Type": "AWS::S3::Bucket"}},),
        not_applicable=({"Topic": {"Type": "AWS::SNS::Topic"}},),
    ),
)
