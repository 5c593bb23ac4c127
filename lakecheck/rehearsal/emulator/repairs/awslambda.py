"""Lambda: what a function is configured with and the emulator drops, and how it retries events, for each version or alias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from moto.awslambda import models, responses
from moto.core.responses import ActionResult

from lakecheck.rehearsal.emulator.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LATEST: Final = "$LATEST"
_KEPT: Final = ("LoggingConfig", "DeadLetterConfig", "SnapStart", "FileSystemConfigs")
_UPDATED: Final[Mapping[str, Callable[[Any], tuple[str, Any]]]] = {
    "TracingConfig": lambda value: ("tracing_config", value),
    "KMSKeyArn": lambda value: ("kms_key_arn", value),
    "EphemeralStorage": lambda value: ("ephemeral_storage", value["Size"]),
    "ImageConfig": lambda value: ("image_config", models.ImageConfig(value)),
}


def install() -> None:
    """Mends Lambda in this process."""
    # The emulator keeps no LoggingConfig, DeadLetterConfig, SnapStart or FileSystemConfigs, and updates a third of what can be updated.
    # https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
    function: Any = models.LambdaFunction
    function.kept = {}
    wrap(function, "__init__", _made)
    wrap(function, "get_configuration", _configuration)
    wrap(function, "update_configuration", _update_configuration)
    wrap(function, "update_function_code", _update_code)
    wrap(function, "get_code", _code)
    # The emulator appends a second configuration of retries behind the first, which it goes on returning, and knows none of a version.
    # https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
    response: Any = responses.LambdaResponse
    response.put_function_event_invoke_config, response.update_function_event_invoke_config = _put_retries, _update_retries
    response.get_function_event_invoke_config, response.delete_function_event_invoke_config = _get_retries, _delete_retries
    response.list_function_event_invoke_configs = _list_retries
    # The emulator loses one of two conditions with the same operator, drops a token and a URL's kind, and leaves principals as they came.
    # https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    wrap(models.Policy, "decode_policy", _statement)


def _keep(function: Any, given: Mapping[str, Any]) -> None:
    function.kept = {**function.kept, **{name: given[name] for name in _KEPT if name in given}}
    # The group that runs write to, also in the emulator's own way of running functions.
    function.logs_group_name = function.kept.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function.function_name}"


def _made(original: Callable[..., Any], function: Any, account_id: str, spec: dict[str, Any], *more: Any, **named: Any) -> None:
    original(function, account_id, spec, *more, **named)
    _keep(function, spec)


def _configuration(original: Callable[..., Any], function: Any, *more: Any, **named: Any) -> dict[str, Any]:
    kept = function.kept
    logging = {"LogFormat": "Text", "LogGroup": function.logs_group_name, **kept.get("LoggingConfig", {})}
    snap = {"ApplyOn": "None", "OptimizationStatus": "Off", **kept.get("SnapStart", {})}
    others = {name: kept[name] for name in ("DeadLetterConfig", "FileSystemConfigs") if kept.get(name)}
    return {**original(function, *more, **named), "LoggingConfig": logging, "SnapStart": snap, **others}


def _update_configuration(original: Callable[..., Any], function: Any, given: dict[str, Any]) -> dict[str, Any]:
    original(function, given)
    _keep(function, given)
    for name, place in _UPDATED.items():
        if name in given:
            setattr(function, *place(given[name]))
    told: dict[str, Any] = function.get_configuration()
    return told


def _update_code(original: Callable[..., Any], function: Any, given: dict[str, Any]) -> dict[str, Any]:
    original(function, given)
    if given.get("Architectures"):
        function.architectures = given["Architectures"]
    told: dict[str, Any] = function.get_configuration()
    return told


def _code(original: Callable[..., Any], function: Any) -> dict[str, Any]:
    # Nothing reserved, and 0 reserved, which stops a function, are not the same.
    told: dict[str, Any] = original(function)
    if function.reserved_concurrency is not None:
        told["Concurrency"] = {"ReservedConcurrentExecutions": int(function.reserved_concurrency)}
    return told


def _function(response: Any, level: int = 2) -> Any:
    return response.backend.get_function(unquote(response.path.rsplit("/", level)[1]))


def _qualified(response: Any) -> str:
    # https://docs.aws.amazon.com/lambda/latest/api/API_FunctionEventInvokeConfig.html: the ARN in the answer is always qualified.
    function = _function(response)
    qualifier = response._get_param("Qualifier") or _LATEST  # noqa: SLF001 - the emulator's way to a parameter
    return f"{function.function_arn.removesuffix(f':{function.version}')}:{qualifier}"


def _placed(response: Any, config: dict[str, Any]) -> ActionResult:
    function, arn = _function(response), _qualified(response)
    placed = models.EventInvokeConfig(arn, function.last_modified, {key: value for key, value in config.items() if key != "Qualifier"})
    function.event_invoke_config = [*(one for one in function.event_invoke_config if one.arn != arn), placed]
    return ActionResult(placed.response())


def _chosen(response: Any) -> Any:
    arn = _qualified(response)
    found = next((one for one in _function(response).event_invoke_config if one.arn == arn), None)
    if found is None:
        raise models.UnknownEventConfig(arn)
    return found


def _put_retries(response: Any) -> ActionResult:
    return _placed(response, response.json_body)


def _update_retries(response: Any) -> ActionResult:
    return _placed(response, {**_chosen(response).config, **response.json_body})


def _get_retries(response: Any) -> ActionResult:
    return ActionResult(_chosen(response).response())


def _delete_retries(response: Any) -> tuple[int, dict[str, Any], str]:
    found, function = _chosen(response), _function(response)
    function.event_invoke_config = [one for one in function.event_invoke_config if one is not found]
    return 204, {"status": 204}, "{}"


def _list_retries(response: Any) -> ActionResult:
    return ActionResult({"FunctionEventInvokeConfigs": [one.response() for one in _function(response, 3).event_invoke_config]})


_CONDITIONS: Final = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}


def _statement(original: Callable[..., Any], policy: Any, given: dict[str, Any]) -> Any:
    stated = {name: given.pop(name) for name in _CONDITIONS if name in given}
    result = original(policy, given)
    statement = result.statements[-1]
    for name, value in stated.items():
        operator, key = _CONDITIONS[name]
        statement.setdefault("Condition", {}).setdefault(operator, {})[key] = str(value).lower() if operator == "Bool" else value
    principal = statement.get("Principal")
    if isinstance(principal, str) and principal != "*":
        partition = getattr(policy.parent, "partition", "aws")
        # An account by its number stands for its root, as in every policy.
        statement["Principal"] = {"AWS": f"arn:{partition}:iam::{principal}:root" if principal.isdigit() else principal}
    return result
