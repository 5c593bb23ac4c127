"""One state of an app: its assembly and what is made of it, each once, when it is first asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from lakecheck.progress import quiet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lakecheck.access.model import Matrix
    from lakecheck.access.questions import Questions
    from lakecheck.assembly import Assembly, Resolution, StackTemplate
    from lakecheck.assembly.resources import Resource
    from lakecheck.estate.model import Estate
    from lakecheck.progress import Tell


class Snapshot:
    """What all checks of a run look at together.

    Args:
        assembly: What was synthesized.
        parameters: Values of templates' parameters, by `Stack:Name` or `Name`; their defaults when left out.
        supplement: The estate.yaml; none when left out.
        progress: Told what goes on; nobody when left out.
    """

    def __init__(
        self,
        assembly: Assembly,
        *,
        parameters: Mapping[str, str] | None = None,
        supplement: Path | None = None,
        progress: Tell = quiet,
    ) -> None:
        self.assembly = assembly
        self.supplement = supplement
        self._parameters = parameters
        self._progress = progress

    def is_same_as(self, other: Snapshot) -> bool:
        """Whether another state has the same templates, parameters and supplement, so that all that is made of them is the same.

        Args:
            other: The other state.
        """
        mine = self.assembly.stacks, self._parameters, self.supplement
        return mine == (other.assembly.stacks, other._parameters, other.supplement)

    def named_like(self, stacks: Mapping[str, StackTemplate]) -> Snapshot:
        """The same state, with stacks called as in another one, so that what is only known by a name is the same in both.

        Args:
            stacks: By construct path the stack whose names are taken.
        """
        paths = {path: other.path for path, other in stacks.items()}
        renamed = tuple(
            replace(
                stack,
                environment=stacks[stack.path].environment if stack.path in stacks else stack.environment,
                path=paths.get(stack.path, stack.path),
                parent=None if stack.parent is None else paths.get(stack.parent, stack.parent),
                stack_name=stack.stack_name if stack.parent is None else paths.get(stack.path, stack.stack_name),
            )
            for stack in self.assembly.stacks
        )
        given = {
            f"{paths.get(stack, stack)}{colon}{name}": value
            for key, value in ({} if self._parameters is None else self._parameters).items()
            for stack, colon, name in [key.rpartition(":")]
        }
        assembly = replace(self.assembly, stacks=renamed)
        return Snapshot(assembly, parameters=given, supplement=self.supplement, progress=self._progress)

    @cached_property
    def resolution(self) -> Resolution:
        """Every resource, with all that can be told of its properties."""
        from lakecheck.assembly.resolution import resolve  # noqa: PLC0415 - the commands that need none of it are to be quick

        self._progress("resolving templates")
        return resolve([self.assembly], parameters=self._parameters)

    @cached_property
    def by_type(self) -> Mapping[str, tuple[Resource, ...]]:
        """The resources by their type, in the templates' order."""
        found: dict[str, list[Resource]] = {}
        for resource in self.resolution.resources:
            found.setdefault(resource.type, []).append(resource)
        return {kind: tuple(resources) for kind, resources in found.items()}

    @cached_property
    def estate(self) -> Estate:
        """Accounts, principals, data and rights.

        Raises:
            InvalidInput: If the supplement cannot be read.
        """
        from lakecheck.estate.build import build_estate  # noqa: PLC0415
        from lakecheck.estate.supplement import load_supplement  # noqa: PLC0415

        stated = None if self.supplement is None else load_supplement(self.supplement)
        self._progress("principals, data, grants")
        return build_estate(self.resolution, supplement=stated)

    @cached_property
    def questions(self) -> Questions:
        """Who may do what."""
        from lakecheck.access.questions import Questions  # noqa: PLC0415

        return Questions(self.estate)

    @cached_property
    def matrix(self) -> Matrix:
        """Who can reach which data through which door."""
        from lakecheck.access.matrix import build_matrix  # noqa: PLC0415

        return build_matrix(self.estate, questions=self.questions, progress=self._progress)
