"""IAM: roles, users, groups and their policies; what else there is of IAM is in `iam_others`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.asking import added_and_gone, ask, document, or_undone, paged, parsed, tell
from lakecheck.rehearsal.adapters.model import ID, Adapter, Call, Resource, call, prop, tag_list
from lakecheck.rehearsal.adapters.principals import GROUP, KINDS, ROLE, USER, Kind, by_kind, stated_principals, tag_principal

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSIONS: Final = 5
"""As many versions a managed policy can have: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
_OF_IDENTITY_CENTER: Final = "AWSReservedSSO_"
_GIVEN: Final = dict.fromkeys(("Policies", "ManagedPolicyArns"))
_NOT_ENFORCED: Final = "kept and returned, not enforced: the emulator lets every principal do everything"


def _make(kind: Kind, creating: Call, deleting: Call) -> Any:
    """Makes a principal with its policies; without them there is none."""

    def make(resource: Resource) -> None:
        creating.run(resource, "iam")
        iam = resource.client("iam")
        or_undone(lambda: _complete(kind, iam, resource), lambda: _remove(kind, deleting)(resource))

    return make


def _complete(kind: Kind, iam: Any, resource: Resource) -> None:
    kind.change(iam, resource.physical_id, resource.properties, resource.old_properties)
    if kind is USER:
        added, gone = added_and_gone(resource.get("Groups"), resource.old_properties.get("Groups"))
        for group in added:
            iam.add_user_to_group(GroupName=group, UserName=resource.physical_id)
        for group in gone:
            iam.remove_user_from_group(GroupName=group, UserName=resource.physical_id)
        _change_login(iam, resource)


def _change_login(iam: Any, resource: Resource) -> None:
    """Gives a user the password of the console, changes it, or takes it away."""
    now, old = resource.get("LoginProfile"), resource.old_properties.get("LoginProfile")
    if now and now != old:
        given = {name: now.get(name) for name in ("Password", "PasswordResetRequired")}
        if not old:
            tell(iam, "create_login_profile", UserName=resource.physical_id, **given)
        tell(iam, "update_login_profile", UserName=resource.physical_id, **given)  # creating forgets the reset in the emulator
    elif old and not now:
        ask(iam, "delete_login_profile", UserName=resource.physical_id)


def _remove(kind: Kind, deleting: Call) -> Any:
    """Deletes a principal once what its resource gave it is taken away; IAM refuses while anything else is attached."""

    def remove(resource: Resource) -> None:
        iam, name = resource.client("iam"), resource.physical_id
        if kind is USER:
            for group in resource.get("Groups") or []:
                ask(iam, "remove_user_from_group", GroupName=group, UserName=name)
            ask(iam, "delete_login_profile", UserName=name)
        kind.change(iam, name, {}, resource.properties)
        deleting.run(resource, "iam")

    return remove


def _change_role(resource: Resource) -> None:
    iam, name, old = resource.client("iam"), resource.physical_id, resource.old_properties
    if resource.get("AssumeRolePolicyDocument") != old.get("AssumeRolePolicyDocument"):
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=document(resource.get("AssumeRolePolicyDocument")))
    duration = int(resource.get("MaxSessionDuration") or 3600)
    iam.update_role(RoleName=name, Description=resource.get("Description") or "", MaxSessionDuration=duration)
    boundary = resource.get("PermissionsBoundary")
    if boundary:
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
    elif old.get("PermissionsBoundary"):
        iam.delete_role_permissions_boundary(RoleName=name)
    _complete(ROLE, iam, resource)
    tag_principal(resource, "role", {"RoleName": name})


