"""Who did what in the organisation: the log archive, the organisation's trail, alarms on it, and questions to it."""

from constructs_lib.baseline.archive import ArchiveNames
from constructs_lib.organization.trail.alarms import METRIC_NAMESPACE, TrailAlarms
from constructs_lib.organization.trail.log_archive import LogArchive
from constructs_lib.organization.trail.questions import TrailQuestion, questions
from constructs_lib.organization.trail.selectors import RecordedObjects, bucket_prefixes
from constructs_lib.organization.trail.table import TRAIL_COLUMNS, TrailTable
from constructs_lib.organization.trail.trail import OrganizationTrail
from constructs_lib.organization.trail.watches import ALWAYS_WATCHED, Watch, archive_change, break_glass_use

__all__ = [
    "ALWAYS_WATCHED",
    "METRIC_NAMESPACE",
    "TRAIL_COLUMNS",
    "ArchiveNames",
    "LogArchive",
    "OrganizationTrail",
    "RecordedObjects",
    "TrailAlarms",
    "TrailQuestion",
    "TrailTable",
    "Watch",
    "archive_change",
    "break_glass_use",
    "bucket_prefixes",
    "questions",
]
