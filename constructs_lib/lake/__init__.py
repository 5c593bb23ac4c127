"""The whole lake in one construct, for the usual case."""

from constructs_lib.lake.data_lake import CLASSIFICATIONS, DataLake, LakeTable, LakeZoneDatabase

__all__ = ["CLASSIFICATIONS", "DataLake", "LakeTable", "LakeZoneDatabase"]
