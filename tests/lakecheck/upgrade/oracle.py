"""What CloudFormation does when HEAD is deployed over BASE, simulated: physical resources with content, and who may do what with them.

Written from AWS's documentation alone, so that `lakecheck upgrade` can be held against something that shares no thought with it.

- Order of an update, clean-up, replacement:
  https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
- What is let go: `DeletionPolicy` as deployed for what leaves the template, `UpdateReplacePolicy` for what is replaced:
  https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
- Exports in use may neither go nor change: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
- SELECT implies DESCRIBE: https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html
- Grants: https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_GrantPermissions.html (repeating one is no error)
- A value of an LF-Tag that something has: https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_UpdateLFTag.html
- A key in its waiting period decrypts nothing: https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html

Deploying goes on after a refusal, as if it had been put right, so that everything else of the change is seen, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from tests.lakecheck.upgrade.kinds import ACCOUNT, ASSOCIATION, CUSTOM, DATABASE, FILTER, GRANT, KINDS, ROLE, TABLE, TAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

KEPT: Final = frozenset({"Retain", "RetainExceptOnCreate", "Snapshot"})

Place = tuple[str, str]
"""Stack and logical id."""
Right = tuple[str, tuple[str, ...], str]
"""Principal, what it is on, permission."""


@dataclass(eq=False, slots=True)
class Thing:
    """One physical resource.

    Attributes:
        place: Where a template states it.
        properties: As it is now.
        policies: Its `DeletionPolicy` and `UpdateReplacePolicy` as deployed.
        key: What its content is encrypted with.
    """

    kind: str
    name: str
    place: Place
    properties: dict[str, Any]
    policies: tuple[str, str]
    key: str = ""
    alive: bool = True
    attached: bool = True

    @property
    def arn(self) -> str:
        if self.kind == ROLE:
            return KINDS[ROLE].arn.format(f"{self.properties.get('Path', '/')}{self.name}".lstrip("/"))
        return KINDS[self.kind].arn.format(self.name)

    @property
    def identity(self) -> tuple[Any, ...]:
        """What no other thing of its kind may have at the same time; empty when anything goes."""
        kind = KINDS[self.kind]
        if kind.identity:
            return tuple(at(self.properties, path) for path in kind.identity)
        return (self.name,) if kind.name else ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """CloudFormation refuses, or what it calls does."""

    why: str
    place: Place
    other: Place = ("", "")


@dataclass
class World:
    """One account in one Region.

    Args:
        flip: Turns around every order that CloudFormation leaves open.
        policy_of_base: A replacement follows `UpdateReplacePolicy` as deployed; that of the new template when left out.
    """

    flip: bool = False
    policy_of_base: bool = False
    things: list[Thing] = field(default_factory=list)
    stacks: dict[str, dict[str, Thing]] = field(default_factory=dict)
    exports: dict[str, tuple[str, str]] = field(default_factory=dict)
    imports: dict[str, set[str]] = field(default_factory=dict)
    grants: set[Right] = field(default_factory=set)
    tags: dict[tuple[tuple[str, ...], str], str] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    let_go: set[Place] = field(default_factory=set)
    ever_missing: set[Right] = field(default_factory=set)
    watched: frozenset[Right] = frozenset()
    numbers: Iterator[int] = field(default_factory=count)

    # --- templates ------------------------------------------------------------------------------------------------------------------------

    def deploy(self, stack: str, template: Mapping[str, Any]) -> None:
        """One stack: create and update, then exports, then clean up."""
        conditions = {name: self._is_true(rule, template) for name, rule in template.get("Conditions", {}).items()}
        stated = {lid: res for lid, res in template["Resources"].items() if conditions.get(res.get("Condition", ""), True)}
        old = self.stacks.get(stack, {})
        new: dict[str, Thing] = {}
        self.stacks[stack] = new
        self.imports[stack] = set()
        leaving: list[Thing] = []
        reader = _Reader(self, stack, template, conditions, new)
        for lid in self._order(stated):
            properties = reader.read(stated[lid].get("Properties", {}))
            policies = (stated[lid].get("DeletionPolicy", "Delete"), stated[lid].get("UpdateReplacePolicy", "Delete"))
            was = old.get(lid)
            if was is not None and was.kind == stated[lid]["Type"]:
                new[lid] = self._update(was, properties, policies, leaving)
            else:
                new[lid] = self._create(stated[lid]["Type"], (stack, lid), properties, policies)
                if was is not None:
                    self._refuse("type", (stack, lid))
                    leaving.append(was)
            self._look()
        self._export(stack, template, reader, conditions)
        removed = [thing for lid, thing in old.items() if lid not in stated]
        places = list(old)
        gone = sorted([*leaving, *removed], key=lambda thing: places.index(thing.place[1]), reverse=True)
        for thing in gone:
            self._leave(thing, thing.policies[0] if thing in removed else thing.policies[1])

    def _order(self, stated: Mapping[str, Any]) -> list[str]:
        """Each after what it refers to; ties as templates have them, or the other way around."""
        left = list(reversed(stated)) if self.flip else list(stated)
        done: list[str] = []
        while left:
            ready = next(lid for lid in left if not (set(_names(stated[lid])) & set(left)) - {lid})
            left.remove(ready)
            done.append(ready)
        return done

    def _is_true(self, rule: Any, template: Mapping[str, Any]) -> bool:
        ((function, arguments),) = rule.items()
        if function == "Fn::Equals":
            first, second = (template["Parameters"][each["Ref"]]["Default"] if isinstance(each, dict) else each for each in arguments)
            return bool(first == second)
        return all(self._is_true(template["Conditions"][each["Condition"]], template) for each in arguments)

    def _export(self, stack: str, template: Mapping[str, Any], reader: _Reader, conditions: Mapping[str, bool]) -> None:
        outputs = [out for out in template.get("Outputs", {}).values() if conditions.get(out.get("Condition", ""), True)]
        new = {out["Export"]["Name"]: reader.read(out["Value"]) for out in outputs}
        for name, (owner, value) in list(self.exports.items()):
            if owner == stack and new.get(name) != value:
                used = [other for other, names in self.imports.items() if name in names and other != stack]
                if used:
                    self._refuse("export", (stack, name), (used[0], ""))
                del self.exports[name]
        self.exports |= {name: (stack, value) for name, value in new.items()}

    # --- resources ------------------------------------------------------------------------------------------------------------------------

    def _create(self, kind: str, place: Place, properties: dict[str, Any], policies: tuple[str, str]) -> Thing:
        fixed = at(properties, KINDS[kind].name) if KINDS[kind].name else None
        name = fixed if isinstance(fixed, str) else f"{place[0]}-{place[1]}-{next(self.numbers)}".lower()
        thing = Thing(kind, name, place, properties, policies, key=_key(properties))
        for other in self.things:
            if other.alive and other.kind == kind and thing.identity and other.identity == thing.identity:
                self._refuse("exists", place, other.place)
        for (_, key), value in tags_of(kind, properties).items():
            tags = [tag for tag in self.things if tag.alive and tag.kind == TAG and tag.properties["TagKey"] == key]
            if not any(value in tag.properties["TagValues"] for tag in tags):
                self._refuse("no such tag", place, tags[0].place if tags else ("", ""))
        self.things.append(thing)
        self._grant(rights_of(kind, properties), tags_of(kind, properties))
        return thing

    def _update(self, was: Thing, properties: dict[str, Any], policies: tuple[str, str], leaving: list[Thing]) -> Thing:
        kind = KINDS[was.kind]
        if was.properties == properties:  # nothing is asked of what stays as it is
            was.policies = policies
            return was
        differs = {path for path in (*kind.replaces, *kind.refuses) if at(was.properties, path) != at(properties, path)}
        if differs & set(kind.refuses):
            self._refuse("service token" if was.kind == CUSTOM else "update", was.place)
        if not differs & set(kind.replaces):
            gone = rights_of(was.kind, was.properties) - rights_of(was.kind, properties)
            untagged = {
                each: value for each, value in tags_of(was.kind, was.properties).items() if each not in tags_of(was.kind, properties)
            }
            was.properties, was.policies = properties, policies
            self._grant(rights_of(was.kind, properties), tags_of(was.kind, properties))
            self._revoke(gone, untagged)
            if was.kind == TAG:
                self._take_values(was)
            return was
        if kind.name and kind.name not in differs and not kind.identity and isinstance(at(properties, kind.name), str):
            self._refuse("replaced under its name", was.place, was.place)
        if not self.policy_of_base:
            was.policies = (was.policies[0], policies[1])
        if kind.deletes_first:
            self._leave(was, was.policies[1])
            return self._create(was.kind, was.place, properties, policies)
        leaving.append(was)
        return self._create(was.kind, was.place, properties, policies)

    def _leave(self, thing: Thing, policy: str) -> None:
        thing.attached = False
        self.let_go.add(thing.place)
        if policy not in KEPT:
            self._delete(thing)
        self._look()

    def _delete(self, thing: Thing) -> None:
        thing.alive = False
        if thing.kind in {DATABASE, TABLE, FILTER}:
            twins = [other for other in self.things if other.alive and (other.kind, other.identity) == (thing.kind, thing.identity)]
            if not twins:
                self._delete_inner(thing)
        elif thing.kind == ROLE:
            self.grants = {right for right in self.grants if right[0] != thing.arn}
        elif thing.kind == TAG:
            self._untag(lambda _, key, __: key == thing.properties["TagKey"])
            self.grants = {right for right in self.grants if right[1][:2] != ("expression", thing.properties["TagKey"])}
        else:
            self._revoke(rights_of(thing.kind, thing.properties), tags_of(thing.kind, thing.properties))

    def _delete_inner(self, thing: Thing) -> None:
        """What goes with a database, table or filter: all in it, grants and LF-Tags."""
        depth = len(thing.identity)
        for inner in self.things:
            if inner.kind in {TABLE, FILTER} and len(inner.identity) > depth and inner.identity[:depth] == thing.identity:
                inner.alive = False
        self._die(lambda target: target[1 : 1 + depth] == thing.identity)

    def _take_values(self, tag: Thing) -> None:
        """Values that an LF-Tag has no more: refused while something has one; expressions that name one match nothing."""
        name, values = tag.properties["TagKey"], tag.properties["TagValues"]
        if any(key == name and value not in values for (_, key), value in self.tags.items()):
            self._refuse("value in use", tag.place)
        self.grants = {right for right in self.grants if right[1][:2] != ("expression", name) or right[1][2] in values}

    def _refuse(self, why: str, place: Place, other: Place = ("", "")) -> None:
        self.refusals.append(Refusal(why, place, other))

    # --- Lake Formation -------------------------------------------------------------------------------------------------------------------

    def _grant(self, rights: Iterable[Right], tags: Mapping[tuple[tuple[str, ...], str], str]) -> None:
        self.grants |= {right for right in rights if self.exists(right[1])}
        self.tags |= {(target, key): value for (target, key), value in tags.items() if self.exists(target)}

    def _revoke(self, rights: Iterable[Right], tags: Mapping[tuple[tuple[str, ...], str], str]) -> None:
        self.grants -= set(rights)
        self._untag(lambda target, key, value: tags.get((target, key)) == value)

    def _die(self, is_gone: Any) -> None:
        self.grants = {right for right in self.grants if right[1][0] in {"expression", "location"} or not is_gone(right[1])}
        self._untag(lambda target, _, __: is_gone(target))

    def _untag(self, is_gone: Any) -> None:
        self.tags = {(target, key): value for (target, key), value in self.tags.items() if not is_gone(target, key, value)}

    def exists(self, target: tuple[str, ...]) -> bool:
        """Whether what a grant is on is there; nothing is asked of what no simulation has."""
        kinds = {"database": DATABASE, "table": TABLE, "filter": FILTER, "all": DATABASE}
        if target[0] not in kinds:
            return True
        alive = [thing.identity for thing in self.things if thing.alive and thing.kind == kinds[target[0]]]
        return target[1:] in alive

    def effective(self) -> frozenset[Right]:
        """Who may do what with each database, table, filter and location, whoever says so."""
        things = [thing for thing in self.things if thing.alive]
        databases = [("database", *thing.identity) for thing in things if thing.kind == DATABASE]
        tables = [("table", *thing.identity) for thing in things if thing.kind == TABLE]
        found: set[Right] = set()
        for principal, target, permission in self.grants:
            if target[0] == "all":
                found |= {(principal, table, permission) for table in tables if table[1] == target[1]}
                found |= {(principal, target, permission)} if self.exists(target) else set()
            elif target[0] == "expression":
                _, key, value, kind = target
                found.add((principal, target, permission))
                found |= {
                    (principal, each, permission)
                    for each in (databases if kind == "DATABASE" else tables)
                    if self.tags.get((each, key), self.tags.get((("database", each[1]), key))) == value
                }
            elif self.exists(target):
                found.add((principal, target, permission))
        selected = [(principal, target) for principal, target, permission in found if permission == "SELECT"]
        described = {(*each, "DESCRIBE") for each in selected if each[1][0] != "database" and each[1][-1] != "DATABASE"}
        return frozenset(found | described)

    def _look(self) -> None:
        if self.watched:
            self.ever_missing |= self.watched - self.effective()


@dataclass(frozen=True)
class _Reader:
    """Works out intrinsic functions with what is there already."""

    world: World
    stack: str
    template: Mapping[str, Any]
    conditions: Mapping[str, bool]
    things: Mapping[str, Thing]

    def read(self, value: Any) -> Any:
        if isinstance(value, list):
            read = [self.read(item) for item in value]
            return sorted(read) if all(isinstance(item, str) for item in read) else read
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, given),) = value.items()
            if function in _FUNCTIONS:
                return getattr(self, _FUNCTIONS[function])(given)
        read = {name: self.read(item) for name, item in value.items()}
        return {name: item for name, item in read.items() if item is not None}

    def ref(self, name: str) -> Any:
        pseudo = {"AWS::Region": "eu-west-1", "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws", "AWS::NoValue": None}
        if name in pseudo:
            return pseudo[name]
        return self.things[name].name if name in self.things else self.template["Parameters"][name]["Default"]

    def attribute(self, given: list[str]) -> str:
        return self.things[given[0]].arn

    def join(self, given: list[Any]) -> str:
        return str(given[0]).join(self.read(item) for item in given[1])

    def substitute(self, text: str) -> str:
        return re.sub(r"\$\{([^}.]+)(\.Arn)?\}", lambda hit: self.attribute([hit[1]]) if hit[2] else self.ref(hit[1]), text)

    def imported(self, name: Any) -> str:
        self.world.imports[self.stack].add(name)
        return self.world.exports[name][1]

    def choose(self, given: list[Any]) -> Any:
        return self.read(given[1] if self.conditions[given[0]] else given[2])


_FUNCTIONS: Final = {
    "Ref": "ref",
    "Fn::GetAtt": "attribute",
    "Fn::Join": "join",
    "Fn::Sub": "substitute",
    "Fn::ImportValue": "imported",
    "Fn::If": "choose",
}


def at(properties: Any, path: str) -> Any:
    """What stands at a path, if anything."""
    for step in path.split("."):
        properties = properties.get(step) if isinstance(properties, dict) else None
    return properties


def _names(value: Any) -> Iterator[str]:
    """Logical ids that a resource refers to, and names that are none."""
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "Ref":
                yield item
            elif name == "Fn::GetAtt":
                yield item[0]
            elif name == "Fn::Sub":
                yield from re.findall(r"\$\{([^}.]+)", item)
            elif name == "DependsOn":
                yield from item
            else:
                yield from _names(item)


def _key(value: Any) -> str:
    """The key that a resource's properties name, by its ARN or id."""
    if isinstance(value, dict):
        return next((item if name.lower().startswith("kms") and isinstance(item, str) else _key(item) for name, item in value.items()), "")
    return next((_key(item) for item in value), "") if isinstance(value, list) else ""


