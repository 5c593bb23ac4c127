"""Operations of Glue that moto lacks: updates of what it can make, and table optimizers, which are kept and never run."""

from __future__ import annotations

from typing import Any, Final

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import camelcase_to_underscores, utcnow
from moto.glue.exceptions import AlreadyExistsException, EntityNotFoundException, InvalidInputException
from moto.glue.models import FakeConnection, FakeCrawler, FakeJob, FakeTrigger, GlueBackend
from moto.glue.responses import GlueResponse
from moto.glue.utils import Action, Predicate

_DROPPED: Final = {
    # what moto takes from a request and forgets; of it the first alone has an effect on runs
    FakeJob: ("JobRunQueuingEnabled", "JobMode", "MaintenanceWindow"),
    FakeCrawler: ("LakeFormationConfiguration",),
}
_OPTIMIZERS: Final = ("compaction", "retention", "orphan_file_deletion")


def install() -> None:
    """Puts the operations into moto."""
    for model, names in _DROPPED.items():
        _return_too(model, names)
    GlueBackend.create_registry = _create_registry  # moto keeps no tags of one
    GlueResponse.create_job = _create_job
    GlueResponse.create_crawler = _create_crawler
    FakeConnection.as_dict = _shown_connection
    for name, answer in _ADDED.items():
        setattr(GlueResponse, name, answer)


_create_registry_in_moto = GlueBackend.create_registry
_create_job_in_moto = GlueResponse.create_job
_create_crawler_in_moto = GlueResponse.create_crawler
_connection_in_moto = FakeConnection.as_dict
_shown_in_moto = {model: model.as_dict for model in _DROPPED}


def _return_too(model: Any, names: tuple[str, ...]) -> None:
    original = _shown_in_moto[model]

    def as_dict(self: Any) -> dict[str, Any]:
        kept = {name: getattr(self, camelcase_to_underscores(name), None) for name in names}
        return {**original(self), **{name: value for name, value in kept.items() if value is not None}}

    model.as_dict = as_dict