def _read_role(resource: Resource) -> Mapping[str, Any] | None:
    iam = resource.client("iam")
    answer = ask(iam, "get_role", RoleName=resource.physical_id)
    if answer is None:
        return None
    role = answer["Role"]
    boundary = (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    read = {**role, **ROLE.policies(iam, resource), "PermissionsBoundary": boundary}
    return {key: value for key, value in read.items() if value is not None}


def _change_user(resource: Resource) -> None:
    _complete(USER, resource.client("iam"), resource)
    tag_principal(resource, "user", {"UserName": resource.physical_id})


def _read_user(resource: Resource) -> Mapping[str, Any] | None:
    iam = resource.client("iam")
    answer = ask(iam, "get_user", UserName=resource.physical_id)
    if answer is None:
        return None
    groups = [one["GroupName"] for one in paged(iam, "list_groups_for_user", "Groups", UserName=resource.physical_id)]
    mine = resource.get("Groups") or []
    told = {**USER.policies(iam, resource), "Groups": [one for one in groups if one in mine]}
    if login := ask(iam, "get_login_profile", UserName=resource.physical_id):
        told["LoginProfile"] = login["LoginProfile"]
    return {**answer["User"], **told}


def _read_group(resource: Resource) -> Mapping[str, Any] | None:
    iam = resource.client("iam")
    answer = ask(iam, "get_group", GroupName=resource.physical_id)
    return None if answer is None else {**answer["Group"], **GROUP.policies(iam, resource)}


def _make_managed(resource: Resource) -> str:
    iam = resource.client("iam")
    name = resource.get("ManagedPolicyName") or resource.generated_name(most=128)
    given = {"Path": resource.get("Path"), "Description": resource.get("Description"), "PolicyDocument": resource.get("PolicyDocument")}
    arn = str(tell(iam, "create_policy", PolicyName=name, **given)["Policy"]["Arn"])
    made = resource.named(arn)
    or_undone(lambda: _attach(made, made.properties, {}), lambda: _remove_managed(made))
    return arn


def _attach(resource: Resource, properties: Mapping[str, Any], old: Mapping[str, Any]) -> None:
    iam, now, before = resource.client("iam"), stated_principals(properties), stated_principals(old)
    for kind, name in now:
        if (kind, name) not in before:
            kind.attach(iam, name, resource.physical_id)
    for kind, name in before:
        if (kind, name) not in now:
            kind.detach(iam, name, resource.physical_id)


def _change_managed(resource: Resource) -> None:
    iam, arn = resource.client("iam"), resource.physical_id
    if resource.get("PolicyDocument") != resource.old_properties.get("PolicyDocument"):
        versions = sorted(paged(iam, "list_policy_versions", "Versions", PolicyArn=arn), key=lambda one: int(one["VersionId"][1:]))
        spare = [one["VersionId"] for one in versions if not one["IsDefaultVersion"]]
        if len(versions) >= _VERSIONS:
            iam.delete_policy_version(PolicyArn=arn, VersionId=spare[0])
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(resource.get("PolicyDocument")), SetAsDefault=True)
    _attach(resource, resource.properties, resource.old_properties)


def _remove_managed(resource: Resource) -> None:
    iam, arn = resource.client("iam"), resource.physical_id
    _attach(resource, {}, resource.properties)
    for version in paged(iam, "list_policy_versions", "Versions", PolicyArn=arn):
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=arn)


def _read_managed(resource: Resource) -> Mapping[str, Any] | None:
    iam = resource.client("iam")
    answer = ask(iam, "get_policy", PolicyArn=resource.physical_id)
    if answer is None:
        return None
    policy = answer["Policy"]
    version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    attached = {}
    for kind in KINDS:
        # As many as a page can hold: the emulator looks at so many roles, and has one page.
        answer = iam.list_entities_for_policy(PolicyArn=policy["Arn"], EntityFilter=kind.word.capitalize(), MaxItems=1000)
        attached[kind.listed] = [one[f"{kind.word.capitalize()}Name"] for one in answer.get(f"Policy{kind.listed}") or []]
    own = {kind.listed: _attached_here(resource, kind, attached[kind.listed]) for kind in KINDS}
    return {**policy, "ManagedPolicyName": policy["PolicyName"], "PolicyDocument": parsed(version["Document"]), **own}


def _attached_here(resource: Resource, kind: Kind, names: list[str]) -> list[str]:
    """Without those that state the policy themselves, and roles that Identity Center makes."""
    arn, stated = resource.physical_id, resource.get(kind.listed) or []
    others = [one for one in resource.others(f"AWS::IAM::{kind.word.capitalize()}") if one.account == resource.account]
    themselves = {one.physical_id for one in others if arn in (one.properties.get("ManagedPolicyArns") or [])}
    return [name for name in names if name in stated or not (name in themselves or name.startswith(_OF_IDENTITY_CENTER))]


def _put_inline(resource: Resource) -> None:
    """Puts an inline policy to all whom it names now, and takes it from those it names no longer."""
    iam, name, old = resource.client("iam"), resource.get("PolicyName"), resource.old_properties
    now = stated_principals(resource.properties)
    for kind, whose in now:
        kind.put(iam, whose, name, resource.get("PolicyDocument"))
    for kind, whose in stated_principals(old):
        if (kind, whose) not in now or old["PolicyName"] != name:
            kind.drop(iam, whose, old["PolicyName"])


def _drop_inline(resource: Resource) -> None:
    for kind, whose in stated_principals(resource.properties):
        kind.drop(resource.client("iam"), whose, resource.get("PolicyName"))


