"""What stacks know of each other: exports, outputs, SSM parameters, given parameters, over all templates of an estate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.intrinsics import Depth
from lakecheck.formula import FALSE
from lakecheck.values import Unknown, has_hole, hole, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakecheck.assembly.scopes import StackScope

_PARAMETER: Final = "AWS::SSM::Parameter"
_CROSS_REGION_WRITER: Final = "Custom::CrossRegionExportWriter"
_ARN_PARTS: Final = 6

_Key = tuple[str, str, str]


class World:
    """All templates together.

    Args:
        parameters: Given values, `Name` or `Stack:Name`.
    """

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self.depth = Depth()
        self.scopes: list[StackScope] = []
        self.names: set[str] = set()
        """The holes that stand for names, accounts and Regions."""
        self.not_found: dict[str, None] = {}
        self._given = parameters
        self._exports: dict[_Key, list[tuple[StackScope, str]]] | None = None
        self._ssm: dict[_Key, list[tuple[StackScope, str, str]]] | None = None
        self._stacks: dict[_Key, list[StackScope]] | None = None

    def given(self, scope: StackScope, name: str) -> str | None:
        """The value given for a stack's parameter; one without a stack's name is for stacks that are not nested."""
        keys = [f"{scope.path}:{name}", f"{scope.stack.stack_name}:{name}", *([name] if scope.parent is None else [])]
        for key in keys:
            if key in self._given:
                return self._given[key]
        return None

    def unused(self) -> list[str]:
        """The given parameters that no stack has."""
        return [
            key
            for key in self._given
            if not any(
                key in (f"{scope.path}:{name}", f"{scope.stack.stack_name}:{name}", name)
                for scope in self.scopes
                for name in scope.parameters
            )
        ]

    # --- exports -----------------------------------------------------------------------------------------------------------------------

    def imported(self, scope: StackScope, name: str) -> Any:
        """The export's value in the importing stack's account and Region.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html
        """
        if self._exports is None:
            self._exports = {}
            for each in self.scopes:
                for output, entry in each.outputs.items():
                    self._add_export(each, output, entry)
        place = scope.place
        where = f"{shown(place.account)}/{shown(place.region)}"
        found = self._closest(scope, self._exports.get((place.account, place.region, name), []))
        if not found:
            if not has_hole(name):
                self.not_found[f"{scope.path}: no stack exports {name} in {where}"] = None
            return hole(f"export {shown(name)} of {where}")
        return self._one([each.output(output) for each, output in found], f"export {shown(name)} of {where}")

    def _add_export(self, scope: StackScope, output: str, entry: Any) -> None:
        export = entry.get("Export") if isinstance(entry, dict) else None
        name = export.get("Name") if isinstance(export, dict) else None
        if name is None or scope.output_exists(output) == FALSE:
            return
        text = scope.evaluator.as_text(scope.evaluator.at(("Outputs", output, "Export", "Name"), name))
        if self._exports is not None:
            self._exports.setdefault((scope.place.account, scope.place.region, text), []).append((scope, output))

    def _closest(self, scope: StackScope, found: list[tuple[StackScope, str]]) -> list[tuple[StackScope, str]]:
        """Of several, those of the same environment and assembly: stacks of two Stages may not know their accounts."""
        for same in (
            [each for each in found if each[0].assembly == scope.assembly and each[0].stack.environment == scope.stack.environment],
            [each for each in found if each[0].assembly == scope.assembly],
        ):
            if same:
                return same
        return found

    def _one(self, values: list[Any], what: str) -> Any:
        return values[0] if all(value == values[0] for value in values) else hole(f"{what}, of which there are several")

    def stack_output(self, scope: StackScope, stack: str, output: str, region: str, role: str) -> Any:
        """The output of a stack by its name or ARN, in the role's account and the Region, by default the asking stack's.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
        """
        if self._stacks is None:
            self._stacks = {}
            for each in self.scopes:
                self._stacks.setdefault((each.place.account, each.place.region, each.name), []).append(each)
        account, region, name = _account_of(role) or scope.place.account, region or scope.place.region, stack
        parts = stack.split(":", _ARN_PARTS - 1)
        if len(parts) == _ARN_PARTS and parts[0] == "arn":
            region, account, name = parts[3], parts[4], parts[5].removeprefix("stack/").split("/")[0]
        what = f"output {shown(output)} of stack {shown(name)} in {shown(account)}/{shown(region)}"
        found = [
            each
            for each, _ in self._closest(scope, [(each, "") for each in self._stacks.get((account, region, name), [])])
            if output in each.outputs and each.output_exists(output) != FALSE
        ]
        if not found:
            self.not_found[f"{scope.path}: there is no {what}"] = None
            return hole(what)
        return self._one([each.output(output) for each in found], what)

    # --- SSM ---------------------------------------------------------------------------------------------------------------------------

    def ssm_value(self, scope: StackScope, name: str) -> str:
        """The value of an SSM parameter in the stack's account and Region; a hole when no template has it."""
        if self._ssm is None:
            self._ssm = {}
            for each in self.scopes:
                for logical_id in each.resources:
                    self._add_ssm(each, logical_id)
        place = scope.place
        what = f"SSM parameter {shown(name)} of {shown(place.account)}/{shown(place.region)}"
        found = self._ssm.get((place.account, place.region, name), [])
        values = [self._ssm_text(each, logical_id, path) for each, logical_id, path in found]
        known = [value for value in values if value is not None]
        return str(self._one(known, what)) if known and len(known) == len(values) else hole(what)

    def _add_ssm(self, scope: StackScope, logical_id: str) -> None:
        kind = scope.type_of(logical_id)
        if self._ssm is None or kind not in {_PARAMETER, _CROSS_REGION_WRITER} or scope.resource_exists(logical_id) == FALSE:
            return
        account, region = scope.place.account, scope.place.region
        if kind == _PARAMETER:
            name = scope.prop(logical_id, "Name")
            if isinstance(name, str):
                self._ssm.setdefault((account, region, name), []).append((scope, logical_id, "Value"))
            return
        written = scope.prop(logical_id, "WriterProps.region"), scope.raw_properties(logical_id).get("WriterProps")
        exports = written[1].get("exports") if isinstance(written[1], dict) else None
        for name in exports if isinstance(exports, dict) and isinstance(written[0], str) else ():
            self._ssm.setdefault((account, str(written[0]), name), []).append((scope, logical_id, name))

    def _ssm_text(self, scope: StackScope, logical_id: str, path: str) -> str | None:
        def value() -> Any:
            if path == "Value":
                return scope.prop(logical_id, "Value")
            return scope.evaluator.at(
                (logical_id, "Properties", "WriterProps", "exports", path), scope.raw_properties(logical_id)["WriterProps"]["exports"][path]
            )

        found = scope.once("ssm", f"{logical_id} {path}", value, lambda: None)
        return None if found is None or isinstance(found, Unknown | list | dict) else scope.evaluator.as_text(found)

    def dynamic(self, scope: StackScope, reference: str) -> str:
        """What a dynamic reference gives; its text is without the braces and `resolve:`.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
        """
        service, _, name = reference.partition(":")
        if service == "ssm" and ":" not in name:
            return self.ssm_value(scope, name)
        place = scope.place
        return hole(f"{shown(reference)} of {shown(place.account)}/{shown(place.region)}")


def _account_of(role: str) -> str:
    parts = role.split(":", _ARN_PARTS - 1)
    return parts[4] if len(parts) == _ARN_PARTS else ""
