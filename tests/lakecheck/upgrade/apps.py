"""Small apps as plain data that becomes templates: what the oracle and `lakecheck upgrade` are both given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tests.lakecheck.upgrade.kinds import ACCOUNT, ASSOCIATION, CUSTOM, DATABASE, FILTER, GRANT, KEY, KINDS, LOCATION, ROLE, TABLE, TAG

STACKS: Final = ("Store", "Rights")
"""In the order of deployment: the second may import from the first."""
OUTSIDER: Final = f"arn:aws:iam::{ACCOUNT}:role/Outsider"
TOKEN: Final = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:permissions"
STYLES: Final = ("plain", "sub", "join")
ENCRYPTED: Final = frozenset({"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Logs::LogGroup"})
PLAIN: Final = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::SQS::Queue", "AWS::SNS::Topic")


@dataclass
class Node:
    """One resource of an app.

    Attributes:
        refs: What it refers to, by what for; the id of another node.
        other: A create-only property beside the name.
        tag: A property that is updated in place.
        several: What a desired state grants: principal, on, permissions; of a grant the one.
        is_ghost: Not in the app any more, while others still name it.
        values: Of an LF-Tag its values, of an association its one.
    """

    id: str
    kind: str
    stack: int = 0
    name: str | None = None
    policies: tuple[str | None, str | None] = (None, None)
    condition: int | None = None
    refs: dict[str, str] = field(default_factory=dict)
    other: int = 0
    tag: int = 0
    several: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    values: tuple[str, ...] = ()
    token: str = TOKEN
    is_ghost: bool = False

    @property
    def uses(self) -> set[str]:
        return {*self.refs.values(), *(each for who, on, _ in self.several for each in (who, on.removeprefix("all:")))}


@dataclass
class App:
    """A whole app.

    Attributes:
        switches: Values of the parameters that conditions ask.
        literal: Pairs of nodes, the first naming the second by its fixed name and not by reference.
        style: How references and parameters are written, which means nothing.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    switches: list[bool] = field(default_factory=lambda: [True, False])
    literal: set[tuple[str, str]] = field(default_factory=set)
    style: str = "plain"
    gone_stacks: set[int] = field(default_factory=set)

    def add(self, node: Node) -> Node:
        self.nodes[node.id] = node
        return node

    def of(self, *kinds: str) -> list[Node]:
        return [node for node in self.nodes.values() if node.kind in kinds and not node.is_ghost]

    def settle(self) -> App:
        """Leaves out what refers to nothing, and moves what would refer to a later stack."""
        changed = True
        while changed:
            changed = False
            for node in list(self.nodes.values()):
                node.several = [one for one in node.several if self._has(one[0]) and self._has(one[1].removeprefix("all:"))]
                if any(not self._has(each) for each in node.uses) or (node.kind in {GRANT, CUSTOM} and not node.several):
                    del self.nodes[node.id]
                    changed = True
                elif any(each in self.nodes and self.nodes[each].stack > node.stack for each in node.uses):
                    node.stack = 1
                    changed = True
        return self

    def _has(self, name: str) -> bool:
        return name in self.nodes or name == "outsider"

    def conditions(self, node: Node) -> frozenset[int]:
        own = frozenset() if node.condition is None else frozenset({node.condition})
        return own.union(*(self.conditions(self.nodes[each]) for each in node.uses if each in self.nodes))

    def templates(self) -> dict[str, dict[str, Any]]:
        """By stack."""
        made: dict[str, dict[str, Any]] = {}
        for number, stack in enumerate(STACKS):
            if number not in self.gone_stacks:
                switches = {f"Switch{place}": {"Type": "String", "Default": str(on)} for place, on in enumerate(self.switches)}
                conditions = {f"Is{place}": {"Fn::Equals": [{"Ref": f"Switch{place}"}, "True"]} for place in range(len(self.switches))}
                conditions["IsBoth"] = {"Fn::And": [{"Condition": name} for name in conditions]}
                made[stack] = {
                    "Parameters": {**switches, "Path": {"Type": "String", "Default": "/lake/"}},
                    "Conditions": conditions,
                    "Resources": {"Anchor": {"Type": "AWS::SNS::Topic"}},
                    "Outputs": {},
                }
        for node in [node for node in self.nodes.values() if not node.is_ghost]:
            made[STACKS[node.stack]]["Resources"][node.id] = _Writer(self, node, made).resource()
        return made


