"""Athena: changes and deletions that moto lacks, and answers to questions about what is not there.

A query that moto takes ends as SUCCEEDED with no rows: it reads nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from moto.athena.models import AthenaBackend, PreparedStatement
from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_AUTOMATIC: Final = "AUTO"
_NEWEST_ENGINE: Final = "Athena engine version 3"
_create_work_group = AthenaBackend.create_work_group


def install() -> None:
    """Puts the mends into moto."""
    # moto names no effective engine where one is selected.
    AthenaBackend.create_work_group = _work_group_with_engine
    # moto keeps one statement of a name, whatever its workgroup.
    AthenaBackend.create_prepared_statement = _create_statement
    AthenaBackend.get_prepared_statement = _statement_of
    # moto answers with null, or fails inside, where AWS says that something is not there.
    for name, original in _GUARDED.items():
        setattr(AthenaResponse, name, _checked(original, *_WHERE[name]))
    for name, answer in _ADDED.items():
        setattr(AthenaResponse, name, answer)


def _refused(message: str) -> JsonRESTError:
    return JsonRESTError("InvalidRequestException", message)


def _engine(configuration: dict[str, Any]) -> None:
    """Fills in the engine that is in effect."""
    engine = configuration.get("EngineVersion")
    if engine:
        selected = engine.get("SelectedEngineVersion", _AUTOMATIC)
        engine["EffectiveEngineVersion"] = _NEWEST_ENGINE if selected == _AUTOMATIC else selected


def _work_group_with_engine(self: AthenaBackend, name: str, configuration: dict[str, Any], description: str, tags: Any) -> Any:
    _engine(configuration)
    return _create_work_group(self, name, configuration, description, tags)


def _create_statement(self: AthenaBackend, statement_name: str, workgroup: str, query_statement: str, description: str) -> None:
    key = (workgroup, statement_name)
    if key in self.prepared_statements:
        raise _refused(f"PreparedStatement {statement_name} already exists in workgroup {workgroup}")
    self.prepared_statements[key] = PreparedStatement(statement_name, workgroup, query_statement, description)


def _statement_of(self: AthenaBackend, statement_name: str, work_group: str) -> Any:
    found = self.prepared_statements.get((work_group, statement_name))
    if found is None:
        msg = f"PreparedStatement {statement_name} was not found in workgroup {work_group}"
        raise JsonRESTError("ResourceNotFoundException", msg)
    return found


def _checked(original: Any, parameter: str, things: str) -> Callable[[Any], Any]:
    """An operation that first looks whether what it is about is there."""

    def answer(self: Any) -> Any:
        name = self._get_param(parameter)
        if name not in getattr(self.athena_backend, things):
            raise _refused(f"{parameter} {name} is not found.")
        return original(self)

    return answer


def _update_work_group(self: Any) -> str:
    """Changes what is given: https://docs.aws.amazon.com/athena/latest/APIReference/API_UpdateWorkGroup.html ."""
    group = self.athena_backend.work_groups[self._get_param("WorkGroup")]
    if self._get_param("Description") is not None:
        group.description = self._get_param("Description")
    if self._get_param("State"):
        group.state = self._get_param("State")
    group.configuration = _updated(group.configuration, self._get_param("ConfigurationUpdates") or {})
    _engine(group.configuration)
    return "{}"


def _updated(there: Mapping[str, Any], updates: Mapping[str, Any]) -> dict[str, Any]:
    """`RemoveX` takes X away, `XUpdates` changes parts of X, anything else is set."""
    done = dict(there)
    for name, value in updates.items():
        if name.startswith("Remove"):
            if value:
                done.pop(name.removeprefix("Remove"), None)
        elif name.endswith("Updates"):
            whole = name.removesuffix("Updates")
            done[whole] = _updated(done.get(whole) or {}, value)
        else:
            done[name] = value
    return done


def _delete_named_query(self: Any) -> str:
    del self.athena_backend.named_queries[self._get_param("NamedQueryId")]
    return "{}"


def _update_named_query(self: Any) -> str:
    query = self.athena_backend.named_queries[self._get_param("NamedQueryId")]
    query.name, query.query_string = self._get_param("Name"), self._get_param("QueryString")
    query.description = self._get_param("Description")
    return "{}"


def _update_prepared_statement(self: Any) -> str:
    found = _statement_of(self.athena_backend, self._get_param("StatementName"), self._get_param("WorkGroup"))
    found.query_statement, found.description = self._get_param("QueryStatement"), self._get_param("Description")
    return "{}"


def _delete_prepared_statement(self: Any) -> str:
    key = (self._get_param("WorkGroup"), self._get_param("StatementName"))
    _statement_of(self.athena_backend, key[1], key[0])
    del self.athena_backend.prepared_statements[key]
    return "{}"


def _update_data_catalog(self: Any) -> str:
    catalog = self.athena_backend.data_catalogs[self._get_param("Name")]
    catalog.type, catalog.description = self._get_param("Type"), self._get_param("Description")
    catalog.parameters = self._get_param("Parameters")
    return "{}"


def _delete_data_catalog(self: Any) -> str:
    del self.athena_backend.data_catalogs[self._get_param("Name")]
    return json.dumps({})


def _cancel_reservation(self: Any) -> str:
    """It is cancelled at once; only then it can be deleted."""
    self.athena_backend.capacity_reservations[self._get_param("Name")].cancelled = True
    return "{}"


def _delete_reservation(self: Any) -> str:
    there, name = self.athena_backend.capacity_reservations, self._get_param("Name")
    if not getattr(there[name], "cancelled", False):
        raise _refused(f"Capacity reservation {name} has to be cancelled first")
    del there[name]
    return "{}"


_WHERE: Final = {
    "get_work_group": ("WorkGroup", "work_groups"),
    "get_named_query": ("NamedQueryId", "named_queries"),
    "get_data_catalog": ("Name", "data_catalogs"),
}
_GUARDED: Final = {name: getattr(AthenaResponse, name) for name in _WHERE}
_ADDED: Final = {
    "update_work_group": _checked(_update_work_group, "WorkGroup", "work_groups"),
    "update_named_query": _checked(_update_named_query, "NamedQueryId", "named_queries"),
    "delete_named_query": _checked(_delete_named_query, "NamedQueryId", "named_queries"),
    "update_prepared_statement": _update_prepared_statement,
    "delete_prepared_statement": _delete_prepared_statement,
    "update_data_catalog": _checked(_update_data_catalog, "Name", "data_catalogs"),
    "delete_data_catalog": _checked(_delete_data_catalog, "Name", "data_catalogs"),
    "cancel_capacity_reservation": _checked(_cancel_reservation, "Name", "capacity_reservations"),
    "delete_capacity_reservation": _checked(_delete_reservation, "Name", "capacity_reservations"),
}
