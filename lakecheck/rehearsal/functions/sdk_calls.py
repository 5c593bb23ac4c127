"""The CDK's AwsCustomResource: a Node function that makes one call of an AWS API; here the call is made without it.

https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html#custom-resources-for-aws-apis
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakecheck.rehearsal.adapters.model import Clients, Resource

_PHYSICAL_ID: Final = "PHYSICAL:RESOURCEID:"
_KINDS: Final = ("Create", "Update", "Delete")
_NUMBERS: Final = {"integer": int, "long": int, "float": float, "double": float}
_RENAMED: Final[Mapping[str, str]] = {
    "cognitoidentityserviceprovider": "cognito-idp",
    "sfn": "stepfunctions",
    "lexmodelbuildingservice": "lex-models",
    "directoryservice": "ds",
}
"""Names of SDK for JavaScript v2 that neither boto3 nor the service's own id has."""


class CallError(DataLakeError):
    """A call that could not be made."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="custom_resource_failed")


def is_call(properties: Mapping[str, Any]) -> bool:
    """Whether properties say which call to make, as AwsCustomResource's do."""
    return any(_call(properties, kind) for kind in _KINDS)


def done(clients: Clients, resource: Resource, request: dict[str, Any]) -> tuple[str, Mapping[str, Any], str]:
    """Makes the call that a request asks for, if it asks for any.

    Args:
        clients: Makes clients of the emulator.
        resource: The custom resource.
        request: CloudFormation's.

    Raises:
        CallError: If boto3 has no such service or operation.
        ClientError: If the call failed, and its error is not one that is to be ignored.
    """
    kind = request["RequestType"]
    stated = {each: _call(resource.properties, each) or {} for each in _KINDS}
    if kind == "Create":
        ids = [(stated[each].get("physicalResourceId") or {}).get("id") for each in _KINDS]
        physical = str(next((one for one in ids if one is not None), resource.logical_id))
    else:
        physical = str((stated[kind].get("physicalResourceId") or {}).get("id") or resource.physical_id)
    call = stated[kind]
    note = "The Node function of AwsCustomResource was left out, its call made"
    if not call:
        return physical, {}, note
    flat = _made(clients, resource, call, physical)
    path = (call.get("physicalResourceId") or {}).get("responsePath")
    if path and flat.get(path) is not None:
        physical = str(flat[path])
    paths = call.get("outputPaths") or ([call["outputPath"]] if call.get("outputPath") else [])
    shown = {key: value for key, value in flat.items() if not paths or key.startswith(tuple(paths))}
    return physical, shown, note


def _call(properties: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
    stated = properties.get(kind)
    if isinstance(stated, str) and stated.startswith("{"):
        try:
            stated = json.loads(stated)
        except ValueError:
            return None
    return dict(stated) if isinstance(stated, Mapping) and "service" in stated and "action" in stated else None


def _made(clients: Clients, resource: Resource, call: Mapping[str, Any], physical: str) -> dict[str, Any]:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    role = str(call.get("assumedRoleArn") or "")
    account = role.split(":")[4] if role else resource.account
    region = str(call.get("region") or resource.region)
    client = clients(_service(str(call["service"])), account=account, region=region)
    operation = _operation(client, str(call["action"]))
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
    parameters = _fitted(_with_id(call.get("parameters") or {}, physical), shape)
    try:
        answer = getattr(client, operation)(**parameters)
    except ClientError as error:
        ignored = call.get("ignoreErrorCodesMatching")
        if ignored and re.search(str(ignored), error.response["Error"]["Code"]):
            return {}
        raise
    answer.pop("ResponseMetadata", None)
    return {"region": region, **dict(_flat(answer))}


def _service(name: str) -> str:
    """boto3's name of a service that may have a name of either SDK for JavaScript: `S3`, `@aws-sdk/client-s3`, `CloudWatchLogs`."""
    from botocore.loaders import create_loader  # noqa: PLC0415 - an extra brings it
    from botocore.utils import EVENT_ALIASES  # noqa: PLC0415

    plain = _letters(name.removeprefix("@aws-sdk/client-"))
    if plain in _RENAMED:
        return _RENAMED[plain]
    known = create_loader().list_available_services("service-2")
    for service in known:
        # The aliases have a service by the id that the SDK for JavaScript v3 calls it by.
        if plain in (_letters(service), _letters(EVENT_ALIASES.get(service, service))):
            return str(service)
    msg = f"got the service {name!r} in an AwsCustomResource; boto3 has none with this name"
    raise CallError(msg)


def _operation(client: Any, action: str) -> str:
    wanted = _letters(action).removesuffix("command")
    for method, operation in client.meta.method_to_api_mapping.items():
        if _letters(operation) == wanted:
            return str(method)
    msg = f"got the action {action!r} in an AwsCustomResource; {client.meta.service_model.service_name} has none with this name"
    raise CallError(msg)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _with_id(value: Any, physical: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_id(item, physical) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_id(item, physical) for item in value]
    return physical if value == _PHYSICAL_ID else value


def _fitted(value: Any, shape: Any) -> Any:
    """Parameters in the types that the operation takes: CloudFormation has made texts of what tokens were."""
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, Mapping):
        names = {name.lower(): name for name in shape.members}
        known = {names.get(key.lower(), key): item for key, item in value.items()}
        return {key: _fitted(item, shape.members.get(key)) for key, item in known.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_fitted(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {key: _fitted(item, shape.value) for key, item in value.items()}
    return _scalar(value, shape.type_name)


def _scalar(value: Any, kind: str) -> Any:
    if not isinstance(value, str):
        return str(value) if kind == "string" and isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if kind in _NUMBERS:
        return _NUMBERS[kind](value)
    if kind == "boolean":
        return value.lower() == "true"
    return value.encode() if kind == "blob" else value


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """What an answer holds, by dotted paths; items of a list by their number."""
    if isinstance(value, Mapping):
        items: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        yield path, _shown(value)
        return
    for key, item in items:
        yield from _flat(item, f"{path}.{key}" if path else str(key))


def _shown(value: Any) -> Any:
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, (str, bool, int, float)) or value is None else str(value)
