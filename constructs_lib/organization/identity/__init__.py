"""The organisation's people: permission sets of Identity Center, who has them where, and Lake Formation's connection to it."""

from constructs_lib.organization.identity.lake_formation import LakeFormationIdentityCenter
from constructs_lib.organization.identity.permission_sets import PersonaPermissionSet, WorkgroupAccess, instance_arn

__all__ = ["LakeFormationIdentityCenter", "PersonaPermissionSet", "WorkgroupAccess", "instance_arn"]
