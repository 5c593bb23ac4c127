"""What stacks know of each other: exports, outputs, SSM parameters, given parameters, over all templates of an estate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.intrinsics import Depth
from lakecheck.formula import FALSE
from lakecheck.values import Unknown, has_hole, hole, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lakecheck.assembly.model import StackTemplate
    from lakecheck.assembly.places import Place
    from lakecheck.assembly.scopes import StackScope

_PARAMETER: Final = "AWS::SSM::Parameter"
_CROSS_REGION_WRITER: Final = "Custom::CrossRegionExportWriter"
_ARN_PARTS: Final = 6
_PLACE: Final = ("AWS::AccountId", "AWS::Region")

_Key = tuple[str, str, str]
_Item = tuple["StackScope", str, str]


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
        self._importers: dict[str, dict[tuple[Place, str], None]] = {}
        self._given = parameters
        self._exports: _Index | None = None
        self._ssm: _Index | None = None
        self._stacks: dict[_Key, list[StackScope]] | None = None

    def given(self, scope: StackScope, name: str) -> str | None:
        """The value given for a stack's parameter; one without a stack's name is for stacks that are not nested."""
        return self._value((f"{scope.path}:{name}", f"{scope.stack.stack_name}:{name}", *([name] if scope.parent is None else [])))

    def deployed_to(self, stack: StackTemplate, path: str) -> tuple[str, str]:
        """The account and Region of a stack: as bound, else as given (`AWS::AccountId`, `AWS::Region`), else empty."""
        account, region = (self._value((f"{path}:{name}", f"{stack.stack_name}:{name}", name)) or "" for name in _PLACE)
        return stack.account or account, stack.region or region

    def _value(self, keys: Iterable[str]) -> str | None:
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
                for name in (*scope.parameters, *_open_place(scope.stack))
            )
        ]

    # --- exports -----------------------------------------------------------------------------------------------------------------------

    def imported(self, scope: StackScope, name: str) -> Any:
        """The export's value in the importing stack's account and Region.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html
        """
        index = self._all_exports()
        place = scope.place
        self._importers.setdefault(name, {})[place, scope.stack.path] = None
        where = f"{shown(place.account)}/{shown(place.region)}"
        found = self._closest(scope, self._existing(index.at((place.account, place.region, name))))
        if not found and not has_hole(name):
            found = [each for key, entries in index.named(name) if _may_be(place, key) for each in self._existing(entries)]
            found = found if len(found) == 1 else []
        if not found:
            return hole(f"export {shown(name)} of {where}")
        return self._one([each.output(output) for each, output, _ in found], f"export {shown(name)} of {where}")

    def _all_exports(self) -> _Index:
        if self._exports is None:
            self._exports = _Index()
            for each in self.scopes:
                for output, entry in each.outputs.items():
                    self._add_export(self._exports, each, output, entry)
        return self._exports

    def exports(self) -> list[tuple[StackScope, str, str]]:
        """Every export that exists or may exist: its stack, its output, its name; in the templates' order."""
        names = {(id(scope), output): key[2] for key, items in self._all_exports().all() for scope, output, _ in self._existing(items)}
        return [
            (scope, output, names[id(scope), output]) for scope in self.scopes for output in scope.outputs if (id(scope), output) in names
        ]

    def importers_of(self, place: Place, name: str) -> tuple[str, ...]:
        """Construct paths of the stacks that were seen to import what a place exports under a name."""
        found = (path for other, path in self._importers.get(name, ()) if _may_be(place, (other.account, other.region, name)))
        return tuple(dict.fromkeys(found))

    def _add_export(self, index: _Index, scope: StackScope, output: str, entry: Any) -> None:
        export = entry.get("Export") if isinstance(entry, dict) else None
        name = export.get("Name") if isinstance(export, dict) else None
        if name is None:
            return

        def evaluated() -> str:
            text = scope.evaluator.as_text(scope.evaluator.at(("Outputs", output, "Export", "Name"), name))
            return str(text)

        index.add(scope, name, (scope, output, ""), lambda: scope.once("export name", output, evaluated, lambda: ""))

    def _existing(self, found: list[_Item]) -> list[_Item]:
        return [each for each in found if each[0].output_exists(each[1]) != FALSE]

    def _closest(self, scope: StackScope, found: list[_Item]) -> list[_Item]:
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
            for each, *_ in self._closest(scope, [(each, "", "") for each in self._stacks.get((account, region, name), [])])
            if output in each.outputs and each.output_exists(output) != FALSE
        ]
        if not found:
            return hole(what)
        return self._one([each.output(output) for each in found], what)

    # --- SSM ---------------------------------------------------------------------------------------------------------------------------

    def ssm_value(self, scope: StackScope, name: str) -> str:
        """The value of an SSM parameter in the stack's account and Region; a hole when no template has it."""
        if self._ssm is None:
            self._ssm = _Index()
            for each in self.scopes:
                for logical_id in each.resources:
                    self._add_ssm(self._ssm, each, logical_id)
        place = scope.place
        what = f"SSM parameter {shown(name)} of {shown(place.account)}/{shown(place.region)}"
        found = self._ssm.at((place.account, place.region, name))
        values = [self._ssm_text(*each) for each in found if each[0].resource_exists(each[1]) != FALSE]
        known = [value for value in values if value is not None]
        return str(self._one(known, what)) if known and len(known) == len(values) else hole(what)

    def _add_ssm(self, index: _Index, scope: StackScope, logical_id: str) -> None:
        kind = scope.type_of(logical_id)
        if kind not in {_PARAMETER, _CROSS_REGION_WRITER}:
            return
        properties = scope.raw_properties(logical_id)
        if kind == _PARAMETER:
            name = properties.get("Name")
            index.add(scope, name, (scope, logical_id, "Value"), lambda: scope.identity(logical_id).ref)
            return
        written = properties.get("WriterProps")
        exports, region = (written.get("exports"), written.get("region")) if isinstance(written, dict) else (None, None)
        for name in exports if isinstance(exports, dict) and isinstance(region, str) else ():
            index.add(scope, name, (scope, logical_id, name), lambda: "", region=region)

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


