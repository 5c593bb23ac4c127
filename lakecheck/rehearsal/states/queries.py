"""Evaluates `{% ... %}` in a definition: JSONata with the functions that Step Functions adds, on the virtual clock and one seed.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import uuid
from functools import cache
from typing import TYPE_CHECKING, Any

from lakecheck.rehearsal.states.model import DefinitionError, Failed

_DEEPEST = sys.getrecursionlimit()

from jsonata.functions import Functions  # noqa: E402
from jsonata.jexception import JException  # noqa: E402
from jsonata.jsonata import Jsonata  # noqa: E402
from jsonata.utils import Utils  # noqa: E402

sys.setrecursionlimit(_DEEPEST)  # the library raises it for the whole process, where others rely on it

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakecheck.rehearsal.states.model import VirtualClock

QUERY_FAILED = "States.QueryEvaluationError"
_OPENING, _CLOSING = "{%", "%}"
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_MOST_RANGED = 1000


def is_query(value: Any) -> bool:
    """Whether a value of a definition is an expression."""
    return isinstance(value, str) and value.startswith(_OPENING) and value.endswith(_CLOSING)


@cache
def compiled(query: str) -> Jsonata:
    """The expression between the marks.

    Raises:
        DefinitionError: If it is no JSONata; CreateStateMachine refuses it too.
    """
    try:
        expression = Jsonata(query[len(_OPENING) : -len(_CLOSING)])
    except JException as error:
        message = f"got the query {query}, which is no JSONata: {error}"
        raise DefinitionError(message) from error
    except Exception as error:
        message = f"got the query {query}, which cannot be parsed: {type(error).__name__}"
        raise DefinitionError(message) from error
    expression.set_output_convert_nulls(False)  # or null and undefined would look the same
    return expression


class Queries:
    """Evaluates templates of one execution.

    Args:
        clock: What `$now` and `$millis` tell.
        rng: What `$random`, `$shuffle` and `$uuid` draw from.
    """

    def __init__(self, clock: VirtualClock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._functions = {name: Jsonata.JLambda(function) for name, function in self._table().items()}

    def evaluate(self, template: Any, variables: Mapping[str, Any], states: Mapping[str, Any]) -> Any:
        """A template with its expressions replaced by their values.

        Args:
            template: Any JSON; strings in `{% %}` are expressions, at any depth.
            variables: By name, without the dollar sign.
            states: What `$states` is.

        Raises:
            Failed: `States.QueryEvaluationError`, if an expression fails, or has no value: JSON cannot say undefined.
        """
        if is_query(template):
            return self._query(template, variables, states)
        if isinstance(template, dict):
            return {key: self.evaluate(value, variables, states) for key, value in template.items()}
        if isinstance(template, list):
            return [self.evaluate(value, variables, states) for value in template]
        return template

    def _query(self, query: str, variables: Mapping[str, Any], states: Mapping[str, Any]) -> Any:
        bindings = {**self._functions, **{name: _bound(value) for name, value in variables.items()}, "states": states}
        expression = compiled(query)
        try:
            found = expression.evaluate(None, bindings)
        except JException as error:
            raise Failed(QUERY_FAILED, f"{query}: {error}") from error
        except (TypeError, ValueError, AttributeError, ArithmeticError, LookupError, RecursionError) as error:
            raise Failed(QUERY_FAILED, f"{query}: {type(error).__name__}: {error}") from error
        if found is None:
            raise Failed(QUERY_FAILED, f"{query} returned nothing (undefined)")
        return _plain(found, query)

    def _table(self) -> dict[str, Callable[..., Any]]:
        return {
            "now": self._now,
            "millis": self._millis,
            "random": lambda seed=None, *_: (self._rng if seed is None else random.Random(seed)).random(),  # noqa: S311 - no secret
            "uuid": lambda *_: str(uuid.UUID(int=self._rng.getrandbits(128), version=4)),
            "shuffle": lambda values, *_: self._rng.sample(list(values), len(values)),
            "parse": lambda text, *_: None if text is None else _bound(json.loads(text)),
            "hash": _hash,
            "partition": lambda values, size, *_: [list(values[at : at + int(size)]) for at in range(0, len(values), int(size))],
            "range": _range,
            "eval": _no_eval,
        }

    def _millis(self, *_: Any) -> int:
        return round(self._clock.seconds * 1000)

    def _now(self, picture: str | None = None, timezone: str | None = None, *_: Any) -> Any:
        return Functions.datetime_from_millis(self._millis(), picture, timezone)


def _hash(text: str, algorithm: str = "SHA-256", *_: Any) -> str:
    if algorithm not in _HASHES:
        message = f"got the algorithm {algorithm}; allowed: {', '.join(_HASHES)}"
        raise ValueError(message)
    return hashlib.new(_HASHES[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _range(first: float, last: float, step: float, *_: Any) -> list[int]:
    step = int(step)
    found = list(range(int(first), int(last) + (1 if step > 0 else -1), step))
    if len(found) > _MOST_RANGED:
        message = f"got {len(found)} values; at most {_MOST_RANGED}"
        raise ValueError(message)
    return found


def _no_eval(*_: Any) -> None:
    message = "Step Functions has no $eval; $parse reads JSON"
    raise ValueError(message)


def _bound(value: Any) -> Any:
    """A value as JSONata wants it: None there is undefined, so that null has to be its own."""
    return Utils.NULL_VALUE if value is None else value


def _plain(value: Any, query: str) -> Any:
    """A value of JSONata's as JSON."""
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {key: _plain(item, query) for key, item in value.items()}
    if isinstance(value, list | tuple | range) or Utils.is_sequence(value):
        return [_plain(item, query) for item in value]
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    raise Failed(QUERY_FAILED, f"{query} returned a {type(value).__name__}, which is no JSON")