def target_of(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """What a grant's or an association's `Resource` is about."""
    ((kind, body),) = resource.items()
    if kind == "Database":
        return ("database", body["Name"])
    if kind == "Table":
        return ("all", body["DatabaseName"]) if "TableWildcard" in body else ("table", body["DatabaseName"], body["Name"])
    if kind == "DataCellsFilter":
        return ("filter", body["DatabaseName"], body["TableName"], body["Name"])
    if kind == "DataLocation":
        return ("location", body["ResourceArn"])
    (pair,) = body["Expression"]
    return ("expression", pair["TagKey"], pair["TagValues"][0], body["ResourceType"])


def rights_of(kind: str, properties: Mapping[str, Any]) -> set[Right]:
    """What a resource grants."""
    grants = [properties] if kind == GRANT and properties else properties.get("Grants", []) if kind == CUSTOM else []
    return {
        (grant["Principal"]["DataLakePrincipalIdentifier"], target_of(grant["Resource"]), permission)
        for grant in grants
        for permission in grant["Permissions"]
    }


def tags_of(kind: str, properties: Mapping[str, Any]) -> dict[tuple[tuple[str, ...], str], str]:
    """Which LF-Tags a resource puts on what."""
    if kind == ASSOCIATION and properties:
        return {(target_of(properties["Resource"]), pair["TagKey"]): pair["TagValues"][0] for pair in properties["LFTags"]}
    if kind == CUSTOM:
        stated = properties.get("TagAssociations", [])
        return {(target_of(each["Resource"]), pair["TagKey"]): pair["TagValues"][0] for each in stated for pair in each["LFTags"]}
    return {}