class _Index:
    """Things by account, Region and a name; a name that is no plain text is worked out when the index is first asked."""

    def __init__(self) -> None:
        self._known: dict[_Key, list[_Item]] = {}
        self._pending: list[tuple[StackScope, _Item, Callable[[], str]]] = []

    def add(self, scope: StackScope, name: Any, item: _Item, evaluated: Callable[[], str], *, region: str | None = None) -> None:
        """Adds a thing of a stack."""
        if isinstance(name, str) and name.isascii() and "{{" not in name:
            self._put(scope, scope.place.region if region is None else region, name, item)
        else:
            self._pending.append((scope, item, evaluated))

    def _put(self, scope: StackScope, region: str, name: str, item: _Item) -> None:
        self._known.setdefault((scope.place.account, region, name), []).append(item)

    def _settle(self) -> None:
        """Works out the other names; a name that needs this index itself finds all but those that need it in turn."""
        while self._pending:
            scope, item, evaluated = self._pending.pop(0)
            self._put(scope, scope.place.region, evaluated(), item)

    def at(self, key: _Key) -> list[_Item]:
        """What has exactly this key."""
        self._settle()
        return self._known.get(key, [])

    def all(self) -> list[tuple[_Key, list[_Item]]]:
        """Everything."""
        self._settle()
        return list(self._known.items())

    def named(self, name: str) -> list[tuple[_Key, list[_Item]]]:
        """What has the name in any account and Region."""
        self._settle()
        return [(key, entries) for key, entries in self._known.items() if key[2] == name]


def _may_be(place: Place, key: _Key) -> bool:
    """Whether an account and a Region that are not bound may be those of the place."""
    pairs = ((place.account, key[0]), (place.region, key[1]))
    return all(one == other or has_hole(one) or has_hole(other) for one, other in pairs)


def _open_place(stack: StackTemplate) -> tuple[str, ...]:
    """What may be given of a stack that is bound to no account or no Region."""
    return tuple(name for name, bound in zip(_PLACE, (stack.account, stack.region), strict=True) if not bound)


def _account_of(role: str) -> str:
    parts = role.split(":", _ARN_PARTS - 1)
    return parts[4] if len(parts) == _ARN_PARTS else ""