def _shown_connection(self: Any, hide_password: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - the signature is moto's
    """Shows the whole input: moto keeps it, and shows a part of it, not even the connection's type."""
    return {**self.connection_input, **_connection_in_moto(self, hide_password)}


def _keep(model: Any, thing: Any, stated: dict[str, Any]) -> None:
    for name in _DROPPED[model]:
        setattr(thing, camelcase_to_underscores(name), stated.get(name))


def _create_registry(self: GlueBackend, registry_name: str, description: str | None = None, tags: dict[str, str] | None = None) -> Any:
    made = _create_registry_in_moto(self, registry_name, description, tags)
    self.tag_resource(self.registries[registry_name].registry_arn, tags)
    return made


def _create_job(self: Any) -> ActionResult:
    name = self.parameters["Name"]
    if name in self.glue_backend.jobs:  # moto overwrites it
        raise AlreadyExistsException(f"Job {name}")
    answer: ActionResult = _create_job_in_moto(self)
    _keep(FakeJob, self.glue_backend.get_job(name), self.parameters)
    return answer


def _update_job(self: Any) -> ActionResult:
    """Replaces the whole definition, as https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateJob.html says."""
    name, stated = self.parameters["JobName"], self.parameters["JobUpdate"]
    job = self.glue_backend.get_job(name)
    for member in (
        "Description",
        "LogUri",
        "Role",
        "Command",
        "NonOverridableArguments",
        "Connections",
        "AllocatedCapacity",
        "Timeout",
        "MaxCapacity",
        "WorkerType",
        "NumberOfWorkers",
        "SecurityConfiguration",
        "NotificationProperty",
        "GlueVersion",
        "CodeGenConfigurationNodes",
        "SourceControlDetails",
    ):
        setattr(job, camelcase_to_underscores(member), stated.get(member))
    job.execution_property = stated.get("ExecutionProperty") or {}
    job.default_arguments = stated.get("DefaultArguments") or {}
    job.max_retries = stated.get("MaxRetries", 0)
    job.execution_class = stated.get("ExecutionClass") or "STANDARD"
    job.last_modified_on = utcnow()
    _keep(FakeJob, job, stated)
    return ActionResult({"JobName": name})


def _create_crawler(self: Any) -> ActionResult:
    answer: ActionResult = _create_crawler_in_moto(self)
    _keep(FakeCrawler, self.glue_backend.get_crawler(self.parameters["Name"]), self.parameters)
    return answer


def _update_crawler(self: Any) -> ActionResult:
    """Changes what is given: https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateCrawler.html ."""
    crawler = self.glue_backend.get_crawler(self.parameters["Name"])
    for member, value in self.parameters.items():
        if member != "Name":
            setattr(crawler, camelcase_to_underscores(member), value)
    crawler.version += 1
    crawler.last_updated = utcnow()
    return EmptyResult()


def _update_trigger(self: Any) -> ActionResult:
    """Changes what is given: https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTrigger.html ."""
    trigger: FakeTrigger = self.glue_backend.get_trigger(self.parameters["Name"])
    stated = self.parameters["TriggerUpdate"]
    if stated.get("Predicate"):
        trigger.predicate = Predicate(stated["Predicate"])
    if stated.get("Actions"):
        trigger.actions = [Action(each) for each in stated["Actions"]]
    for member in ("Description", "Schedule", "EventBatchingCondition"):
        if member in stated:
            setattr(trigger, camelcase_to_underscores(member), stated[member])
    return ActionResult({"Trigger": trigger.as_dict()})


def _connection(self: Any, name: str) -> FakeConnection:
    if name not in self.glue_backend.connections:
        msg = f"Connection {name} not found."
        raise EntityNotFoundException(msg)
    found: FakeConnection = self.glue_backend.connections[name]
    return found


def _update_connection(self: Any) -> ActionResult:
    old = _connection(self, self.parameters["Name"])
    stated = {**self.parameters["ConnectionInput"], "Name": old.name}
    new = FakeConnection(self.glue_backend, old.catalog_id, stated, {})
    new.created_time = old.created_time
    self.glue_backend.connections[old.name] = new
    return EmptyResult()


def _delete_connection(self: Any) -> ActionResult:
    name = self.parameters["ConnectionName"]
    _connection(self, name)
    del self.glue_backend.connections[name]
    return EmptyResult()


def _update_registry(self: Any) -> ActionResult:
    from moto.glue.glue_schema_registry_utils import validate_registry_id  # noqa: PLC0415 - beside its only use

    registry = self.glue_backend.registries[validate_registry_id(self.parameters["RegistryId"], self.glue_backend.registries)]
    registry.description = self.parameters["Description"]
    return ActionResult({"RegistryName": registry.name, "RegistryArn": registry.registry_arn})


def _optimizers(self: Any) -> dict[str, dict[str, Any]]:
    """The optimizers of the table that a request is about; they are part of it, and gone with it."""
    backend: GlueBackend = self.glue_backend
    table = backend.get_table(self.parameters["DatabaseName"], self.parameters["TableName"])
    kind = self.parameters["Type"]
    if kind not in _OPTIMIZERS:
        msg = f"got the type {kind} of a table optimizer; there are {', '.join(_OPTIMIZERS)}"
        raise InvalidInputException("TableOptimizer", msg)
    if (table.as_dict().get("Parameters") or {}).get("table_type", "").upper() != "ICEBERG":
        msg = f"table {table.database_name}.{table.name} is no Iceberg table; only those are optimized"
        raise InvalidInputException("TableOptimizer", msg)
    found: dict[str, dict[str, Any]] = table.__dict__.setdefault("optimizers", {})
    return found


def _present(self: Any) -> dict[str, dict[str, Any]]:
    found = _optimizers(self)
    if self.parameters["Type"] not in found:
        msg = f"Table optimizer {self.parameters['Type']} not found."
        raise EntityNotFoundException(msg)
    return found


def _create_table_optimizer(self: Any) -> ActionResult:
    """Keeps one: https://docs.aws.amazon.com/glue/latest/webapi/API_CreateTableOptimizer.html ."""
    found = _optimizers(self)
    kind = self.parameters["Type"]
    if kind in found:
        raise AlreadyExistsException(f"Table optimizer {kind}")
    found[kind] = {"type": kind, "configuration": self.parameters["TableOptimizerConfiguration"]}
    return EmptyResult()


def _get_table_optimizer(self: Any) -> ActionResult:
    found = _present(self)[self.parameters["Type"]]
    where = {name: self.parameters[name] for name in ("DatabaseName", "TableName")}
    return ActionResult({"CatalogId": self.glue_backend.account_id, **where, "TableOptimizer": found})


def _update_table_optimizer(self: Any) -> ActionResult:
    _present(self)[self.parameters["Type"]]["configuration"] = self.parameters["TableOptimizerConfiguration"]
    return EmptyResult()


def _delete_table_optimizer(self: Any) -> ActionResult:
    del _present(self)[self.parameters["Type"]]
    return EmptyResult()


_ADDED: Final = {
    "update_job": _update_job,
    "update_crawler": _update_crawler,
    "update_trigger": _update_trigger,
    "update_connection": _update_connection,
    "delete_connection": _delete_connection,
    "update_registry": _update_registry,
    "create_table_optimizer": _create_table_optimizer,
    "get_table_optimizer": _get_table_optimizer,
    "update_table_optimizer": _update_table_optimizer,
    "delete_table_optimizer": _delete_table_optimizer,
}