@dataclass
class _Writer:
    app: App
    node: Node
    made: dict[str, dict[str, Any]]

    def resource(self) -> dict[str, Any]:
        policies = zip(("DeletionPolicy", "UpdateReplacePolicy"), self.node.policies, strict=True)
        stated = {name: policy for name, policy in policies if policy is not None}
        found = {"Type": self.node.kind, "Properties": self._properties(), **stated}
        condition = self._condition(self.node)
        used = [self.app.nodes[each] for each in sorted(self.node.uses) if each in self.app.nodes]
        after = [each.id for each in used if each.stack == self.node.stack and not each.is_ghost]
        return found | ({"Condition": condition} if condition else {}) | ({"DependsOn": after} if after else {})

    def _condition(self, node: Node) -> str:
        conditions = sorted(self.app.conditions(node))
        return "" if not conditions else "IsBoth" if len(conditions) > 1 else f"Is{conditions[0]}"

    def _ref(self, name: str, attribute: str = "") -> Any:
        """A reference, or its value where the two are not tied; across stacks by an export."""
        if name == "outsider":
            return OUTSIDER
        node = self.app.nodes[name]
        if ((self.node.id, name) in self.app.literal or node.is_ghost) and node.name is not None:
            path = f"lake{node.other or ''}/" if node.kind == ROLE else ""
            return KINDS[node.kind].arn.format(f"{path}{node.name}") if attribute else node.name
        if node.stack != self.node.stack:
            output = f"{name}{attribute}"
            condition = self._condition(node)
            written = {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}
            export = {"Value": written, "Export": {"Name": f"Store:{output}"}}
            self.made[STACKS[node.stack]]["Outputs"][output] = export | ({"Condition": condition} if condition else {})
            return {"Fn::ImportValue": f"Store:{output}"}
        if self.app.style == "sub":
            return {"Fn::Sub": f"${{{name}.{attribute}}}" if attribute else f"${{{name}}}"}
        plain = {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}
        return {"Fn::Join": ["", [plain, ""]]} if self.app.style == "join" else plain

    def _properties(self) -> dict[str, Any]:
        node, kind = self.node, self.node.kind
        found: dict[str, Any] = {}
        if kind in PLAIN or kind in {ROLE, KEY}:
            found = {"Tags": [{"Key": "Owner", "Value": f"team-{node.tag}"}]}
        if node.name is not None and "." not in KINDS[kind].name and KINDS[kind].name:
            found[KINDS[kind].name] = node.name
        return found | {key: value for key, value in getattr(self, _WRITERS[kind])().items() if value is not None}

    def _plain(self) -> dict[str, Any]:
        node = self.node
        key = node.refs.get("key")
        found: dict[str, Any] = {}
        if node.kind == "AWS::S3::Bucket" and key:
            default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self._ref(key, "Arn")}
            found["BucketEncryption"] = {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": default}]}
        elif node.kind == "AWS::Logs::LogGroup" and key:
            found["KmsKeyId"] = self._ref(key, "Arn")
        elif node.kind == "AWS::DynamoDB::Table":
            found["KeySchema"] = [{"AttributeName": f"id{node.other}", "KeyType": "HASH"}]
            found["AttributeDefinitions"] = [{"AttributeName": f"id{node.other}", "AttributeType": "S"}]
            found["BillingMode"] = "PAY_PER_REQUEST"
            if key:
                found["SSESpecification"] = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": self._ref(key, "Arn")}
        return found

    def _key(self) -> dict[str, Any]:
        return {"MultiRegion": bool(self.node.other), "EnableKeyRotation": True}

    def _role(self) -> dict[str, Any]:
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "glue.amazonaws.com"}}
        path: Any = f"/lake{self.node.other}/" if self.node.other else ("/lake/" if self.app.style == "plain" else {"Ref": "Path"})
        return {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}, "Path": path}

    def _database(self) -> dict[str, Any]:
        name = {} if self.node.name is None else {"Name": self.node.name}
        return {"CatalogId": ACCOUNT, "DatabaseInput": {**name, "Description": f"text {self.node.tag}"}}

    def _table(self) -> dict[str, Any]:
        return {
            "CatalogId": ACCOUNT,
            "DatabaseName": self._ref(self.node.refs["database"]),
            "TableInput": {"Name": self.node.name, "Description": f"text {self.node.tag}", "TableType": "EXTERNAL_TABLE"},
        }

    def _on(self, name: str) -> dict[str, Any]:
        node = self.app.nodes[name.removeprefix("all:")]
        if name.startswith("all:"):
            return {"Table": {"DatabaseName": self._ref(node.id), "TableWildcard": {}}}
        if node.kind == DATABASE:
            return {"Database": {"Name": self._ref(node.id)}}
        if node.kind == TABLE:
            return {"Table": {"DatabaseName": self._ref_to(node.refs["database"]), "Name": self._ref(node.id)}}
        if node.kind == FILTER:
            table = self.app.nodes[node.refs["table"]]
            where = {"DatabaseName": self._ref_to(table.refs["database"]), "TableName": self._ref_to(table.id)}
            return {"DataCellsFilter": {"TableCatalogId": ACCOUNT, **where, "Name": node.name}}
        if node.kind == TAG:
            pair = {"TagKey": node.name, "TagValues": [self.node.values[0] if self.node.values else "a"]}
            return {"LFTagPolicy": {"CatalogId": ACCOUNT, "ResourceType": "DATABASE" if self.node.other else "TABLE", "Expression": [pair]}}
        return {"DataLocation": {"ResourceArn": self._ref(node.id, "Arn")}}

    def _ref_to(self, name: str) -> Any:
        return self._ref(name)

    def _permissions(self) -> dict[str, Any]:
        grants = []
        for who, on, permissions in self.node.several:
            is_set = self.node.kind == GRANT and self.app.style != "plain"  # what the order means to a custom resource nobody knows
            turned = list(reversed(permissions)) if is_set else list(permissions)
            principal = {"DataLakePrincipalIdentifier": self._ref(who, "Arn")}
            grants.append({"Principal": principal, "Resource": self._on(on), "Permissions": turned})
        if self.node.kind == CUSTOM:
            return {"ServiceToken": self.node.token, "Grants": grants}
        return {**grants[0], "PermissionsWithGrantOption": []}

    def _tag(self) -> dict[str, Any]:
        return {"CatalogId": ACCOUNT, "TagKey": self.node.name, "TagValues": list(self.node.values)}

    def _association(self) -> dict[str, Any]:
        tag = self.app.nodes[self.node.refs["tag"]]
        pair = {"CatalogId": ACCOUNT, "TagKey": tag.name, "TagValues": [self.node.values[0]]}
        return {"Resource": self._on(self.node.refs["on"]), "LFTags": [pair]}

    def _location(self) -> dict[str, Any]:
        return {"ResourceArn": self._ref(self.node.refs["bucket"], "Arn"), "UseServiceLinkedRole": True}

    def _filter(self) -> dict[str, Any]:
        table = self.app.nodes[self.node.refs["table"]]
        where = {"DatabaseName": self._ref_to(table.refs["database"]), "TableName": self._ref(table.id)}
        return {"TableCatalogId": ACCOUNT, **where, "Name": self.node.name, "ColumnWildcard": {}, "RowFilter": {"AllRowsWildcard": {}}}


_WRITERS: Final = {
    **dict.fromkeys(PLAIN, "_plain"),
    KEY: "_key",
    ROLE: "_role",
    DATABASE: "_database",
    TABLE: "_table",
    GRANT: "_permissions",
    CUSTOM: "_permissions",
    TAG: "_tag",
    ASSOCIATION: "_association",
    LOCATION: "_location",
    FILTER: "_filter",
}
