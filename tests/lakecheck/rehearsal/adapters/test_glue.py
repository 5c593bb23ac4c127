"""Glue's adapters besides tables, against moto in this process."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from lakecheck.rehearsal.adapters.registry import adapters
from tests.lakecheck.rehearsal.adapters.support import ACCOUNT, REGION, emulated, make, round_trip

OTHER = "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Jobs"
JOB = {
    "Name": "ingest",
    "Role": ROLE,
    "Command": {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": "s3://code/job.py"},
    "DefaultArguments": {"--job-language": "python", "--enable-metrics": ""},
    "Description": "Ingests",
    "ExecutionClass": "FLEX",
    "ExecutionProperty": {"MaxConcurrentRuns": 2},
    "GlueVersion": "5.0",
    "JobRunQueuingEnabled": False,
    "MaxRetries": 0,
    "NumberOfWorkers": 4,
    "SecurityConfiguration": "keys",
    "Timeout": 120,
    "WorkerType": "G.1X",
    "Tags": {"team": "sales"},
}
ENCRYPTION = {
    "CatalogId": ACCOUNT,
    "DataCatalogEncryptionSettings": {
        "ConnectionPasswordEncryption": {"KmsKeyId": "key/1", "ReturnConnectionPasswordEncrypted": True},
        "EncryptionAtRest": {
            "CatalogEncryptionMode": "SSE-KMS-WITH-SERVICE-ROLE",
            "CatalogEncryptionServiceRole": ROLE,
            "SseAwsKmsKeyId": "key/1",
        },
    },
}


@pytest.mark.parametrize(
    ("type_", "stated", "changed"),
    [
        (
            "AWS::Glue::Database",
            {"CatalogId": ACCOUNT, "DatabaseInput": {"Name": "sales", "Description": "one", "LocationUri": "s3://lake/sales/"}},
            {"CatalogId": ACCOUNT, "DatabaseInput": {"Name": "sales", "Description": "two", "Parameters": {"a": "b"}}},
        ),
        ("AWS::Glue::Job", JOB, {**JOB, "Timeout": 60, "JobRunQueuingEnabled": True, "DefaultArguments": {"--a": "b"}, "Tags": {"x": "y"}}),
        (
            "AWS::Glue::SecurityConfiguration",
            {
                "Name": "keys",
                "EncryptionConfiguration": {
                    "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": "arn:aws:kms:eu-west-1:1:key/1"},
                    "S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": "arn:aws:kms:eu-west-1:1:key/1"}],
                },
            },
            None,
        ),
        (
            "AWS::Glue::Crawler",
            {
                "Name": "raw",
                "Role": ROLE,
                "DatabaseName": "raw",
                "Targets": {"S3Targets": [{"Path": "s3://lake/raw/", "Exclusions": ["*.tmp"]}]},
                "Schedule": {"ScheduleExpression": "cron(0 2 * * ? *)"},
                "SchemaChangePolicy": {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
                "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
                "Configuration": '{"Version":1.0}',
                "LakeFormationConfiguration": {"UseLakeFormationCredentials": True},
                "Tags": {"team": "sales"},
            },
            {"Name": "raw", "Role": ROLE, "DatabaseName": "raw2", "Targets": {"S3Targets": [{"Path": "s3://lake/other/"}]}},
        ),
        (
            "AWS::Glue::Connection",
            {
                "CatalogId": ACCOUNT,
                "ConnectionInput": {
                    "Name": "shop",
                    "ConnectionType": "JDBC",
                    "ConnectionProperties": {"JDBC_CONNECTION_URL": "jdbc:postgresql://h/d"},
                    "PhysicalConnectionRequirements": {"SubnetId": "subnet-1", "SecurityGroupIdList": ["sg-1"]},
                    "MatchCriteria": ["shop"],
                },
            },
            {"CatalogId": ACCOUNT, "ConnectionInput": {"Name": "shop", "ConnectionType": "NETWORK", "Description": "two"}},
        ),
        (
            "AWS::Glue::Trigger",
            {
                "Name": "nightly",
                "Type": "SCHEDULED",
                "Schedule": "cron(0 1 * * ? *)",
                "Actions": [{"JobName": "ingest", "Arguments": {"--day": "today"}}],
                "StartOnCreation": True,
                "Tags": {"team": "sales"},
            },
            {
                "Name": "nightly",
                "Type": "SCHEDULED",
                "Schedule": "cron(0 3 * * ? *)",
                "Actions": [{"JobName": "other"}],
                "Description": "x",
            },
        ),
        (
            "AWS::Glue::Workflow",
            {"Name": "flow", "Description": "one", "DefaultRunProperties": {"a": "b"}, "MaxConcurrentRuns": 1},
            {"Name": "flow", "Description": "two", "DefaultRunProperties": {"a": "c"}, "MaxConcurrentRuns": 2},
        ),
        (
            "AWS::Glue::Registry",
            {"Name": "events", "Description": "one", "Tags": [{"Key": "team", "Value": "sales"}]},
            {"Name": "events", "Description": "two"},
        ),
        (
            "AWS::Glue::Schema",
            {
                "Name": "order",
                "DataFormat": "JSON",
                "Compatibility": "BACKWARD",
                "SchemaDefinition": '{"type":"object"}',
                "Registry": {"Name": "default-registry"},
                "CheckpointVersion": {"VersionNumber": 1, "IsLatest": True},
            },
            None,
        ),
    ],
)
def test_it_comes_back_as_stated(type_, stated, changed):
    with emulated() as clients:
        trip = round_trip(clients, type_, stated, changed)
    assert trip.lacks == ()
    assert trip.lacks_after_change == ()
    assert trip.is_deleted


def test_encryption_of_the_catalog_comes_back_and_ends_with_the_resource():
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Glue::DataCatalogEncryptionSettings", ENCRYPTION, ENCRYPTION)
        after = clients("glue", account=ACCOUNT, region=REGION).get_data_catalog_encryption_settings()["DataCatalogEncryptionSettings"]
    assert (trip.lacks, trip.lacks_after_change) == ((), ())
    assert after["EncryptionAtRest"] == {"CatalogEncryptionMode": "DISABLED"}


@pytest.mark.parametrize("type_", ["AWS::Glue::Classifier", "AWS::Glue::DataQualityRuleset"])
def test_what_moto_lacks_altogether_is_neither_made_nor_read(type_):
    entry = adapters()[type_]
    assert entry.create is None
    assert entry.read is None
    assert entry.note


def test_a_second_job_of_a_name_is_refused():
    with emulated() as clients:
        make(clients, "AWS::Glue::Job", JOB)
        with pytest.raises(ClientError, match="AlreadyExistsException"):
            make(clients, "AWS::Glue::Job", JOB)


def test_a_changed_job_keeps_nothing_of_what_it_was():
    with emulated() as clients:
        shorter = {name: JOB[name] for name in ("Name", "Role", "Command")}
        after = round_trip(clients, "AWS::Glue::Job", JOB, shorter).read_after_change
    assert after is not None
    assert after.get("Timeout") is None
    assert "JobRunQueuingEnabled" not in after
    assert after["DefaultArguments"] == {}


def test_another_accounts_catalog_is_asked_by_its_number():
    with emulated() as clients:
        make(clients, "AWS::Glue::Database", {"DatabaseInput": {"Name": "sales", "Description": "theirs"}}, account=OTHER)
        glue = clients("glue", account=ACCOUNT, region=REGION)
        assert glue.get_database(Name="sales", CatalogId=OTHER)["Database"]["CatalogId"] == OTHER
        assert [one["Name"] for one in glue.get_databases(CatalogId=OTHER)["DatabaseList"]] == ["sales"]
        assert glue.get_databases()["DatabaseList"] == []
        with pytest.raises(ClientError, match="EntityNotFoundException"):
            glue.get_database(Name="sales")


def test_a_link_keeps_its_name_and_shows_what_it_leads_to():
    target = {"CatalogId": OTHER, "DatabaseName": "sales"}
    stated = {"CatalogId": ACCOUNT, "DatabaseInput": {"Name": "shared", "TargetDatabase": target}}
    with emulated() as clients:
        make(clients, "AWS::Glue::Database", {"DatabaseInput": {"Name": "sales", "Description": "theirs"}}, account=OTHER)
        glue = clients("glue", account=ACCOUNT, region=REGION)
        trip = round_trip(clients, "AWS::Glue::Database", stated)
        make(clients, "AWS::Glue::Database", stated)
        shown = glue.get_database(Name="shared")["Database"]
        assert shown == glue.get_databases()["DatabaseList"][0]
        assert clients("glue", account=OTHER, region=REGION).get_database(Name="sales")
    assert (trip.lacks, trip.is_deleted) == ((), True)
    assert (shown["Name"], shown["CatalogId"], shown["Description"], shown["TargetDatabase"]) == ("shared", ACCOUNT, "theirs", target)


def test_a_link_to_nothing_is_shown_as_it_is():
    target = {"CatalogId": OTHER, "DatabaseName": "absent"}
    with emulated() as clients:
        trip = round_trip(clients, "AWS::Glue::Database", {"DatabaseInput": {"Name": "shared", "TargetDatabase": target}})
        glue = clients("glue", account=ACCOUNT, region=REGION)
        make(clients, "AWS::Glue::Database", {"DatabaseInput": {"Name": "shared", "TargetDatabase": target}})
        with pytest.raises(ClientError, match="EntityNotFoundException"):
            glue.get_tables(DatabaseName="shared")
    assert trip.lacks == ()
