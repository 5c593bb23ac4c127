"""What takes data, or fails, when it is planted into a lake: by name the edits, and what is to be named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.lakecheck.upgrade.planted import GONE, LAKE

if TYPE_CHECKING:
    from tests.lakecheck.upgrade.planted import Edits

RES = LAKE["Resources"]
B, RULES = "Bucket/Properties", "Bucket/Properties/LifecycleConfiguration/Rules"
LOCK = f"{B}/ObjectLockConfiguration/Rule/DefaultRetention"
ORDERS = "Orders/Properties/TableInput"
COLUMNS = f"{ORDERS}/StorageDescriptor/Columns"
RETENTION = "Bucket/Properties/LifecycleConfiguration/Rules/1/NoncurrentVersionExpiration"


def rule(**fields: Any) -> dict[str, Any]:
    return {"Id": "new", "Status": "Enabled", **fields}


LOSSES: dict[str, tuple[Edits, str]] = {
    # deleted
    "bucket deleted with policy Delete": ({"Guarded": GONE}, "data_loss.deleted Guarded"),
    "condition turns false by a default": ({"^Parameters/Open/Default": "yes"}, "data_loss.deleted Guarded"),
    "condition turns false by its own text": ({"^Conditions/IsClosed": {"Fn::Equals": ["a", "b"]}}, "data_loss.deleted Guarded"),
    "condition negated": ({"^Conditions/IsClosed": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Open"}, "no"]}]}}, "data_loss.deleted Guarded"),
    "queue deleted": (
        {"Dead": GONE, "Queue/Properties/RedrivePolicy": GONE, "Function/Properties/DeadLetterConfig": GONE},
        "data_loss.dead_letters Function, data_loss.dead_letters Queue, data_loss.deleted Dead",
    ),
    "job with a bookmark deleted": ({"Job": GONE}, "data_loss.deleted Job"),
    "workgroup deleted": ({"Workgroup": GONE}, "data_loss.deleted Workgroup"),
    # replaced
    "bucket renamed": ({f"{B}/BucketName": "acme-curated-2"}, "data_loss.starts_empty Bucket, lost_access.location Location"),
    "bucket renamed by a parameter's default": ({"^Parameters/Prefix/Default": "emca"}, "data_loss.starts_empty Raw"),
    "queue renamed by a mapping": ({"^Mappings/Names/queue/Name": "ingest"}, "data_loss.replaced Queue"),
    "table with another key": (
        {"State/Properties/KeySchema/0/AttributeName": "key", "State/Properties/AttributeDefinitions/0/AttributeName": "key"},
        "collision.replaced_under_its_name State",
    ),
    "table without a name with another key": (
        {"Guarded/Properties/KeySchema/0/AttributeName": "key", "Guarded/Properties/AttributeDefinitions/0/AttributeName": "key"},
        "data_loss.replaced Guarded",
    ),
    "log group renamed": ({"Logs/Properties/LogGroupName": "/lake/all"}, "data_loss.starts_empty Logs"),
    "secret renamed": ({"Secret/Properties/Name": "password"}, "data_loss.starts_empty Secret"),
    "logical id of a kept bucket": ({"Raw": GONE, "RawZone": RES["Raw"]}, "collision.name_kept RawZone"),
    "logical id of a queue": ({"Queue": GONE, "Ingest": RES["Queue"]}, "collision.name_taken Ingest"),
    "type changed": ({"Dead/Type": "AWS::SNS::Topic", "Dead/Properties": {}}, "collision.type_changed Dead"),
    # policies of deletion
    "bucket is kept no more": ({"Bucket/DeletionPolicy": "Delete"}, "data_loss.policy_weakened Bucket"),
    "bucket's policy left out": ({"Bucket/DeletionPolicy": GONE}, "data_loss.policy_weakened Bucket"),
    "key is replaced and deleted": ({"Key/UpdateReplacePolicy": "Delete"}, "data_loss.policy_weakened Key"),
    "key is deleted at once": ({"Key/Properties/PendingWindowInDays": 7}, "data_loss.key Key"),
    "key is disabled": ({"Key/Properties/Enabled": False}, "data_loss.key Key"),
    "table's protection off": ({"State/Properties/DeletionProtectionEnabled": False}, "data_loss.protection_off State"),
    "table's protection left out": ({"State/Properties/DeletionProtectionEnabled": GONE}, "data_loss.protection_off State"),
    # retention and versions
    "versioning suspended": ({f"{B}/VersioningConfiguration/Status": "Suspended"}, "data_loss.versions Bucket"),
    "versioning left out": ({f"{B}/VersioningConfiguration": GONE}, "data_loss.versions Bucket"),
    "lock shortened": ({f"{LOCK}/Days": 7}, "data_loss.lock Bucket"),
    "lock shortened in years": ({LOCK: {"Mode": "COMPLIANCE", "Years": 0}}, "data_loss.lock Bucket"),
    "lock governed": ({f"{LOCK}/Mode": "GOVERNANCE"}, "data_loss.lock Bucket"),
    "lock's default gone": ({f"{B}/ObjectLockConfiguration/Rule": GONE}, "data_loss.lock Bucket"),
    "lock's configuration gone": ({f"{B}/ObjectLockConfiguration": GONE}, "data_loss.lock Bucket"),
    "log group keeps less by a default": ({"^Parameters/Days/Default": 30}, "data_loss.sooner Logs"),
    "log group keeps less by a mapping": ({"^Mappings/Kept/logs/Days": 7}, "data_loss.sooner Audit"),
    "stream keeps less": ({"Stream/Properties/RetentionPeriodHours": 24}, "data_loss.sooner Stream"),
    "stream's retention left out": ({"Stream/Properties/RetentionPeriodHours": GONE}, "data_loss.sooner Stream"),
    "queue keeps less": ({"Queue/Properties/MessageRetentionPeriod": 3600}, "data_loss.sooner Queue"),
    "queue drops what fails": ({"Queue/Properties/RedrivePolicy": GONE}, "data_loss.dead_letters Queue"),
    "point-in-time recovery off": (
        {"State/Properties/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled": False},
        "data_loss.backups State",
    ),
    "point-in-time recovery left out": ({"State/Properties/PointInTimeRecoverySpecification": GONE}, "data_loss.backups State"),
    "time to live": ({"State/Properties/TimeToLiveSpecification": {"AttributeName": "until", "Enabled": True}}, "data_loss.sooner State"),
    "backups kept less": ({"Plan/Properties/BackupPlan/BackupPlanRule/0/Lifecycle/DeleteAfterDays": 7}, "data_loss.backups Plan"),
    "backup rule gone": ({"Plan/Properties/BackupPlan/BackupPlanRule/1": GONE}, "data_loss.backups Plan"),
    "backup plan gone": ({"Plan": GONE}, "data_loss.backups Plan"),
    "vault unlocked": ({"Vault/Properties/LockConfiguration": GONE}, "data_loss.lock Vault"),
    "vault's lock shortened": ({"Vault/Properties/LockConfiguration/MinRetentionDays": 7}, "data_loss.lock Vault"),
    "replication gone": ({f"{B}/ReplicationConfiguration": GONE}, "data_loss.copies Bucket"),
    "replication narrowed": ({f"{B}/ReplicationConfiguration/Rules/0/Filter/Prefix": "sales/"}, "data_loss.copies Bucket"),
    "replication switched off": ({f"{B}/ReplicationConfiguration/Rules/0/Status": "Disabled"}, "data_loss.copies Bucket"),
    # lifecycles
    "expires sooner": ({f"{RULES}/0/ExpirationInDays": 7}, "data_loss.lifecycle Bucket"),
    "expires sooner as a text": ({f"{RULES}/0/ExpirationInDays": "7"}, "data_loss.lifecycle Bucket"),
    "expires by a date": (
        {f"{RULES}/0/ExpirationInDays": GONE, f"{RULES}/0/ExpirationDate": "2026-01-01T00:00:00Z"},
        "data_loss.lifecycle Bucket",
    ),
    "prefix widened": ({f"{RULES}/0/Prefix": "t"}, "data_loss.lifecycle Bucket"),
    "prefix left out": ({f"{RULES}/0/Prefix": GONE}, "data_loss.lifecycle Bucket"),
    "prefix changed": ({f"{RULES}/0/Prefix": "sales/"}, "data_loss.lifecycle Bucket"),
    "rule switched on": ({f"{RULES}/2/Status": "Enabled"}, "data_loss.lifecycle Bucket"),
    "tag filter gone": ({f"{RULES}/4/TagFilters": GONE}, "data_loss.lifecycle Bucket"),
    "tag filter changed": ({f"{RULES}/4/TagFilters/0/Value": "long"}, "data_loss.lifecycle Bucket"),
    "size filter gone": ({f"{RULES}/5/ObjectSizeLessThan": GONE}, "data_loss.lifecycle Bucket"),
    "size filter wider": ({f"{RULES}/5/ObjectSizeLessThan": 5000}, "data_loss.lifecycle Bucket"),
    "versions expire sooner": ({f"{RETENTION}/NoncurrentDays": 7}, "data_loss.lifecycle Bucket"),
    "fewer versions kept": ({f"{RETENTION}/NewerNoncurrentVersions": 1}, "data_loss.lifecycle Bucket"),
    "versions kept by number no more": ({f"{RETENTION}/NewerNoncurrentVersions": GONE}, "data_loss.lifecycle Bucket"),
    "versions expire sooner by the old property": ({f"{RULES}/6/NoncurrentVersionExpirationInDays": 30}, "data_loss.lifecycle Bucket"),
    "versions expire by the old property": (
        {f"{RULES}/1/NoncurrentVersionExpiration": GONE, f"{RULES}/1/NoncurrentVersionExpirationInDays": 90},
        "data_loss.lifecycle Bucket",
    ),
    "new rule": ({f"{RULES}/+": rule(ExpirationInDays=365)}, "data_loss.lifecycle Bucket"),
    "new rule for versions": ({f"{RULES}/+": rule(NoncurrentVersionExpiration={"NoncurrentDays": 1})}, "data_loss.lifecycle Bucket"),
    "first rules": ({"Raw/Properties/LifecycleConfiguration": {"Rules": [rule(ExpirationInDays=30)]}}, "data_loss.lifecycle Raw"),
    "new rule by a parameter": (
        {f"{RULES}/0/ExpirationInDays": {"Ref": "Short"}, "^Parameters/Short": {"Type": "Number", "Default": 3}},
        "data_loss.lifecycle Bucket",
    ),
    "new rule without a known time": (
        {f"{RULES}/0/ExpirationInDays": {"Ref": "Short"}, "^Parameters/Short": {"Type": "Number"}},
        "data_loss.lifecycle Bucket",
    ),
    # catalog
    "column gone": ({f"{COLUMNS}/2": GONE}, "data_loss.columns Orders"),
    "column with a grant gone": ({f"{COLUMNS}/3": GONE}, "data_loss.columns Orders, lost_access.dies_with_column Orders"),
    "column narrowed": ({f"{COLUMNS}/0/Type": "int"}, "data_loss.type_narrowed Orders"),
    "column's scale": ({f"{COLUMNS}/1/Type": "decimal(10,0)"}, "data_loss.type_narrowed Orders"),
    "partition keys": ({f"{ORDERS}/PartitionKeys/0/Name": "date"}, "data_loss.partition_keys Orders"),
    "table elsewhere": ({f"{ORDERS}/StorageDescriptor/Location": "s3://acme-curated/orders/"}, "data_loss.other_data Orders"),
    "database elsewhere": ({"Sales/Properties/DatabaseInput/LocationUri": "s3://acme-raw/"}, "data_loss.other_data Sales"),
    # collisions
    "export gone": ({"^Outputs/BucketArn": GONE}, ""),
}
