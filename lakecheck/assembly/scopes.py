"""One stack's template while it is resolved: its parameters, conditions, resources and outputs, each worked out once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.absent import NO_VALUE
from lakecheck.assembly.identities import Identity, Named, as_name, identify, other_attribute
from lakecheck.assembly.intrinsics import Evaluator, has_function
from lakecheck.assembly.loops import expanded_section
from lakecheck.assembly.parameters import parameter_value
from lakecheck.formula import FALSE, TRUE, Formula, Unresolved, all_of
from lakecheck.values import Unknown, has_hole, hole, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakecheck.assembly.exports import World
    from lakecheck.assembly.model import StackTemplate
    from lakecheck.assembly.places import Place

NESTED_STACK: Final = "AWS::CloudFormation::Stack"

_DYNAMIC: Final = re.compile(r"\{\{resolve:([^{}]*)\}\}")
_CROSS_REGION_READER: Final = "Custom::CrossRegionExportReader"


class StackScope:
    """What the values of one template can name.

    Args:
        world: All templates together.
        stack: The template.
        place: Where it is deployed.
        assembly: The number of its assembly.
        path: The stack for people, unique among all.
        is_template: Whether it is a bare template, the name of whose stack is not known.
    """

    def __init__(self, world: World, stack: StackTemplate, place: Place, *, assembly: int, path: str, is_template: bool) -> None:
        self.world = world
        self.stack = stack
        self.place = place
        self.assembly = assembly
        self.is_template = is_template
        self.path = path
        self.level = 0
        self.parent: StackScope | None = None
        self.children: dict[str, StackScope] = {}
        self.evaluator = Evaluator(self, world.depth)
        self._memo: dict[tuple[str, str], tuple[Any, int]] = {}
        self._imported: dict[str, Any] = {}
        self._running: set[tuple[str, str]] = set()
        self.problems: list[str] = []
        # What a loop runs over may name what comes later, or what the loop itself makes: that is not there yet.
        nothing: Mapping[str, Any] = {}
        self.mappings = self.parameters = self.conditions = self.resources = self.outputs = nothing
        self.mappings = self._section("Mappings")
        self.parameters = self._section("Parameters")
        self.conditions = self._section("Conditions")
        self.resources = self._section("Resources")
        self.outputs = self._section("Outputs")

    def _section(self, name: str) -> Mapping[str, Any]:
        data = self.stack.bare.get(name, {})
        if not isinstance(data, dict):
            self.problems.append(f"{self.path}: `{name}` is no object, so nothing in it is seen")
            return {}
        expanded, problem = expanded_section(data, self.evaluator.value)
        if problem:
            self.problems.append(f"{self.path}: `{name}`: {problem}")
        return expanded

    def once(self, kind: str, name: str, make: Callable[[], Any], circular: Callable[[], Any]) -> Any:
        """What `make` gives, made once; what `circular` gives while it is being made.

        What was made so deep that something in it was not followed is made again when it is asked for from less deep.
        """
        key, depth = (kind, name), self.world.depth
        if key in self._memo:
            made, at = self._memo[key]
            if at <= depth.now:
                return made
        if key in self._running or depth.too_deep():
            return circular()
        cuts = depth.cuts
        self._running.add(key)
        depth.now += depth.hop
        try:
            made = make()
        finally:
            depth.now -= depth.hop
            self._running.discard(key)
        self._memo[key] = made, depth.now if depth.cuts != cuts else 0
        return made

    # --- the stack itself --------------------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The stack's name, perhaps with a hole; a nested stack's starts like its parent's."""
        if self.is_template:
            return hole(f"{self.path} stack name")
        if self.parent is None:
            return self.stack.stack_name
        known = self.parent.name
        start = known if has_hole(known) else f"{known}-{self.stack.parent_logical_id}-"
        return start.split("\ue000", 1)[0] + self._generated(self.path)

    def _generated(self, what: str) -> str:
        a_hole = hole(what, generated=True)
        self.world.names.add(a_hole)
        return a_hole

    @property
    def stack_id(self) -> str:
        """The stack's ARN."""
        place = self.place
        unique = self._generated(f"{self.path} id")
        return f"arn:{place.partition}:cloudformation:{place.region}:{place.account}:stack/{self.name}/{unique}"

    @property
    def exists(self) -> Formula:
        """What the existence of the whole stack depends on."""
        if self.parent is None:
            return TRUE
        parent: StackScope = self.parent
        return all_of([parent.exists, parent.resource_exists(self.stack.parent_logical_id)])

    def is_name(self, a_hole: str) -> bool:
        """Whether the hole stands for a name."""
        return a_hole in self.world.names

    # --- what values can name ----------------------------------------------------------------------------------------------------------

    def reference(self, name: str) -> Any:
        """What `Ref` gives."""
        if name.startswith("AWS::"):
            return self._pseudo(name)
        if name in self.parameters:
            return self.once("parameter", name, lambda: parameter_value(self, name), lambda: self._circular(f"parameter {name}"))
        return self.identity(name).ref if name in self.resources else None

    def _pseudo(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name == "AWS::NotificationARNs":
            return Unknown(f"{self.path}: which topics the stack notifies")
        place = self.place
        known = {
            "AWS::AccountId": place.account,
            "AWS::Region": place.region,
            "AWS::Partition": place.partition,
            "AWS::URLSuffix": place.suffix,
        }
        if name in known:
            return known[name]
        return {"AWS::StackName": self.name, "AWS::StackId": self.stack_id}.get(name)

    def attribute(self, logical_id: str, name: str) -> Any:
        """What `Fn::GetAtt` gives."""
        if logical_id not in self.resources:
            return None
        if logical_id in self.children and name.startswith("Outputs."):
            return self.children[logical_id].output(name.removeprefix("Outputs."))
        identity = self.identity(logical_id)
        if name in identity.attributes:
            return identity.attributes[name]
        attribute = f"{logical_id}.{name}"
        return self.once(
            "attribute", attribute, lambda: self._attribute(logical_id, name), lambda: shown_hole(self._circular(f"attribute {attribute}"))
        )

    def _attribute(self, logical_id: str, name: str) -> Any:
        kind = self.type_of(logical_id)
        if kind == "AWS::SSM::Parameter" and name == "Value":
            return self.prop(logical_id, "Value")
        if kind == _CROSS_REGION_READER:
            found = self.prop(logical_id, "ReaderProps")
            imports = found.get("imports") if isinstance(found, dict) else None
            if isinstance(imports, dict) and isinstance(imports.get(name), str):
                return imports[name]
        return other_attribute(self._named(logical_id), name)

    def condition(self, name: str) -> Formula | None:
        """The condition of that name."""
        if name not in self.conditions:
            return None
        circular = f"{self.path}: condition {name} depends on itself"
        return self.once(  # type: ignore[no-any-return]
            "condition", name, lambda: self._formula(name), lambda: Unresolved(circular)
        )

    def _formula(self, name: str) -> Formula:
        saved, self.evaluator.trail = self.evaluator.trail, ["Conditions", name]
        try:
            return self.evaluator.formula(self.conditions[name])
        finally:
            self.evaluator.trail = saved

    def mapping(self, name: str) -> Mapping[str, Any] | None:
        """The mapping of that name."""
        found = self.mappings.get(name)
        return found if isinstance(found, dict) else None

    def imported(self, name: str) -> Any:
        """What the export of that name gives in this stack's account and Region."""
        if name in self._imported:
            return self._imported[name]
        cuts = self.world.depth.cuts
        found = self.world.imported(self, name)
        if cuts == self.world.depth.cuts:
            self._imported[name] = found
        return found

    def stack_output(self, stack: str, output: str, region: str, role: str) -> Any:
        """The output of another stack."""
        return self.world.stack_output(self, stack, output, region, role)

    def zones(self, region: str) -> Any:
        """Which zones there are is for the account to know."""
        return Unknown(f"availability zones of {shown(region or self.place.region)}")

    def dynamic(self, text: str) -> str:
        """The text with the values of SSM parameters of the estate, a hole for every other dynamic reference."""
        return _DYNAMIC.sub(lambda match: self.world.dynamic(self, match[1]), text)

    # --- resources and outputs ---------------------------------------------------------------------------------------------------------

    def type_of(self, logical_id: str) -> str:
        """The resource's type; empty when it has none."""
        resource = self.resources.get(logical_id)
        found = resource.get("Type") if isinstance(resource, dict) else None
        return found if isinstance(found, str) else ""

    def raw_properties(self, logical_id: str) -> Mapping[str, Any]:
        """The properties as they stand in the template."""
        resource = self.resources.get(logical_id)
        found = resource.get("Properties") if isinstance(resource, dict) else None
        return found if isinstance(found, dict) else {}

    def prop(self, logical_id: str, path: str) -> Any:
        """The resolved property at a path with dots; None where it is left out."""
        value: Any = self.raw_properties(logical_id)
        place: tuple[str, ...] = (logical_id, "Properties")
        raw = True
        for step in path.split("."):
            if raw and has_function(value):
                value, raw = self.evaluator.at(place, value), False
            if isinstance(value, Unknown):
                return value
            if not isinstance(value, dict) or step not in value:
                return None
            value, place = value[step], (*place, step)
        value = self.evaluator.at(place, value) if raw else value
        return None if value is NO_VALUE else value

    def identity(self, logical_id: str) -> Identity:
        """What the resource is called."""
        return self.once(  # type: ignore[no-any-return]
            "identity", logical_id, lambda: self._identity(logical_id), lambda: Identity(shown_hole(self._circular(logical_id)))
        )

    def _identity(self, logical_id: str) -> Identity:
        child = self.children.get(logical_id)
        if child is not None:
            return Identity(child.stack_id, child.stack_id)
        identity = identify(self._named(logical_id))
        self.world.names |= identity.names
        return identity

    def _named(self, logical_id: str) -> Named:
        path = f"{self.path}/{logical_id}"
        return Named(
            path=path,
            type=self.type_of(logical_id),
            place=self.place,
            stack_name="" if self.is_template else self.name,
            logical_id=logical_id,
            prop=lambda name: as_name(self.prop(logical_id, name), f"{path}.{name}"),
        )

    def resource_exists(self, logical_id: str) -> Formula:
        """What the existence of a resource depends on within its stack."""
        return self._condition_of(self.resources.get(logical_id))

    def _condition_of(self, entry: Any) -> Formula:
        name = entry.get("Condition") if isinstance(entry, dict) else None
        if name is None:
            return TRUE
        found = self.condition(name) if isinstance(name, str) else None
        return Unresolved(f"{self.path}: the template has no condition {name}") if found is None else found

    def output(self, name: str) -> Any:
        """The output's value; a hole when there is none."""
        return self.once("output", name, lambda: self._output(name), lambda: shown_hole(self._circular(f"output {name}")))

    def _output(self, name: str) -> Any:
        entry = self.outputs.get(name)
        if not isinstance(entry, dict) or "Value" not in entry or self._condition_of(entry) == FALSE:
            return hole(f"output {name} of {self.path}, which has none of that name")
        return self.evaluator.at(("Outputs", name, "Value"), entry["Value"])

    def output_exists(self, name: str) -> Formula:
        """What the existence of an output depends on."""
        return all_of([self.exists, self._condition_of(self.outputs.get(name))])

    def _circular(self, what: str) -> Unknown:
        return Unknown(f"{self.path}: {what} depends on itself or on too much")


def shown_hole(value: Unknown) -> str:
    """An unknown value as a piece of text."""
    return hole(value.reason)
