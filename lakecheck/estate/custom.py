"""Custom resources: which of them may change rights in a way that no template shows.

A custom resource is code. One whose function, or a function that this one calls, may write rights is told as not known; one whose functions
may not is passed over, and so are those that the CDK makes itself and that touch no rights.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.estate.catalog import CATALOG_POLICY
from lakecheck.estate.lake_formation import PERMISSIONS, SETTINGS
from lakecheck.estate.organizations import PLACEMENT
from lakecheck.estate.sources import text
from lakecheck.iam.globs import intersects
from lakecheck.iam.model import Effect
from lakecheck.values import Unknown, outline, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.model import Executor, Principal
    from lakecheck.estate.sources import Sources

_INVOKE: Final = "lambda:invokefunction"

RIGHTS: Final = (
    "iam:attach*policy",
    "iam:put*policy",
    "iam:create*policy*",
    "iam:updateassumerolepolicy",
    "lakeformation:*grant*",
    "lakeformation:put*",
    "lakeformation:*register*",
    "lakeformation:*lftag*",
    "lakeformation:*optin",
    "glue:put*policy",
    "kms:put*policy",
    "kms:creategrant",
    "s3:put*policy",
    "s3:put*acl",
    "s3:*accessgrant*",
    "ram:*resourceshare",
    "organizations:*policy",
    "sso:*",
    _INVOKE,
)
"""What changes rights; also starting another function, which may do anything, unless it is one of the estate that may not."""

_KNOWN: Final = frozenset({PERMISSIONS, SETTINGS, CATALOG_POLICY, PLACEMENT})
_HARMLESS: Final = frozenset(
    {
        "Custom::CDKBucketDeployment",
        "Custom::CrossRegionExportReader",
        "Custom::CrossRegionExportWriter",
        "Custom::LogRetention",
        "Custom::S3AutoDeleteObjects",
        "Custom::S3BucketNotifications",
        "Custom::VpcRestrictDefaultSG",
    }
)
_CALLS: Final = re.compile(r"grant|permission|policy|policies|lftag|optin|settings|share|register|acl|attach|role", re.IGNORECASE)


def note_custom_resources(sources: Sources, executors: Iterable[Executor], principals: Mapping[str, Principal]) -> None:
    """Tells of every custom resource that may change rights."""
    functions = {executor.arn: executor for executor in executors if executor.kind == "lambda"}
    for kind in sources.types:
        if not kind.startswith(("Custom::", "AWS::CloudFormation::CustomResource")) or kind in _KNOWN | _HARMLESS:
            continue
        for resource in sources.of(kind):
            calls = _calls(resource)
            if calls is not None:
                if calls:
                    sources.tell(f"{kind} calls {', '.join(calls)}: what that changes is in no verdict", resource.origin)
                continue
            why = _privileged(resource, functions, principals)
            if why:
                sources.tell(f"{kind} is code that {why}: what it changes is in no verdict", resource.origin)


def _calls(resource: Resource) -> tuple[str, ...] | None:
    """The calls of the CDK's `AwsCustomResource` that concern rights; None for another custom resource."""
    if not any(key in resource.properties for key in ("Create", "Update")) or "InstallLatestAwsSdk" not in resource.properties:
        return None
    found: dict[str, None] = {}
    for key in ("Create", "Update"):
        call = resource.properties.get(key)
        if call is None:
            continue
        action = _action(call)
        if action is None:
            found["what is not known"] = None
        elif _CALLS.search(action):
            found[action] = None
    return tuple(found)


def _action(call: Any) -> str | None:
    """`service.action` of a call, in whatever form the CDK writes it; None when it is not known."""
    if isinstance(call, Unknown):
        return None
    try:
        read = json.loads(outline(call, of_hole="")) if isinstance(call, str) else call
    except ValueError:
        return None
    if not isinstance(read, dict) or not isinstance(read.get("action"), str):
        return None
    return f"{text(read.get('service'))}.{read['action']}"


def _privileged(resource: Resource, functions: Mapping[str, Executor], principals: Mapping[str, Principal]) -> str:
    """Why its function, or one that it calls, may change rights; empty when none may."""
    todo = [text(resource.properties.get("ServiceToken"))]
    seen = {todo[0]}
    for token in todo:
        function = functions.get(token)
        if function is None:
            return f"runs in {shown(token)}, which is in no template"
        role = principals.get(function.role)
        if role is None or role.unknown:
            return f"runs as {shown(function.role) if role is None else role.name}, whose policies are not all known"
        for action, on in _changes(role):
            called = _functions(on, functions) if action.lower() == _INVOKE else None
            if called is None:
                return f"may {action}"
            todo += [each for each in called if each not in seen]
            seen |= called
    return ""


def _changes(role: Principal) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What of a role's policies changes rights, and on which resources."""
    for policy in role.policies:
        for statement in policy.statements:
            if statement.effect is not Effect.ALLOW:
                continue
            actions = statement.actions if statement.actions is not None else ("*",)
            on = statement.resources if statement.resources is not None else ("*",)
            yield from ((action, on) for action in actions if any(intersects(action.lower(), each) for each in RIGHTS))


def _functions(patterns: Iterable[str], functions: Mapping[str, Executor]) -> set[str] | None:
    """The functions of the estate that exact ARNs name, with a version or without; None when something else may be meant."""
    found = set()
    for pattern in patterns:
        arn = pattern.removesuffix(":*")
        if arn not in functions:
            return None
        found.add(arn)
    return found
