"""Step Functions: state machines, their versions and aliases, activities.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_StepFunctions.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, call, prop, tag_list
from lakecheck.rehearsal.adapters.reading import as_document, joined, proven, steps, tagged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DEFINED_BY: Final = ("DefinitionString", "Definition", "DefinitionS3Location", "DefinitionSubstitutions")
_HOLE: Final = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


def _definition(resource: Resource) -> str:
    """The definition as Step Functions takes it: from the template or an object, with its substitutions made."""
    substitutions = resource.get("DefinitionSubstitutions") or {}

    def value(hit: re.Match[str]) -> str:
        found = substitutions.get(hit[1], hit[0])
        return str(found).lower() if isinstance(found, bool) else str(found)

    if resource.get("DefinitionS3Location") is not None:
        text = _object(resource)
    elif resource.get("Definition") is not None:
        text = json.dumps(resource.get("Definition"))
    else:
        text = str(resource.get("DefinitionString", ""))
    return _HOLE.sub(value, text) if substitutions else text


def _object(resource: Resource) -> str:
    """A definition in S3, which may be YAML."""
    stated = resource.get("DefinitionS3Location")
    where = {"Bucket": stated["Bucket"], "Key": stated["Key"], **({"VersionId": stated["Version"]} if stated.get("Version") else {})}
    text: str = resource.client("s3").get_object(**where)["Body"].read().decode()
    if isinstance(as_document(text), str):
        import yaml  # noqa: PLC0415 - rare

        return json.dumps(yaml.safe_load(text))
    return text


def _read_machine(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any]:
    same = as_document(found["definition"]) == as_document(_definition(resource))
    # A definition comes back as a template states it if it is the one that follows from all that the template states of it.
    defined = {name: proven(resource.get(name)) for name in _DEFINED_BY if same and resource.get(name) is not None}
    return {**{key: value for key, value in found.items() if key != "definition"}, **defined}


def _change_machine(resource: Resource) -> None:
    defaults: dict[str, Any] = {
        "loggingConfiguration": resource.get("LoggingConfiguration") or {"level": "OFF"},
        "tracingConfiguration": resource.get("TracingConfiguration") or {"enabled": False},
        "encryptionConfiguration": resource.get("EncryptionConfiguration") or {"type": "AWS_OWNED_KEY"},
    }
    call("update_state_machine", stateMachineArn=ID, roleArn=prop("RoleArn"), definition=_definition, **defaults).run(
        resource, "stepfunctions"
    )


def _tag(resource: Resource, tags: Mapping[str, str]) -> None:
    pairs = [{"key": key, "value": value} for key, value in tags.items()]
    resource.client("stepfunctions").tag_resource(resourceArn=resource.physical_id, tags=pairs)


def _untag(resource: Resource, keys: Sequence[str]) -> None:
    resource.client("stepfunctions").untag_resource(resourceArn=resource.physical_id, tagKeys=keys)


def _name(resource: Resource) -> str:
    return str(resource.get("StateMachineName") or resource.generated_name(most=80))


def _last(resource: Resource) -> str:
    return resource.physical_id.rpartition(":")[2]


def _routed(resource: Resource) -> list[dict[str, Any]]:
    """What an alias leads to; a deployment preference names one version alone."""
    version = resource.get("DeploymentPreference.StateMachineVersionArn")
    return [{"stateMachineVersionArn": version, "weight": 100}] if version else list(resource.get("RoutingConfiguration", []))


_TAGS: Final = call("list_tags_for_resource", resourceArn=ID)

ADAPTERS = (
    Adapter(
        type="AWS::StepFunctions::StateMachine",
        service="stepfunctions",
        create=call(
            "create_state_machine",
            everything=True,
            name=_name,
            definition=_definition,
            type=prop("StateMachineType"),
            tags=tag_list,
            returns="stateMachineArn",
        ),
        update=steps("stepfunctions", _change_machine, tagged(_tag, _untag)),
        delete=call("delete_state_machine", stateMachineArn=ID),
        read=joined(
            "stepfunctions",
            Read(call("describe_state_machine", stateMachineArn=ID), words={"StateMachineName": "name", "StateMachineType": "type"}),
            tags=_TAGS,
            tags_at="tags",
            shape=_read_machine,
        ),
        attributes={"Arn": "{id}", "Name": _last},
        note="The emulator knows no revisions of a state machine (StateMachineRevisionId).",
    ),
    Adapter(
        type="AWS::StepFunctions::Activity",
        service="stepfunctions",
        create=call("create_activity", everything=True, tags=tag_list, returns="activityArn"),
        update=tagged(_tag, _untag),
        delete=call("delete_activity", activityArn=ID),
        read=joined("stepfunctions", Read(call("describe_activity", activityArn=ID)), tags=_TAGS, tags_at="tags"),
        attributes={"Arn": "{id}", "Name": _last},
    ),
    Adapter(
        type="AWS::StepFunctions::StateMachineVersion",
        service="stepfunctions",
        create=call(
            "publish_state_machine_version",
            stateMachineArn=prop("StateMachineArn"),
            description=prop("Description"),
            returns="stateMachineVersionArn",
        ),
        delete=call("delete_state_machine_version", stateMachineVersionArn=ID),
        read=joined(
            "stepfunctions",
            Read(call("describe_state_machine", stateMachineArn=ID)),
            shape=lambda resource, found: {**found, "StateMachineArn": resource.physical_id.rpartition(":")[0]},
        ),
        attributes={"Arn": "{id}"},
        # A guard against publishing another revision than the one that was tested; nothing keeps it.
        unread=("StateMachineRevisionId",),
        note="The emulator publishes versions with a state machine only; the operations of their own are the rehearsal's.",
    ),
    Adapter(
        type="AWS::StepFunctions::StateMachineAlias",
        service="stepfunctions",
        create=call(
            "create_state_machine_alias",
            everything=True,
            name=lambda resource: resource.get("Name") or resource.generated_name(most=80),
            routingConfiguration=_routed,
            returns="stateMachineAliasArn",
        ),
        update=call(
            "update_state_machine_alias",
            stateMachineAliasArn=ID,
            description=lambda resource: resource.get("Description", ""),
            routingConfiguration=_routed,
        ),
        delete=call("delete_state_machine_alias", stateMachineAliasArn=ID),
        read=Read(call("describe_state_machine_alias", stateMachineAliasArn=ID)),
        attributes={"Arn": "{id}"},
        note="The emulator shifts no traffic: a DeploymentPreference takes effect at once.",
    ),
)
