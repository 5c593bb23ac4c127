"""Buckets and their policies: everything that a template states comes back, changes in place, and goes."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import REGION, emulated, make, round_trip

BUCKET = "AWS::S3::Bucket"
KEY = "arn:aws:kms:eu-west-1:1:key/k"
TOPIC = f"arn:aws:sns:{REGION}:111111111111:t"
DENY_WITHOUT_TLS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Action": "s3:*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Resource": ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"],
        }
    ],
}
WHOLE = {
    "BucketName": "lake",
    "AccessControl": "Private",
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {
                "BucketKeyEnabled": True,
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
            }
        ]
    },
    "VersioningConfiguration": {"Status": "Enabled"},
    "PublicAccessBlockConfiguration": {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": False,
    },
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    "LifecycleConfiguration": {
        "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
        "Rules": [
            {
                "Id": "old",
                "Status": "Enabled",
                "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 3},
                "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER_IR", "TransitionInDays": 7}],
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            },
            {"Id": "markers", "Status": "Enabled", "ExpiredObjectDeleteMarker": True},
            {
                "Id": "some",
                "Status": "Disabled",
                "Prefix": "raw/",
                "TagFilters": [{"Key": "a", "Value": "b"}],
                "ObjectSizeGreaterThan": 1000,
                "ExpirationInDays": 30,
                "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 30}],
            },
            {"Id": "large", "Status": "Enabled", "ObjectSizeGreaterThan": 131072, "ExpirationInDays": 1},
        ],
    },
    "InventoryConfigurations": [
        {
            "Id": "weekly",
            "Enabled": True,
            "IncludedObjectVersions": "Current",
            "ScheduleFrequency": "Weekly",
            "Prefix": "raw/",
            "OptionalFields": ["Size", "ETag"],
            "Destination": {"BucketArn": "arn:aws:s3:::inventory", "BucketAccountId": "111111111111", "Format": "Parquet"},
        }
    ],
    "NotificationConfiguration": {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True},
        "QueueConfigurations": [
            {
                "Event": "s3:ObjectCreated:*",
                "Queue": f"arn:aws:sqs:{REGION}:111111111111:q",
                "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "raw/"}]}},
            }
        ],
    },
    "ReplicationConfiguration": {
        "Role": "arn:aws:iam::111111111111:role/replicates",
        "Rules": [
            {
                "Id": "all",
                "Priority": 3,
                "Status": "Enabled",
                "DeleteMarkerReplication": {"Status": "Enabled"},
                "Filter": {"And": {"Prefix": "raw/", "TagFilters": [{"Key": "a", "Value": "b"}]}},
                "Destination": {"Bucket": "arn:aws:s3:::copy", "StorageClass": "STANDARD_IA"},
                "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
            }
        ],
    },
    "CorsConfiguration": {
        "CorsRules": [{"Id": "c", "AllowedMethods": ["GET"], "AllowedOrigins": ["https://a"], "ExposedHeaders": ["ETag"], "MaxAge": 60}]
    },
    "WebsiteConfiguration": {
        "IndexDocument": "index.html",
        "ErrorDocument": "error.html",
        "RoutingRules": [{"RedirectRule": {"HostName": "a"}, "RoutingRuleCondition": {"KeyPrefixEquals": "old/"}}],
    },
    "AccelerateConfiguration": {"AccelerationStatus": "Enabled"},
    "Tags": [{"Key": "owner", "Value": "lake"}],
}


def test_everything_that_a_bucket_states_comes_back_and_goes_with_the_statement():
    """Removed from the template, a property is removed from the bucket, without the bucket being replaced."""
    with emulated() as clients:
        made = make(clients, BUCKET, WHOLE)
        trip = round_trip(clients, BUCKET, {**WHOLE, "BucketName": "other"}, {"BucketName": "other"})
        assert made.physical_id == "lake"
    assert trip.lacks == ()
    assert trip.read_after_change == {
        "BucketName": "other",
        "AccessControl": "Private",
        "VersioningConfiguration": {"Status": "Suspended"},
        "AccelerateConfiguration": {"AccelerationStatus": "Suspended"},
    }
    assert trip.is_deleted


@pytest.mark.parametrize(
    "changed",
    [
        {"LifecycleConfiguration": {"Rules": [{"Id": "new", "Status": "Enabled", "ExpirationInDays": 5}]}},
        {"InventoryConfigurations": [{**WHOLE["InventoryConfigurations"][0], "Id": "daily", "ScheduleFrequency": "Daily"}]},
        {"NotificationConfiguration": {"TopicConfigurations": [{"Event": "s3:ObjectRemoved:*", "Topic": TOPIC}]}},
        {"Tags": [{"Key": "owner", "Value": "else"}]},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_changed_property_replaces_the_old_one(changed):
    with emulated() as clients:
        trip = round_trip(clients, BUCKET, WHOLE, {**WHOLE, **changed})
    assert trip.lacks_after_change == ()


def test_what_is_not_stated_is_not_read():
    with emulated() as clients:
        trip = round_trip(clients, BUCKET, {})
    assert trip.read == {"BucketName": trip.made.physical_id, "AccessControl": "Private"}
    assert trip.made.physical_id == trip.made.physical_id.lower()


def test_object_lock_is_switched_on_when_the_bucket_is_made():
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}}
    with emulated() as clients:
        trip = round_trip(clients, BUCKET, {"ObjectLockEnabled": True, "ObjectLockConfiguration": lock})
    assert trip.lacks == ()


def test_logs_go_to_another_bucket_in_the_stated_format():
    """The target has no policy yet: in a template it may come later."""
    to = {"DestinationBucketName": "logs", "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}}
    with emulated() as clients:
        make(clients, BUCKET, {"BucketName": "logs"})
        trip = round_trip(clients, BUCKET, {"LoggingConfiguration": to}, {"LoggingConfiguration": {**to, "LogFilePrefix": "a/"}})
    assert trip.lacks == trip.lacks_after_change == ()


def test_logs_do_not_go_to_a_bucket_whose_access_list_does_not_let_them():
    owners = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}}
    with emulated() as clients:
        make(clients, BUCKET, {"BucketName": "logs", **owners})
        with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
            make(clients, BUCKET, {"BucketName": "lake", "LoggingConfiguration": {"DestinationBucketName": "logs"}})
        assert adapters()[BUCKET].look(replace(make(clients, BUCKET, {}), physical_id="lake")) is None  # half a bucket is not left behind


def test_a_bucket_with_objects_is_not_deleted():
    """Versions and delete markers count: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html."""
    with emulated() as clients:
        made = make(clients, BUCKET, {"BucketName": "lake", "VersioningConfiguration": {"Status": "Enabled"}})
        s3 = made.client("s3")
        version = s3.put_object(Bucket="lake", Key="a", Body=b"1")["VersionId"]
        marker = s3.delete_object(Bucket="lake", Key="a")["VersionId"]
        with pytest.raises(ClientError, match="BucketNotEmpty"):
            adapters()[BUCKET].remove(made)
        for each in (version, marker):
            s3.delete_object(Bucket="lake", Key="a", VersionId=each)
        adapters()[BUCKET].remove(made)
        assert adapters()[BUCKET].look(made) is None


def test_attributes_are_those_of_the_region():
    with emulated() as clients:
        made = make(clients, BUCKET, {"BucketName": "lake"})
        bucket = adapters()[BUCKET]
        assert bucket.attribute(made, "Arn") == "arn:aws:s3:::lake"
        assert bucket.attribute(made, "RegionalDomainName") == "lake.s3.eu-west-1.amazonaws.com"
        assert bucket.attribute(made, "WebsiteURL") == "http://lake.s3-website-eu-west-1.amazonaws.com"
        assert bucket.attribute(replace(made, region="eu-central-1"), "WebsiteURL") == "http://lake.s3-website.eu-central-1.amazonaws.com"


def test_a_policy_comes_back_and_refuses_nobody():
    """The emulator would refuse everything for a Deny of plain HTTP; so it refuses nothing."""
    with emulated() as clients:
        made = make(clients, BUCKET, {"BucketName": "lake"})
        policy = make(clients, "AWS::S3::BucketPolicy", {"Bucket": "lake", "PolicyDocument": DENY_WITHOUT_TLS})
        s3 = made.client("s3")
        s3.put_object(Bucket="lake", Key="a", Body=b"1")
        assert s3.get_object(Bucket="lake", Key="a")["Body"].read() == b"1"
        s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "a"}]})
        assert policy.physical_id == "lake"
        adapters()["AWS::S3::BucketPolicy"].remove(policy)
        allow = {"Version": "2012-10-17", "Statement": [{**DENY_WITHOUT_TLS["Statement"][0], "Effect": "Allow"}]}
        stated = {"Bucket": "lake", "PolicyDocument": DENY_WITHOUT_TLS}
        trip = round_trip(clients, "AWS::S3::BucketPolicy", stated, {"Bucket": "lake", "PolicyDocument": allow})
    assert trip.lacks == trip.lacks_after_change == ()
    assert trip.is_deleted


def test_parts_that_the_emulator_lacks_are_refused_instead_of_changing_the_bucket():
    """Otherwise moto takes each of these for a request for the bucket itself, and make or delete it."""
    with emulated() as clients:
        s3 = make(clients, BUCKET, {"BucketName": "lake"}).client("s3")
        for ask in (
            lambda: s3.delete_bucket_metrics_configuration(Bucket="lake", Id="a"),
            lambda: s3.put_bucket_analytics_configuration(
                Bucket="lake", Id="a", AnalyticsConfiguration={"Id": "a", "StorageClassAnalysis": {}}
            ),
            lambda: s3.list_bucket_intelligent_tiering_configurations(Bucket="lake"),
        ):
            with pytest.raises(ClientError, match="NotImplemented"):
                ask()
        with pytest.raises(ClientError, match="NoSuchInventoryConfig"):
            s3.delete_bucket_inventory_configuration(Bucket="lake", Id="none")
        s3.head_bucket(Bucket="lake")


def test_objects_are_told_of_once_with_their_version_and_size():
    """An upload in parts as well, of which moto tells twice."""
    with emulated() as clients:
        to = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
        made = make(
            clients, BUCKET, {"BucketName": "lake", "VersioningConfiguration": {"Status": "Enabled"}, "NotificationConfiguration": to}
        )
        s3, events, sqs = (made.client(service) for service in ("s3", "events", "sqs"))
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"]}))
        events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:111111111111:q"}])
        put = s3.put_object(Bucket="lake", Key="a", Body=b"123")["VersionId"]
        s3.put_object(Bucket="lake", Key="a", Body=b"12345")
        copied = s3.copy_object(Bucket="lake", Key="b", CopySource={"Bucket": "lake", "Key": "a", "VersionId": put})["VersionId"]
        upload = s3.create_multipart_upload(Bucket="lake", Key="c")["UploadId"]
        part = s3.upload_part(Bucket="lake", Key="c", UploadId=upload, PartNumber=1, Body=b"1234")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
        uploaded = s3.complete_multipart_upload(Bucket="lake", Key="c", UploadId=upload, MultipartUpload=parts)["VersionId"]
        told = [
            json.loads(one["Body"])["detail"]["object"] for one in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        ]
    assert [(one["key"], one["size"]) for one in told] == [("a", 3), ("a", 5), ("b", 3), ("c", 4)]
    assert (told[0]["version-id"], told[2]["version-id"], told[3]["version-id"]) == (put, copied, uploaded)


def test_conditions_of_writes_are_held_in_copies_as_well():
    with emulated() as clients:
        s3 = make(clients, BUCKET, {"BucketName": "lake"}).client("s3")
        etag = s3.put_object(Bucket="lake", Key="a", Body=b"1", IfNoneMatch="*")["ETag"]
        s3.copy_object(Bucket="lake", Key="b", CopySource="lake/a", IfNoneMatch="*")
        s3.copy_object(Bucket="lake", Key="b", CopySource="lake/a", IfMatch=etag)
        for condition in ({"IfNoneMatch": "*"}, {"IfMatch": '"0"'}):
            with pytest.raises(ClientError, match="PreconditionFailed"):
                s3.put_object(Bucket="lake", Key="a", Body=b"2", **condition)
            with pytest.raises(ClientError, match="PreconditionFailed"):
                s3.copy_object(Bucket="lake", Key="b", CopySource="lake/a", **condition)
