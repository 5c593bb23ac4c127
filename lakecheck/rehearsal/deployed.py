"""A deployed lake in somebody's own tests: clients of every account, deliveries that run pipelines, what exists."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lakecheck.progress import quiet
from lakecheck.rehearsal import course
from lakecheck.rehearsal.course import Options, StepFailed
from lakecheck.rehearsal.deployment import steps
from lakecheck.rehearsal.lake import deliveries
from lakecheck.rehearsal.lake.samples import Delivery
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakecheck.progress import Tell
    from lakecheck.rehearsal.course import Stage
    from lakecheck.rehearsal.lake.deliveries import Run
    from lakecheck.rehearsal.model import ResourceResult


class DeployedLake:
    """An assembly that is deployed into an emulator; `deployed` gives one.

    Args:
        stage: What it is deployed on.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts, in the order of the stacks."""
        return self._stage.chosen.accounts

    @property
    def endpoint(self) -> str:
        """Where the emulator answers, for clients of one's own (`AWS_ENDPOINT_URL`)."""
        return self._stage.emulator.endpoint

    def environment(self, account: str | None = None) -> dict[str, str]:
        """The environment variables with which a program calls the emulator in an account; the first one when left out."""
        name, region = self._place(account)
        return self._stage.clients.credentials(name).environment(self.endpoint, region)

    def client(self, service: str, account: str | None = None, region: str | None = None) -> Any:
        """boto3's client of a service.

        Args:
            service: boto3's name.
            account: Twelve digits; the first account when left out.
            region: The account's Region when left out.
        """
        name, default = self._place(account)
        return self._stage.clients(service, account=name, region=default if region is None else region)

    def resources(self, resource_type: str) -> list[dict[str, Any]]:
        """The deployed resources of a type: `logical_id`, `physical_id`, `properties` (resolved), `stack`, `account`, `region`."""
        return [
            {**one, "stack": stack["name"], "account": stack["account"], "region": stack["region"]}
            for stack in self._stage.stacks()
            for one in stack["resources"]
            if one["type"] == resource_type
        ]

    def deliver(self, file: Path, key: str) -> Run:
        """Puts a file into landing, and returns once everything that it started has ended.

        Args:
            file: The file.
            key: `<domain>/<product>/<table>/<name>`.

        Raises:
            DataLakeError: `no_landing` when no pipeline waits for it.
        """
        return deliveries.deliver(self._stage, Delivery(path=file, key=key))

    def compare(self) -> tuple[ResourceResult, ...]:
        """Every resource of the templates, held against what the plain APIs return."""
        steps.compare(self._stage)
        return self._stage.results

    def _place(self, account: str | None) -> tuple[str, str]:
        for name, region in self._stage.chosen.places:
            if account in (None, name):
                return name, region
        msg = f"got the account {account!r}; deployed are {', '.join(self.accounts)}"
        raise DataLakeError(msg, code="no_such_account")


@contextmanager
def deployed(assembly: Path, environment: str | None = None, *, tell: Tell = quiet) -> Iterator[DeployedLake]:
    """Deploys an assembly into an emulator of its own; all of it is gone after the block.

    Args:
        assembly: The folder that `cdk synth` wrote.
        environment: Name of a stage; everything when left out, if there are not several stages.
        tell: Is told what goes on; nobody is when left out.

    Raises:
        DataLakeError: If it cannot be deployed: `rehearsal_not_deployed`, and what `course.rehearse` raises.

    Example:
        ```python
        with deployed(Path("cdk.out"), "Dev") as lake:
            print(lake.client("glue").get_databases()["DatabaseList"])
        ```
    """
    with course.opened(Options(assembly=assembly, environment=environment), tell) as stage:
        try:
            steps.bootstrap(stage)
            steps.deploy(stage)
        except StepFailed as failed:
            raise DataLakeError(failed.reason, code="rehearsal_not_deployed", where=str(assembly)) from failed
        yield DeployedLake(stage)
