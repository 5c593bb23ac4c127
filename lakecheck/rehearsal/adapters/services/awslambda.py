"""Lambda: functions, versions, aliases, layers, who may call them, and what calls them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.inline_code import archive
from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, at, call, prop, tag_map
from lakecheck.rehearsal.adapters.reading import joined, own_tags, proven, sha256_of, steps, tagged, when

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEFAULTS: Final[Mapping[str, Any]] = {
    "Description": "",
    "MemorySize": 128,
    "Timeout": 3,
    "Environment": {"Variables": {}},
    "Layers": [],
    "TracingConfig": {"Mode": "PassThrough"},
    "DeadLetterConfig": {},
    "EphemeralStorage": {"Size": 512},
    "FileSystemConfigs": [],
    "SnapStart": {"ApplyOn": "None"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}
"""What a property of a function becomes when a template no longer states it."""


def _code(resource: Resource) -> dict[str, Any]:
    """The code as Lambda takes it: text in a template becomes an archive."""
    stated = dict(resource.get("Code", {}))
    if "ZipFile" in stated:
        stated["ZipFile"] = archive(str(stated["ZipFile"]), str(resource.get("Runtime", "")))
    return stated


def _uploaded(resource: Resource, code: Mapping[str, Any], sha256: str) -> Mapping[str, Any]:
    """The code that the template names, where Lambda has it: the template's words are write-only, its hash is not.

    Of other code the hash is told; nothing where the template's is no longer there to be compared.
    """
    if "ZipFile" in code:
        made = archive(str(code["ZipFile"]), str(resource.get("Runtime", "")))
        stated: str | None = base64.b64encode(hashlib.sha256(made).digest()).decode()
    else:
        stated = sha256_of(resource, code) if "S3Key" in code else None
    if stated is None:
        return {}
    return dict(proven(code)) if stated == sha256 else dict.fromkeys(code, f"other code, with the SHA-256 {sha256}")


def _read_function(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    configuration, code = found["Configuration"], resource.get("Code", {})
    image = at(found, "Code.ImageUri")
    read = {
        **configuration,
        "Tags": own_tags(resource, found.get("Tags", {})),
        "Layers": [layer["Arn"] for layer in configuration.get("Layers", [])],
        "ImageConfig": at(configuration, "ImageConfigResponse.ImageConfig"),
        "Code": {"ImageUri": image} if image else _uploaded(resource, code, configuration["CodeSha256"]),
        "Policy": _beyond_permissions(resource),
    }
    if "Concurrency" in found:
        read["ReservedConcurrentExecutions"] = found["Concurrency"]["ReservedConcurrentExecutions"]
    return read


def _beyond_permissions(resource: Resource) -> list[Any]:
    """The statements of a function's policy that no permission of a template is: its resource has no property for them."""
    read = Read(call("get_policy", FunctionName=ID)).run(resource, "lambda")
    stated = {one.physical_id for one in resource.others("AWS::Lambda::Permission")}
    return [one for one in json.loads(read["Policy"])["Statement"] if one["Sid"] not in stated] if read else []


def _change_code(resource: Resource) -> None:
    if any(resource.get(name) != at(resource.old_properties, name) for name in ("Code", "Architectures")):
        given = {**_code(resource), "Architectures": prop("Architectures")}
        call("update_function_code", FunctionName=ID, **given).run(resource, "lambda")


def _change_configuration(resource: Resource) -> None:
    gone = {name: value for name, value in _DEFAULTS.items() if name in resource.old_properties and name not in resource.properties}
    call("update_function_configuration", everything=True, FunctionName=ID, KMSKeyArn=prop("KmsKeyArn"), **gone).run(resource, "lambda")


def _function_arn(resource: Resource) -> str:
    return resource.arn("lambda", f"function:{resource.physical_id}")


def _tag(resource: Resource, tags: dict[str, str]) -> None:
    resource.client("lambda").tag_resource(Resource=_function_arn(resource), Tags=tags)


def _untag(resource: Resource, keys: Sequence[str]) -> None:
    resource.client("lambda").untag_resource(Resource=_function_arn(resource), TagKeys=keys)


_CONCURRENCY: Final = when(
    "ReservedConcurrentExecutions",
    call("put_function_concurrency", FunctionName=ID, ReservedConcurrentExecutions=prop("ReservedConcurrentExecutions")),
    "lambda",
    otherwise=call("delete_function_concurrency", FunctionName=ID),
)


def _as_stated(resource: Resource, name: str, arn: str) -> str:
    """A function as the template names it, where that is the same one: by name, by ARN, with or without what qualifies it."""
    stated = str(resource.get(name, ""))
    parts = arn.split(":")
    return next((form for form in (":".join(parts[:7]), parts[6], ":".join(parts[6:])) if form == stated), arn)


