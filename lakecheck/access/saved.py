"""The matrix as plain data and back, so that two states can be compared without having the assembly of either."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from lakecheck.access.model import Access, Action, Dataset, DatasetKind, DeadGrant, Door, Edge, Matrix, Step
from lakecheck.access.words import condition, verdict
from lakecheck.assembly.resources import Origin
from lakecheck.estate.model import Principal, PrincipalKind
from lakecheck.formula import FALSE, TRUE, All, Any as AnyOf, Formula, Not, Test, Unresolved, all_of, any_of, negate
from lakecheck.values import shown
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA_VERSION: Final = 1
KIND: Final = "access_matrix"
_ID_BYTES: Final = 6
_HEAD: Final = 200


class Names:
    """The ids of a matrix's principals, datasets and conditions, the same for the same ones in every run.

    Args:
        matrix: Whose.
    """

    def __init__(self, matrix: Matrix) -> None:
        self.principals: dict[int, str] = {}
        self.everybody: dict[str, Principal] = {}
        self.ways: dict[tuple[Step, ...], str] = {}
        self._conditions: dict[Formula, str] = {}
        for principal in _principals(matrix):
            if id(principal) not in self.principals:
                text = shown(principal.arn)
                if text in self.everybody:
                    text = f"{text} {shown(principal.account)} {shown(principal.name)}"
                self.principals[id(principal)] = text
                self.everybody[text] = principal
        self.datasets = {dataset: dataset_id(dataset) for dataset in matrix.datasets}

    def of_way(self, via: tuple[Step, ...]) -> str | None:
        """The id of the steps before a door; None when there are none."""
        if not via:
            return None
        if via not in self.ways:
            self.ways[via] = _id("w", json.dumps([step_data(step) for step in via]))
        return self.ways[via]

    def of_conditions(self, formula: Formula) -> str | None:
        """The id of what remains; None when nothing does."""
        if formula == TRUE:
            return None
        if formula not in self._conditions:
            self._conditions[formula] = _id("c", json.dumps(formula_data(formula)))
        return self._conditions[formula]


def dataset_id(dataset: Dataset) -> str:
    """What a dataset is called in reports that machines read."""
    if dataset.kind is DatasetKind.TABLE:
        return f"{shown(dataset.account)}/{shown(dataset.region)}/{shown(dataset.name)}"
    return shown(dataset.name)


def access_data(access: Access, names: Names) -> dict[str, Any]:
    """One row; `id` is the same as long as it says who does what, to which columns and rows of what, on which way."""
    principal, dataset = names.principals[id(access.principal)], names.datasets[access.dataset]
    via = names.of_way(access.via)
    columns = None if access.columns is None else [shown(name) for name in access.columns]
    identity: list[Any] = [principal, dataset, access.action, access.door, columns, access.rows]
    identity += [(step.door, shown(step.target)) for step in access.via]
    return {
        "id": _id("a", json.dumps([*identity, access.enforced_by_engine])),
        "principal": principal,
        "dataset": dataset,
        "action": access.action.value,
        "door": access.door.value,
        "columns": columns,
        "rows": shown(access.rows),
        "verdict": verdict(access.conditions).value,
        "conditions": names.of_conditions(access.conditions),
        "via": via,
        "because": [shown(reason) for reason in access.because],
        "enforced_by_engine": access.enforced_by_engine,
        "at": _at(access.origin),
    }


def principal_data(principal: Principal, name: str, matrix: Matrix) -> dict[str, Any]:
    """One principal; `data_plane` says what makes it part of the lake's machinery."""
    return {
        "id": name,
        "name": shown(principal.name),
        "kind": principal.kind.value,
        "account": shown(principal.account),
        "environments": [shown(one) for one in matrix.environments.get(principal.account, ())],
        "data_plane": matrix.data_plane.get(principal.arn),
        "at": _at(principal.origin),
    }


def dataset_data(dataset: Dataset, matrix: Matrix) -> dict[str, Any]:
    """One dataset with its columns; none are known of what no table describes."""
    columns = matrix.columns.get(dataset)
    return {
        "id": dataset_id(dataset),
        "kind": dataset.kind.value,
        "name": shown(dataset.name),
        "account": shown(dataset.account),
        "region": shown(dataset.region),
        "environment": shown(dataset.environment),
        "columns": None if columns is None else [shown(name) for name in columns],
    }


def edge_data(edge: Edge, names: Names) -> dict[str, Any]:
    """Who can become whom; `target` is None for anything in the account."""
    return {
        "source": names.principals[id(edge.source)],
        "target": None if edge.target is None else names.principals[id(edge.target)],
        "account": shown(edge.account) if edge.target is None else None,
        "step": step_data(edge.step),
        "verdict": verdict(edge.conditions).value,
        "conditions": names.of_conditions(edge.conditions),
    }


def dead_data(dead: DeadGrant) -> dict[str, Any]:
    """A grant that gives nothing."""
    return {"principal": shown(dead.principal), "what": shown(dead.what), "missing": shown(dead.missing), "at": _at(dead.origin)}


def conditions_data(formula: Formula) -> dict[str, Any]:
    """What remains, in words and exactly."""
    return {"verdict": verdict(formula).value, "words": condition(formula), "formula": formula_data(formula)}


def formula_data(formula: Formula) -> list[Any]:
    """A formula as lists, the same for equal ones."""
    if isinstance(formula, Test):
        return ["test", formula.key, formula.operator, list(formula.values), formula.quantifier, formula.if_exists]
    if isinstance(formula, Unresolved):
        return ["unresolved", formula.reason]
    if isinstance(formula, Not):
        return ["not", formula_data(formula.part)]
    if isinstance(formula, All | AnyOf):
        parts = sorted((formula_data(part) for part in formula.parts), key=json.dumps)
        return ["all" if isinstance(formula, All) else "any", *parts]
    return ["true" if formula == TRUE else "false"]


