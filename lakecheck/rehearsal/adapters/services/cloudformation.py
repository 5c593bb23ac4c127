"""CloudFormation in itself: stacks in stacks.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlparse

from lakecheck.rehearsal.adapters.model import ID, Adapter, Read, Resource, call, tag_list
from lakecheck.rehearsal.adapters.reading import joined, own_tags, proven

if TYPE_CHECKING:
    from lakecheck.rehearsal.adapters.model import Value

_OUTPUT: Final = "Outputs."


class _Attributes(Mapping[str, "str | Value"]):
    """Every output is an attribute, `Outputs.<name>`; no other is."""

    def __getitem__(self, name: str) -> Value:
        if not name.startswith(_OUTPUT):
            raise KeyError(name)
        return lambda resource: _outputs(resource)[name.removeprefix(_OUTPUT)]

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _described(resource: Resource) -> dict[str, Any]:
    answer: dict[str, Any] = resource.client("cloudformation").describe_stacks(StackName=resource.physical_id)
    described: dict[str, Any] = answer["Stacks"][0]
    return described


def _outputs(resource: Resource) -> dict[str, str]:
    return {one["OutputKey"]: one["OutputValue"] for one in _described(resource).get("Outputs", [])}


def _text(value: Any) -> str:
    """A parameter as a nested stack takes it: a list is joined by commas."""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _given(resource: Resource) -> dict[str, Any]:
    stated = resource.get("Parameters") or {}
    return {
        "TemplateURL": resource.get("TemplateURL"),
        "Parameters": [{"ParameterKey": key, "ParameterValue": _text(value)} for key, value in stated.items()],
        "Tags": tag_list,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    }


def _create(resource: Resource) -> str:
    name = resource.generated_name(most=128)
    made = call("create_stack", everything=True, StackName=name, **_given(resource)).run(resource, "cloudformation")
    found = resource.named(str(made["StackId"]))
    _demand(found, "CREATE_COMPLETE")
    return found.physical_id


def _update(resource: Resource) -> None:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra brings it

    try:
        call("update_stack", StackName=ID, **_given(resource)).run(resource, "cloudformation")
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise
        return
    _demand(resource, "UPDATE_COMPLETE")


def _demand(resource: Resource, status: str) -> None:
    """Refuses a stack that did not get where it should: it fails the stack that it is in."""
    described = _described(resource)
    if described["StackStatus"] != status:
        reason = described.get("StackStatusReason", "")
        msg = f"Embedded stack {resource.physical_id} was not successfully created or updated: {described['StackStatus']}. {reason}"
        raise RuntimeError(msg)


def _delete(resource: Resource) -> None:
    client = resource.client("cloudformation")
    client.delete_stack(StackName=resource.physical_id)
    found = client.describe_stacks(StackName=resource.physical_id)["Stacks"]
    if found and found[0]["StackStatus"] == "DELETE_FAILED":
        msg = f"Embedded stack {resource.physical_id} was not deleted: {found[0].get('StackStatusReason', '')}"
        raise RuntimeError(msg)


def _is_deployed(resource: Resource) -> bool:
    """Whether the stack has the template that is where the parent says; no API returns the place."""
    url = urlparse(str(resource.get("TemplateURL")))
    path = url.path.lstrip("/")
    by_path = url.netloc.startswith(("s3.", "s3-", "localhost"))
    bucket, key = path.split("/", 1) if by_path else (url.netloc.split(".")[0], path)
    stated = resource.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    body = resource.client("cloudformation").get_template(StackName=resource.physical_id)["TemplateBody"]
    return bool(_parsed(stated) == _parsed(body))


def _parsed(text: Any) -> Any:
    if not isinstance(text, str):
        return json.loads(json.dumps(text))
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read(resource: Resource, found: dict[str, Any]) -> Mapping[str, Any] | None:
    if found["StackStatus"] == "DELETE_COMPLETE":
        return None
    stated = resource.get("Parameters") or {}
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])}
    lists = {key: value.split(",") for key, value in parameters.items() if isinstance(stated.get(key), list)}
    return {
        **found,
        "Parameters": {key: value for key, value in {**parameters, **lists}.items() if key in stated},
        "TemplateURL": proven(resource.get("TemplateURL")) if _is_deployed(resource) else None,
        "Tags": own_tags(resource, found.get("Tags", [])),
    }


ADAPTERS = (
    Adapter(
        type="AWS::CloudFormation::Stack",
        service="cloudformation",
        create=_create,
        update=_update,
        delete=_delete,
        read=joined("cloudformation", Read(call("describe_stacks", StackName=ID), at="Stacks", absent=("ValidationError",)), shape=_read),
        attributes=_Attributes(),
        note="TemplateURL is compared by the template that is there.",
    ),
)
