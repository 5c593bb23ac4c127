"""The typed form of an assembly; nothing here reads files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_ENVIRONMENT = "—"
"""What stands for the environment of a stack outside any Stage."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StackTemplate:
    """One template: a stack's, or that of a stack nested in it.

    Attributes:
        environment: Name of the Stage it is in, `NO_ENVIRONMENT` when in none.
        account: Account id; None when the stack is not bound to one.
        region: Region; None when the stack is not bound to one.
        stack_name: Name in CloudFormation; a nested stack has its construct's path.
        path: Construct path, such as `Prod/Storage`.
        parent: Construct path of the stack that a nested stack is in.
        file: The template's path below the assembly.
        size: The template's bytes, as they are uploaded.
        template: The template as written.
        bare: The template without `Metadata`, its own and each resource's: what is judged, so that nothing can silence a check.
        construct_paths: Construct path by logical id, where known.
        sources: `file:line` of the code that made it by logical id, where known.
        termination_protection: Whether the stack is protected from deletion.
        parent_logical_id: Of a nested stack: the resource of its parent that makes it.
    """

    environment: str
    account: str | None
    region: str | None
    stack_name: str
    path: str
    parent: str | None
    file: str
    size: int
    template: Mapping[str, Any] = field(repr=False)
    bare: Mapping[str, Any] = field(repr=False)
    construct_paths: Mapping[str, str] = field(repr=False)
    sources: Mapping[str, str] = field(repr=False)
    termination_protection: bool
    parent_logical_id: str = ""

    @property
    def resources(self) -> Mapping[str, Any]:
        """The resources without their metadata; empty when the template's section is no object."""
        resources = self.bare.get("Resources")
        return resources if isinstance(resources, dict) else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    """A rule that the code acknowledges on a construct and below; fields as in `lakecheck.findings.Acknowledged`."""

    path: str
    rule: str
    reason: str
    owner: str | None = None
    expires: str | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """One rule broken by one construct, as a validation plugin reported it at synth.

    Attributes:
        rule: The rule's name without the plugin's prefix.
        description: The plugin's words.
        severity: The plugin's word: `error`, `warning` or another.
        construct_path: The construct.
        logical_id: The resource, if the plugin says so.
        source: `file:line` of the code that made the construct, where the report tells.
        acknowledged_rule: Id of the acknowledgement that covers it; None for an open violation.
        acknowledged_at: Construct path the acknowledgement stands on.
        reason: The acknowledgement's reason.
    """

    rule: str
    description: str
    severity: str
    construct_path: str
    logical_id: str = ""
    source: str = ""
    acknowledged_rule: str | None = None
    acknowledged_at: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginReport:
    """What one validation plugin said; CDK lists a plugin only if it found something or something is acknowledged."""

    name: str
    version: str
    violations: tuple[Violation, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidationReport:
    """`validation-report.json` of an assembly."""

    plugins: tuple[PluginReport, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Assembly:
    """Everything that one synth wrote.

    Attributes:
        directory: As the user named it.
        version: The manifest's schema version; empty for a single template.
        stacks: Every template, in the manifest's order, nested stacks after the one they are in.
        acknowledgements: Every acknowledgement in the assembly's metadata.
        report: None when the assembly has no `validation-report.json`.
        is_template: It is a single template file, which has neither metadata nor report.
    """

    directory: str
    version: str
    stacks: tuple[StackTemplate, ...]
    acknowledgements: tuple[Acknowledgement, ...] = ()
    report: ValidationReport | None = None
    is_template: bool = False

    @property
    def environments(self) -> tuple[str, ...]:
        """The Stages' names in the stacks' order."""
        return tuple(dict.fromkeys(stack.environment for stack in self.stacks))

    @property
    def accounts(self) -> tuple[str, ...]:
        """The known account ids, in the stacks' order."""
        return tuple(dict.fromkeys(stack.account for stack in self.stacks if stack.account is not None))

    @property
    def resource_count(self) -> int:
        """The resources of all templates together."""
        return sum(len(stack.resources) for stack in self.stacks)

    def stack_of(self, construct_path: str) -> StackTemplate | None:
        """The innermost stack that a construct is in; None for one above all stacks."""
        inside = [stack for stack in self.stacks if construct_path == stack.path or construct_path.startswith(f"{stack.path}/")]
        return max(inside, key=lambda stack: len(stack.path), default=None)