def formula_of(data: list[Any]) -> Formula:
    """The formula that `formula_data` made lists of.

    Example:
        >>> from lakecheck.formula import Test
        >>> formula_of(formula_data(Test("aws:sourcevpce", "StringEquals", ("vpce-1",)))).key
        'aws:sourcevpce'
    """
    match data:
        case ["test", str(key), str(operator), list(values), str(quantifier), bool(if_exists)]:
            return Test(key, operator, tuple(map(str, values)), quantifier, if_exists)
        case ["unresolved", str(reason)]:
            return Unresolved(reason)
        case ["not", list(part)]:
            return negate(formula_of(part))
        case ["all", *parts]:
            return all_of(map(formula_of, parts))
        case ["any", *parts]:
            return any_of(map(formula_of, parts))
        case ["true" | "false" as value]:
            return TRUE if value == "true" else FALSE
    msg = f"no formula begins with {data[:1]!r}"
    raise ValueError(msg)


def read_matrix(path: Path) -> Matrix:
    """Reads what `lakecheck access --format json` wrote.

    Args:
        path: The file.

    Raises:
        InvalidInput: `access.not_a_matrix` when it cannot be read, or is something else.
    """
    try:
        return matrix_of(json.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else "no matrix that `lakecheck access --format json` wrote"
        finding = Finding(Place(str(path)), "access.not_a_matrix", f"found {reason}", "Name a cloud assembly, or such a matrix.")
        raise InvalidInput([finding]) from None


def is_saved(path: Path) -> bool:
    """Whether a JSON file is a matrix rather than a template, by its first lines."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return f'"kind": "{KIND}"' in file.read(_HEAD)
    except OSError:
        return False


def matrix_of(data: Any) -> Matrix:
    """The matrix of plain data; principals come without their policies.

    Raises:
        ValueError: When it is none, or of a form that this version does not know; KeyError and TypeError, too.
    """
    if data["kind"] != KIND or data["schema_version"] != SCHEMA_VERSION:
        msg = "another kind or version"
        raise ValueError(msg)
    principals = {one["id"]: _principal_of(one) for one in data["principals"]}
    datasets = {one["id"]: _dataset_of(one) for one in data["datasets"]}
    conditions = {name: formula_of(one["formula"]) for name, one in data["conditions"].items()} | {None: TRUE}
    ways: dict[str | None, tuple[Step, ...]] = {name: tuple(map(_step_of, steps)) for name, steps in data["ways"].items()}
    ways[None] = ()
    return Matrix(
        accesses=tuple(
            _access_of(one, principals[one["principal"]], datasets[one["dataset"]], conditions[one["conditions"]], ways[one["via"]])
            for one in data["accesses"]
        ),
        edges=tuple(
            Edge(
                source=principals[one["source"]],
                target=None if one["target"] is None else principals[one["target"]],
                account=one["account"] or "",
                step=_step_of(one["step"]),
                conditions=conditions[one["conditions"]],
            )
            for one in data["edges"]
        ),
        dead=tuple(DeadGrant(principal=one["principal"], what=one["what"], missing=one["missing"], origin=_origin_of(one["at"]))
                   for one in data["dead_grants"]),
        datasets=tuple(datasets.values()),
        data_plane={one["id"]: one["data_plane"] for one in data["principals"] if one["data_plane"] is not None},
        columns={datasets[one["id"]]: tuple(one["columns"]) for one in data["datasets"] if one["columns"] is not None},
        environments={one["account"]: tuple(one["environments"]) for one in data["principals"]},
        assumptions=tuple(data["assumptions"]),
        not_known=tuple(data["not_known"]),
    )  # fmt: skip


def _principals(matrix: Matrix) -> Iterator[Principal]:
    """Everybody who is in a row or an edge, in the order of the rows."""
    for access in matrix.accesses:
        yield access.principal
    for edge in matrix.edges:
        yield edge.source
        if edge.target is not None:
            yield edge.target


def _id(letter: str, text: str) -> str:
    return f"{letter}-{hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=_ID_BYTES).hexdigest()}"


def step_data(step: Step) -> dict[str, Any]:
    """One step of a way."""
    return {"door": step.door.value, "target": shown(step.target), "because": [shown(reason) for reason in step.because]}


def _step_of(data: dict[str, Any]) -> Step:
    return Step(Door(data["door"]), data["target"], tuple(data["because"]))


def _at(origin: Origin | None) -> str | None:
    return None if origin is None else shown(f"{origin.source} ({origin})" if origin.source else str(origin))


def _origin_of(at: str | None) -> Origin | None:
    return None if at is None else Origin(environment="", stack="", logical_id="", construct_path=at)


def _principal_of(data: dict[str, Any]) -> Principal:
    return Principal(
        arn=data["id"], kind=PrincipalKind(data["kind"]), account=data["account"], name=data["name"], origin=_origin_of(data["at"])
    )


def _dataset_of(data: dict[str, Any]) -> Dataset:
    return Dataset(DatasetKind(data["kind"]), data["account"], data["region"], data["name"], data["environment"])


def _access_of(data: dict[str, Any], principal: Principal, dataset: Dataset, conditions: Formula, via: tuple[Step, ...]) -> Access:
    return Access(
        principal=principal,
        dataset=dataset,
        action=Action(data["action"]),
        door=Door(data["door"]),
        columns=None if data["columns"] is None else tuple(data["columns"]),
        rows=data["rows"],
        conditions=conditions,
        via=via,
        because=tuple(data["because"]),
        enforced_by_engine=data["enforced_by_engine"],
        origin=_origin_of(data["at"]),
    )
