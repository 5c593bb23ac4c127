"""Tests of a deployed lake: `pytest -p lakecheck.rehearsal.pytest_plugin --rehearsal-environment Dev`."""


def test_every_bucket_of_a_zone_keeps_versions(rehearsed_lake):
    s3 = rehearsed_lake.client("s3")
    for bucket in rehearsed_lake.resources("AWS::S3::Bucket"):
        if "VersioningConfiguration" in bucket["properties"] and bucket["account"] == rehearsed_lake.accounts[0]:
            assert s3.get_bucket_versioning(Bucket=bucket["physical_id"])["Status"] == "Enabled"


def test_a_delivery_is_published(rehearsed_lake, tmp_path):
    file = tmp_path / "routes.csv"
    file.write_text("LH,3320,FRA,340,JFK,3797,,0,744\nLH,3320,FRA,340,nowhere,,,0,744\n")
    run = rehearsed_lake.deliver(file, "travel/routes/routes/routes.csv")
    assert run.succeeded
    assert run.counts == {"input": 2, "good": 1, "quarantined": 1, "duplicates": 0}
