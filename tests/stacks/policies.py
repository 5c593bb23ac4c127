"""Policies of an assembly as plain statements, with references resolved to the stack and logical id they lead to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stacks.assembly import Lake, Synthesized


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes:
        where: `Prod/MainStorage/ZonesCuratedBucketPolicy…`: stack path and logical id of the resource it stands in.
        type: That resource's type.
        document: The property that holds it, such as `KeyPolicy` or `AssumeRolePolicyDocument`.
        body: The statement, references resolved: `{Prod/MainStorage/ZonesCuratedBucket….Arn}/*`.
    """

    stack: Synthesized = field(repr=False)
    where: str
    type: str
    document: str
    body: dict[str, Any]

    @property
    def allows(self) -> bool:
        return bool(self.body["Effect"] == "Allow")

    @property
    def actions(self) -> list[str]:
        assert "NotAction" not in self.body, self.where
        return as_list(self.body["Action"])

    @property
    def resources(self) -> list[str]:
        assert "NotResource" not in self.body, self.where
        return as_list(self.body.get("Resource", []))

    @property
    def principals(self) -> list[str]:
        """Every principal as text: `AWS:…`, `Service:…`, `*`."""
        principal = self.body.get("Principal", {})
        if isinstance(principal, str):
            return [principal]
        return [f"{kind}:{each}" for kind, several in principal.items() for each in as_list(several)]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(lake: Lake) -> Iterator[Statement]:
    """Every policy statement of the assembly: identities' and resources' policies, trust, keys, topics, queues."""
    exports = _exports(lake)
    for stack, logical_id, resource in lake.resources():
        for name, document in resource.get("Properties", {}).items():
            for policy in as_list(document):
                if isinstance(policy, dict) and "Statement" in policy:
                    for body in as_list(policy["Statement"]):
                        resolved = resolve(body, stack.path, exports)
                        yield Statement(stack, f"{stack.path}/{logical_id}", resource["Type"], name, resolved)


def _exports(lake: Lake) -> dict[str, tuple[str, Any]]:
    return {
        output["Export"]["Name"]: (stack.path, output["Value"])
        for stack in lake.stacks.values()
        for output in stack.template.get("Outputs", {}).values()
        if "Export" in output
    }


def resolve(value: Any, path: str, exports: dict[str, tuple[str, Any]]) -> Any:
    """`value` with intrinsic functions as text; an import as what is exported."""
    text = value
    match value:
        case {"Fn::ImportValue": name}:
            producer, exported = exports[name]
            text = resolve(exported, producer, exports)
        case {"Fn::GetAtt": [logical_id, attribute]}:
            text = f"{{{path}/{logical_id}.{attribute}}}"
        case {"Ref": name}:
            text = f"{{{name}}}" if name.startswith("AWS::") else f"{{{path}/{name}}}"
        case {"Fn::Join": [delimiter, items]}:
            text = delimiter.join(resolve(each, path, exports) for each in items)
        case {"Fn::Sub": str(template)}:
            text = template
        case dict():
            text = {key: resolve(each, path, exports) for key, each in value.items()}
        case list():
            text = [resolve(each, path, exports) for each in value]
    return text


def holders(lake: Lake, statement: Statement) -> list[str]:
    """Roles (or names of permission sets' policies) that a statement of an identity policy is for."""
    stack = statement.stack
    logical_id = statement.where.rpartition("/")[2]
    roles = stack.resources[logical_id]["Properties"].get("Roles", [])
    return [f"{stack.path}/{role['Ref']}" for role in roles] or [statement.where]
