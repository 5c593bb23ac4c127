"""Resolves all templates of an estate into resources: what each one is called, what its properties are, as far as can be told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lakecheck.assembly.exports import World
from lakecheck.assembly.identities import arn_of
from lakecheck.assembly.places import Place
from lakecheck.assembly.resources import Origin, Resource
from lakecheck.assembly.scopes import NESTED_STACK, StackScope
from lakecheck.assembly.serverless import TRANSFORM, expanded, is_unseen, transforms
from lakecheck.formula import FALSE, all_of
from lakecheck.values import Unknown, hole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lakecheck.assembly.model import Assembly

__all__ = ["Resolution", "arn_of", "resolve"]

_RETAINED: Final = ("Retain", "RetainExceptOnCreate")
_FOLLOWED: Final = ("AWS::LanguageExtensions", TRANSFORM)
_MOST_LEVELS: Final = 40
_MAKES_OTHERS: Final = {
    "AWS::CloudFormation::StackSet": "the stacks of a stack set are not seen",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": "what a provisioned product makes is not seen",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """An output that other stacks of its account and Region may import.

    Attributes:
        environment: The Stage.
        stack: Construct path of the stack.
        output: The output.
        account: The account id, or a hole.
        region: The Region, or a hole.
        name: What it is imported by, perhaps with holes.
        value: The resolved value.
        importers: Construct paths of the stacks whose resources import it, as far as their templates are there.
    """

    environment: str
    stack: str
    output: str
    account: str
    region: str
    name: str
    value: Any
    importers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """What the templates say.

    Attributes:
        resources: Every resource that exists or may exist, in the templates' order.
        not_known: What could not be told beyond single values, such as a macro that makes resources.
        exports: Every exported output that exists or may exist.
    """

    resources: tuple[Resource, ...]
    not_known: tuple[str, ...] = ()
    exports: tuple[Export, ...] = ()


def resolve(assemblies: Sequence[Assembly], *, parameters: Mapping[str, str] | None = None) -> Resolution:
    """All resources of all templates, everything in them resolved that can be; never raises for a bad template.

    A piece of text that is not known is a hole, any other value that is not known an `Unknown` (`lakecheck.values`); neither is ever left
    out. A resource whose condition is known to be false is left out; one whose condition is not known says so in `origin.exists`.

    Args:
        assemblies: Assemblies of all accounts that refer to each other.
        parameters: Values of template parameters, by `Name` or, for one stack, `Stack:Name` with the stack's name or construct path. A
            parameter that is left out has its default, or is not known. `AWS::AccountId` and `AWS::Region` say where stacks are deployed
            that are bound to no account or Region, as single templates are.

    Example:
        >>> from lakecheck.assembly.model import Assembly, StackTemplate
        >>> template = {"Resources": {
        ...     "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "lake-${AWS::Region}"}}},
        ...     "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Bucket"}}}}}
        >>> stack = StackTemplate(
        ...     environment="Prod", account="444455556666", region="eu-west-1", stack_name="Lake", path="Prod/Lake", parent=None, file="",
        ...     size=0, template=template, bare=template, construct_paths={}, sources={}, termination_protection=False)
        >>> resolution = resolve([Assembly(directory="cdk.out", version="", stacks=(stack,))])
        >>> [resource.properties for resource in resolution.resources]
        [{'BucketName': 'lake-eu-west-1'}, {'Bucket': 'lake-eu-west-1'}]
    """
    world = World({} if parameters is None else parameters)
    _read(world, assemblies)
    resources = tuple(resource for scope in world.scopes for resource in _resources(scope))
    notes = [note for scope in world.scopes for note in (*scope.problems, *_macros(scope))]
    unused = [f"the given parameter {key} belongs to no stack" for key in world.unused()]
    return Resolution(resources=resources, not_known=tuple(dict.fromkeys([*notes, *unused])), exports=tuple(_exports(world)))


def _exports(world: World) -> Iterator[Export]:
    for scope, output, name in world.exports():
        place = scope.place
        yield Export(
            environment=scope.stack.environment,
            stack=scope.stack.path,
            output=output,
            account=place.account,
            region=place.region,
            name=name,
            value=scope.output(output),
            importers=world.importers_of(place, name),
        )


def _read(world: World, assemblies: Sequence[Assembly]) -> None:
    taken: set[str] = set()
    for number, assembly in enumerate(assemblies, 1):
        of = f" of assembly {number}" if len(assemblies) > 1 else ""
        by_path: dict[str, StackScope] = {}
        for stack in assembly.stacks:
            path = stack.path if stack.path not in taken else f"{stack.path} (stack {len(world.scopes) + 1})"
            taken.add(path)
            account, region = world.deployed_to(stack, path)
            account, region = account or hole(f"account{of}"), region or hole(f"region{of}")
            world.names |= {hole(f"account{of}"), hole(f"region{of}")}
            bare, notes = expanded(stack.bare)
            made = stack if bare is stack.bare else replace(stack, bare=bare)
            scope = StackScope(world, made, Place(account, region), assembly=number, path=path, is_template=assembly.is_template)
            scope.problems += [f"{path}/{logical_id}: {note}" for logical_id, note in notes.items()]
            parent = by_path.get(stack.parent) if stack.parent is not None else None
            if parent is not None and stack.parent_logical_id in parent.resources and parent.level < _MOST_LEVELS:
                scope.parent, scope.level = parent, parent.level + 1
                parent.children[stack.parent_logical_id] = scope
            elif stack.parent is not None:
                scope.problems.append(f"{path}: the resource that makes this nested stack is not found, so what it passes is not known")
            by_path.setdefault(stack.path, scope)
            world.scopes.append(scope)


def _resources(scope: StackScope) -> Iterator[Resource]:
    stack_exists = scope.exists
    if stack_exists == FALSE:
        return
    for logical_id, raw in scope.resources.items():
        kind = scope.type_of(logical_id)
        if not kind:
            scope.problems.append(f"{scope.path}/{logical_id}: the resource has no `Type`, so it is not seen")
            continue
        if missing := _unseen(scope, logical_id, kind):
            scope.problems.append(f"{scope.path}/{logical_id}: {missing}")
        exists = all_of([stack_exists, scope.resource_exists(logical_id)])
        if exists == FALSE:
            continue
        identity = scope.identity(logical_id)
        yield Resource(
            origin=Origin(
                environment=scope.stack.environment,
                stack=scope.stack.path,
                logical_id=logical_id,
                construct_path=scope.stack.construct_paths.get(logical_id, ""),
                source=scope.stack.sources.get(logical_id, ""),
                exists=exists,
            ),
            account=scope.place.account,
            region=scope.place.region,
            partition=scope.place.partition,
            type=kind,
            properties=_properties(scope, logical_id, raw.get("Properties")),
            ref=identity.ref,
            attributes=identity.attributes,
            arn=identity.arn,
            retained=scope.evaluator.at((logical_id, "DeletionPolicy"), raw.get("DeletionPolicy")) in _RETAINED,
        )


def _unseen(scope: StackScope, logical_id: str, kind: str) -> str:
    """Why a resource makes others that no template of the estate shows; empty when it does not."""
    if kind == NESTED_STACK and logical_id not in scope.children:
        return "the nested stack's template is not in the assembly, so its resources are not seen"
    if is_unseen(kind):
        return f"{kind} is not followed: what the transform makes of it is not seen"
    if kind.endswith("::MODULE"):
        return "the resources of a module are not seen"
    return _MAKES_OTHERS.get(kind, "")


def _properties(scope: StackScope, logical_id: str, raw: Any) -> Mapping[str, Any]:
    if raw is None:
        return {}
    value = scope.evaluator.at((logical_id, "Properties"), raw)
    if isinstance(value, dict):
        return value
    reason = value if isinstance(value, Unknown) else Unknown(f"{scope.path}/{logical_id}.Properties: no object")
    scope.problems.append(f"{reason.reason}, so its properties are not known")
    return {"Fn::Transform": reason}


def _macros(scope: StackScope) -> Iterator[str]:
    for name in transforms(scope.stack.bare):
        if name not in _FOLLOWED:
            yield f"{scope.path}: the template is changed by {name if isinstance(name, str) else 'a macro'}, whose work is not seen"