def _read_inline(resource: Resource) -> Mapping[str, Any] | None:
    iam, name = resource.client("iam"), resource.get("PolicyName")
    found = [(kind, kind.inline(iam, whose, name)) for kind, whose in stated_principals(resource.properties)]
    there = [(kind, one) for kind, one in found if one is not None]
    if not there:
        return None
    whose = [(kind, one[f"{kind.word.capitalize()}Name"]) for kind, one in there]
    # One that differs from the others stands for them: each has to be as it is stated.
    stated = parsed(document(resource.get("PolicyDocument")))
    documents = [parsed(one["PolicyDocument"]) for _, one in there]
    differing = next((one for one in documents if one != stated), documents[0])
    return {"PolicyName": there[0][1]["PolicyName"], "PolicyDocument": differing, **by_kind(whose)}


def _single_inline(kind: Kind) -> Adapter:
    """`AWS::IAM::RolePolicy` and its like: an inline policy of one principal as a resource of its own."""
    owner = f"{kind.word.capitalize()}Name"

    def put(resource: Resource) -> str:
        kind.put(resource.client("iam"), resource.get(owner), resource.get("PolicyName"), resource.get("PolicyDocument", {}))
        return f"{resource.get('PolicyName')}|{resource.get(owner)}"

    def drop(resource: Resource) -> None:
        kind.drop(resource.client("iam"), resource.get(owner), resource.get("PolicyName"))

    def read(resource: Resource) -> Mapping[str, Any] | None:
        found = kind.inline(resource.client("iam"), resource.get(owner), resource.get("PolicyName"))
        return None if found is None else {**found, "PolicyDocument": parsed(found["PolicyDocument"])}

    type_ = f"AWS::IAM::{kind.word.capitalize()}Policy"
    return Adapter(type=type_, service="iam", create=put, update=put, delete=drop, read=read, note=_NOT_ENFORCED)


_CREATE_ROLE: Final = call(
    "create_role",
    RoleName=ID,
    AssumeRolePolicyDocument=prop("AssumeRolePolicyDocument"),
    Path=prop("Path"),
    Description=prop("Description"),
    MaxSessionDuration=prop("MaxSessionDuration"),
    PermissionsBoundary=prop("PermissionsBoundary"),
    Tags=tag_list,
)
_DELETE_ROLE: Final = call("delete_role", RoleName=ID)
_CREATE_USER: Final = call("create_user", UserName=ID, Path=prop("Path"), PermissionsBoundary=prop("PermissionsBoundary"), Tags=tag_list)
_DELETE_USER: Final = call("delete_user", UserName=ID)
_CREATE_GROUP: Final = call("create_group", GroupName=ID, Path=prop("Path"))
_DELETE_GROUP: Final = call("delete_group", GroupName=ID)

ADAPTERS = (
    Adapter(
        type="AWS::IAM::Role",
        service="iam",
        name="RoleName",
        create=_make(ROLE, _CREATE_ROLE, _DELETE_ROLE),
        update=_change_role,
        delete=_remove(ROLE, _DELETE_ROLE),
        read=_read_role,
        attributes={"Arn": "read:Arn", "RoleId": "read:RoleId"},
        complete={**_GIVEN, "PermissionsBoundary": None, "MaxSessionDuration": 3600},
        note=_NOT_ENFORCED,
    ),
    Adapter(
        type="AWS::IAM::User",
        service="iam",
        name="UserName",
        create=_make(USER, _CREATE_USER, _DELETE_USER),
        update=_change_user,
        delete=_remove(USER, _DELETE_USER),
        read=_read_user,
        attributes={"Arn": "read:Arn"},
        unread=("LoginProfile.Password",),
        complete={**_GIVEN, "LoginProfile": None},
        note=f"{_NOT_ENFORCED}; it has no permissions boundaries of users",
    ),
    Adapter(
        type="AWS::IAM::Group",
        service="iam",
        name="GroupName",
        longest_name=128,
        create=_make(GROUP, _CREATE_GROUP, _DELETE_GROUP),
        update=lambda resource: _complete(GROUP, resource.client("iam"), resource),
        delete=_remove(GROUP, _DELETE_GROUP),
        read=_read_group,
        attributes={"Arn": "read:Arn"},
        complete=_GIVEN,
        note=_NOT_ENFORCED,
    ),
    Adapter(
        type="AWS::IAM::ManagedPolicy",
        service="iam",
        create=_make_managed,
        update=_change_managed,
        delete=_remove_managed,
        read=_read_managed,
        attributes={
            "PolicyArn": "{id}",
            **{name: f"read:{name}" for name in ("PolicyId", "DefaultVersionId", "IsAttachable", "AttachmentCount")},
        },
        complete=dict.fromkeys(kind.listed for kind in KINDS),
        note=_NOT_ENFORCED,
    ),
    Adapter(
        type="AWS::IAM::Policy",
        service="iam",
        create=_put_inline,
        update=_put_inline,
        delete=_drop_inline,
        read=_read_inline,
        attributes={"Id": "{id}"},
        note=_NOT_ENFORCED,
    ),
    *map(_single_inline, KINDS),
)
