"""`config/lake.yaml`: the organisation, its environments, domains, personas and policies."""

from lakemodel.config.model import (
    Baseline,
    Domain,
    Environment,
    LakeConfig,
    Organization,
    PermissionSetPrincipal,
    Persona,
    Policies,
    Principal,
    Protection,
    ReadScope,
    RolePrincipal,
    Singleton,
    Zone,
)

__all__ = [
    "Baseline",
    "Domain",
    "Environment",
    "LakeConfig",
    "Organization",
    "PermissionSetPrincipal",
    "Persona",
    "Policies",
    "Principal",
    "Protection",
    "ReadScope",
    "RolePrincipal",
    "Singleton",
    "Zone",
]