def _read_invoke_config(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    arn = str(found["FunctionArn"])
    function, qualifier = (arn, "") if arn.count(":") < 7 else arn.rsplit(":", 1)  # noqa: PLR2004 - a qualified ARN has eight parts
    return {**found, "FunctionName": _as_stated(resource, "FunctionName", function), "Qualifier": qualifier}


def _qualified(resource: Resource) -> tuple[str, str | None]:
    """A function without what qualifies it, and that."""
    stated = str(resource.get("FunctionName"))
    parts = stated.split(":")
    names = 7 if stated.startswith("arn:") else 1
    return ":".join(parts[:names]), parts[names] if len(parts) > names else None


def _permitted(resource: Resource) -> None:
    function, qualifier = _qualified(resource)
    call("add_permission", everything=True, StatementId=ID, FunctionName=function, Qualifier=qualifier).run(resource, "lambda")


def _forbidden(resource: Resource) -> None:
    function, qualifier = _qualified(resource)
    call("remove_permission", StatementId=ID, FunctionName=function, Qualifier=qualifier).run(resource, "lambda")


_CONDITIONS: Final = {
    "aws:sourcearn": "SourceArn",
    "aws:sourceaccount": "SourceAccount",
    "aws:principalorgid": "PrincipalOrgID",
    "lambda:functionurlauthtype": "FunctionUrlAuthType",
    "lambda:eventsourcetoken": "EventSourceToken",
    "lambda:invokedviafunctionurl": "InvokedViaFunctionUrl",
}


def _read_permission(resource: Resource) -> Mapping[str, Any] | None:
    function, qualifier = _qualified(resource)
    read = Read(call("get_policy", FunctionName=function, Qualifier=qualifier)).run(resource, "lambda")
    statements = json.loads(read["Policy"])["Statement"] if read else []
    found = next((one for one in statements if one["Sid"] == resource.physical_id), None)
    if found is None:
        return None
    principal = found["Principal"]
    conditions = {_CONDITIONS.get(key.lower(), key): value for each in found.get("Condition", {}).values() for key, value in each.items()}
    return {
        "Action": found["Action"],
        "FunctionName": _as_stated(resource, "FunctionName", found["Resource"]),
        "Principal": _principal(resource, next(iter(principal.values())) if isinstance(principal, Mapping) else principal),
        **conditions,
    }


def _principal(resource: Resource, found: Any) -> Any:
    """An account that a template names by its number comes back as its root."""
    stated = resource.get("Principal")
    return found.split(":")[4] if found == f"arn:{resource.partition}:iam::{stated}:root" else found


def _read_mapping(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    return {
        **found,
        "FunctionName": _as_stated(resource, "FunctionName", str(found["FunctionArn"])),
        "Enabled": found["State"] in ("Enabled", "Enabling", "Creating"),
        "Tags": own_tags(resource, found.get("Tags", {})),
    }


def _layer(resource: Resource) -> dict[str, Any]:
    name, _, version = resource.physical_id.rpartition(":")
    return {"LayerName": name, "VersionNumber": int(version or 0)}


def _read_layer(resource: Resource) -> Mapping[str, Any] | None:
    found = Read(call("get_layer_version", **_layer(resource))).run(resource, "lambda")
    if found is None:
        return None
    stated = resource.get("Content", {})
    content = _uploaded(resource, stated, at(found, "Content.CodeSha256", ""))
    return {**found, "LayerName": resource.physical_id.split(":")[6], "Content": content}


def _routing(resource: Resource) -> dict[str, Any] | None:
    weights = resource.get("RoutingConfig.AdditionalVersionWeights")
    return {"AdditionalVersionWeights": {one["FunctionVersion"]: one["FunctionWeight"] for one in weights}} if weights else None


ADAPTERS = (
    Adapter(
        type="AWS::Lambda::Function",
        service="lambda",
        name="FunctionName",
        create=steps(
            "lambda",
            call("create_function", everything=True, FunctionName=ID, Code=_code, KMSKeyArn=prop("KmsKeyArn"), Tags=tag_map),
            _CONCURRENCY,
        ),
        update=steps("lambda", _change_code, _change_configuration, _CONCURRENCY, tagged(_tag, _untag)),
        delete=call("delete_function", FunctionName=ID),
        read=joined("lambda", Read(call("get_function", FunctionName=ID)), shape=_read_function),
        attributes={"Arn": _function_arn},
        complete={"Policy": None, "Environment": None, "Layers": None, "FileSystemConfigs": None},
        note=(
            "Code is compared by its hash. The emulator does not keep RecursiveLoop, RuntimeManagementConfig, CapacityProviderConfig, "
            "DurableConfig, TenancyConfig and SnapStartResponse."
        ),
    ),
    Adapter(
        type="AWS::Lambda::EventInvokeConfig",
        service="lambda",
        create=call("put_function_event_invoke_config", everything=True),
        update=call("put_function_event_invoke_config", everything=True),
        delete=call("delete_function_event_invoke_config", FunctionName=prop("FunctionName"), Qualifier=prop("Qualifier")),
        read=joined(
            "lambda",
            Read(call("get_function_event_invoke_config", FunctionName=prop("FunctionName"), Qualifier=prop("Qualifier"))),
            shape=_read_invoke_config,
        ),
    ),
    Adapter(
        type="AWS::Lambda::Permission",
        service="lambda",
        create=_permitted,
        delete=_forbidden,
        read=_read_permission,
        attributes={"Id": "{id}"},
    ),
    Adapter(
        type="AWS::Lambda::Version",
        service="lambda",
        create=call("publish_version", everything=True, returns="FunctionArn"),
        delete=call("delete_function", FunctionName=ID),
        read=joined(
            "lambda",
            Read(call("get_function_configuration", FunctionName=ID)),
            shape=lambda resource, found: {
                **found,
                "FunctionName": _as_stated(resource, "FunctionName", str(found["FunctionArn"]).rpartition(":")[0]),
            },
        ),
        attributes={"Version": lambda resource: resource.physical_id.rpartition(":")[2], "FunctionArn": "{id}"},
        note="The emulator has no provisioned concurrency.",
    ),
    Adapter(
        type="AWS::Lambda::Alias",
        service="lambda",
        create=call("create_alias", everything=True, RoutingConfig=_routing, returns="AliasArn"),
        update=call(
            "update_alias",
            FunctionName=prop("FunctionName"),
            Name=prop("Name"),
            FunctionVersion=prop("FunctionVersion"),
            Description=lambda resource: resource.get("Description", ""),
            RoutingConfig=lambda resource: _routing(resource) or {},
        ),
        delete=call("delete_alias", FunctionName=prop("FunctionName"), Name=prop("Name")),
        read=joined(
            "lambda",
            Read(call("get_alias", FunctionName=prop("FunctionName"), Name=prop("Name"))),
            shape=lambda resource, found: {
                **found,
                "FunctionName": _as_stated(resource, "FunctionName", str(found["AliasArn"]).rpartition(":")[0]),
                "RoutingConfig": {
                    "AdditionalVersionWeights": [
                        {"FunctionVersion": version, "FunctionWeight": weight}
                        for version, weight in at(found, "RoutingConfig.AdditionalVersionWeights", {}).items()
                    ]
                },
            },
        ),
        attributes={"AliasArn": "{id}"},
        note="The emulator has no provisioned concurrency.",
    ),
    Adapter(
        type="AWS::Lambda::LayerVersion",
        service="lambda",
        name="LayerName",
        create=call("publish_layer_version", everything=True, LayerName=ID, returns="LayerVersionArn"),
        delete=lambda resource: resource.client("lambda").delete_layer_version(**_layer(resource)),
        read=_read_layer,
        attributes={"LayerVersionArn": "{id}"},
        note="Content is compared by its hash.",
    ),
    Adapter(
        type="AWS::Lambda::Url",
        service="lambda",
        identifier=lambda resource: resource.get("TargetFunctionArn"),
        create=call("create_function_url_config", everything=True, FunctionName=prop("TargetFunctionArn"), returns="FunctionArn"),
        update=call("update_function_url_config", everything=True, FunctionName=prop("TargetFunctionArn")),
        delete=call("delete_function_url_config", FunctionName=prop("TargetFunctionArn")),
        read=joined(
            "lambda",
            Read(call("get_function_url_config", FunctionName=prop("TargetFunctionArn"))),
            shape=lambda resource, found: {
                **found,
                "TargetFunctionArn": _as_stated(resource, "TargetFunctionArn", str(found["FunctionArn"])),
            },
        ),
        attributes={"FunctionArn": "read:FunctionArn", "FunctionUrl": "read:FunctionUrl"},
        note="The emulator knows no URL of an alias (Qualifier).",
    ),
    Adapter(
        type="AWS::Lambda::EventSourceMapping",
        service="lambda",
        create=call("create_event_source_mapping", everything=True, KMSKeyArn=prop("KmsKeyArn"), Tags=tag_map, returns="UUID"),
        update=call("update_event_source_mapping", everything=True, UUID=ID, KMSKeyArn=prop("KmsKeyArn")),
        delete=call("delete_event_source_mapping", UUID=ID),
        read=joined("lambda", Read(call("get_event_source_mapping", UUID=ID)), shape=_read_mapping),
        attributes={"Id": "{id}", "EventSourceMappingArn": "read:EventSourceMappingArn"},
        note="The emulator takes queues, DynamoDB streams and Kinesis streams as sources only.",
    ),
)
