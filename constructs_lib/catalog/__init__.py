"""The Glue Data Catalog: databases, Iceberg and Parquet tables, their quarantine tables, optimizers, and all of a lake's at once."""

from constructs_lib.catalog.contract_catalog import ContractCatalog, DeclaredTable
from constructs_lib.catalog.databases import DomainDatabases, LakeDatabase
from constructs_lib.catalog.optimizers import LAKE_FORMATION_PERMISSIONS, OptimizerRole, TableOptimizers
from constructs_lib.catalog.projected import ProjectedTable
from constructs_lib.catalog.projections import Projection, ProjectionUnit
from constructs_lib.catalog.s3_tables import S3Table, TableBucket
from constructs_lib.catalog.tables import CatalogTable, IcebergTable, ImportedTable, ParquetTable, QuarantineTable

__all__ = [
    "LAKE_FORMATION_PERMISSIONS",
    "CatalogTable",
    "ContractCatalog",
    "DeclaredTable",
    "DomainDatabases",
    "IcebergTable",
    "ImportedTable",
    "LakeDatabase",
    "OptimizerRole",
    "ParquetTable",
    "ProjectedTable",
    "Projection",
    "ProjectionUnit",
    "QuarantineTable",
    "S3Table",
    "TableBucket",
    "TableOptimizers",
]
