"""IAM Identity Center: permission sets, and who has them in which account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.asking import added_and_gone, ask, document, or_undone, paged, parsed, tell
from lakecheck.rehearsal.adapters.model import Adapter, Resource, tag_list

if TYPE_CHECKING:
    from collections.abc import Mapping

_ASSIGNMENT: Final = ("InstanceArn", "PermissionSetArn", "TargetId", "TargetType", "PrincipalType", "PrincipalId")


def _named(resource: Resource) -> dict[str, Any]:
    """What names a permission set; its id is both ARNs."""
    instance, _, permission_set = resource.physical_id.partition("|")
    return {"InstanceArn": instance, "PermissionSetArn": permission_set}


def _make_set(resource: Resource) -> str:
    sso = resource.client("sso-admin")
    given = {name: resource.get(name) for name in ("Name", "InstanceArn", "Description", "SessionDuration")}
    made = tell(sso, "create_permission_set", **given, RelayState=resource.get("RelayStateType"), Tags=tag_list(resource))
    named = resource.named(f"{resource.get('InstanceArn')}|{made['PermissionSet']['PermissionSetArn']}")
    or_undone(lambda: _set_policies(named), lambda: sso.delete_permission_set(**_named(named)))
    return named.physical_id


def _set_policies(resource: Resource) -> None:
    sso, named, old = resource.client("sso-admin"), _named(resource), resource.old_properties
    policy = resource.get("InlinePolicy")
    if policy:
        sso.put_inline_policy_to_permission_set(**named, InlinePolicy=document(policy))
    elif old.get("InlinePolicy"):
        sso.delete_inline_policy_from_permission_set(**named)
    added, gone = added_and_gone(resource.get("ManagedPolicies"), old.get("ManagedPolicies"))
    for arn in added:
        sso.attach_managed_policy_to_permission_set(**named, ManagedPolicyArn=arn)
    for arn in gone:
        sso.detach_managed_policy_from_permission_set(**named, ManagedPolicyArn=arn)
    mine, before = resource.get("CustomerManagedPolicyReferences") or [], old.get("CustomerManagedPolicyReferences") or []
    for one in [each for each in mine if each not in before]:
        tell(sso, "attach_customer_managed_policy_reference_to_permission_set", **named, CustomerManagedPolicyReference=one)
    for one in [each for each in before if each not in mine]:
        tell(sso, "detach_customer_managed_policy_reference_from_permission_set", **named, CustomerManagedPolicyReference=one)


def _change_set(resource: Resource) -> None:
    given = {name: resource.get(name) for name in ("Description", "SessionDuration")}
    tell(resource.client("sso-admin"), "update_permission_set", **_named(resource), **given, RelayState=resource.get("RelayStateType"))
    _set_policies(resource)


def _read_set(resource: Resource) -> Mapping[str, Any] | None:
    sso, named = resource.client("sso-admin"), _named(resource)
    answer = ask(sso, "describe_permission_set", **named)
    if answer is None:
        return None
    found = answer["PermissionSet"]
    inline = ask(sso, "get_inline_policy_for_permission_set", **named)
    attached = paged(sso, "list_managed_policies_in_permission_set", "AttachedManagedPolicies", **named)
    references = paged(sso, "list_customer_managed_policy_references_in_permission_set", "CustomerManagedPolicyReferences", **named)
    return {
        **found,
        "RelayStateType": found.get("RelayState"),
        "InstanceArn": found["PermissionSetArn"].replace(":permissionSet/", ":instance/").rpartition("/")[0],
        "InlinePolicy": parsed((inline or {}).get("InlinePolicy")),
        "ManagedPolicies": [one["Arn"] for one in attached],
        "CustomerManagedPolicyReferences": references,
    }


def _assignment(resource: Resource) -> dict[str, Any]:
    return {name: resource.get(name) for name in _ASSIGNMENT}


def _make_assignment(resource: Resource) -> str:
    resource.client("sso-admin").create_account_assignment(**_assignment(resource))
    return "|".join(str(value) for value in _assignment(resource).values())


def _read_assignment(resource: Resource) -> Mapping[str, Any] | None:
    given = {"InstanceArn": resource.get("InstanceArn"), "AccountId": resource.get("TargetId")}
    sso, permission_set = resource.client("sso-admin"), resource.get("PermissionSetArn")
    found = paged(sso, "list_account_assignments", "AccountAssignments", **given, PermissionSetArn=permission_set)
    mine = [one for one in found if all(one[name] == resource.get(name) for name in ("PrincipalType", "PrincipalId"))]
    if not mine:
        return None
    instance = mine[0]["PermissionSetArn"].replace(":permissionSet/", ":instance/").rpartition("/")[0]
    # Only accounts can be targets: https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateAccountAssignment.html
    return {**mine[0], "InstanceArn": instance, "TargetId": mine[0]["AccountId"], "TargetType": "AWS_ACCOUNT"}


ADAPTERS = (
    Adapter(
        type="AWS::SSO::PermissionSet",
        service="sso-admin",
        create=_make_set,
        update=_change_set,
        delete=lambda resource: resource.client("sso-admin").delete_permission_set(**_named(resource)),
        read=_read_set,
        attributes={"PermissionSetArn": lambda resource: _named(resource)["PermissionSetArn"]},
        note="the emulator has no permissions boundaries and returns no tags of permission sets",
    ),
    Adapter(
        type="AWS::SSO::Assignment",
        service="sso-admin",
        create=_make_assignment,
        delete=lambda resource: resource.client("sso-admin").delete_account_assignment(**_assignment(resource)),
        read=_read_assignment,
        note="the emulator makes no role in the account for it",
    ),
)
