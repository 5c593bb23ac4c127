"""Tells which operation of which service a request is, for every protocol that AWS speaks.

The service is in the signature's scope (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). The
operation is in the header `X-Amz-Target` (JSON), in the parameter `Action` (query, EC2), in the path (CBOR), or, with REST, it is the one
of the service's HTTP bindings that fits best.
"""

from __future__ import annotations

import functools
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

from lakecheck.rehearsal.emulator.signing_names import SERVICES_BY_SIGNING_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from botocore.model import OperationModel, ServiceModel

    Environ = dict[str, Any]

_SHOWN: Final = {"stepfunctions": "states"}
_CREDENTIAL: Final = re.compile(r"Credential=([^,\s]+)")
_RPC_PATH: Final = re.compile(r"/service/[^/]+/operation/([^/]+)$")
_PLACE: Final = re.compile(r"\{[^}]+?(\+?)\}")
_UNSIGNED: Final = {"AssumeRoleWithWebIdentity": "sts", "AssumeRoleWithSAML": "sts"}
_LONGEST_FORM: Final = 10_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What a request asks for.

    Attributes:
        service: As boto3 knows it, except `states` for Step Functions.
        operation: As the service's model spells it.
        protocol: In which an answer has to be: `json`, `rest-json`, `rest-xml`, `query`, `ec2` or `smithy-rpc-v2-cbor`.
    """

    service: str
    operation: str
    protocol: str

    def __str__(self) -> str:
        """As in a fault's pattern."""
        return f"{self.service}:{self.operation}"


def recognised(environ: Environ) -> Call | None:
    """The call that a WSGI request is; None for one that is no call of AWS that botocore knows.

    A form in the body is read and put back.
    """
    path, _, query = str(environ.get("RAW_URI") or environ.get("PATH_INFO", "/")).partition("?")
    arguments = dict(parse_qsl(query or str(environ.get("QUERY_STRING", "")), keep_blank_values=True))
    candidates = _candidates(environ, arguments)
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return _targeted(candidates, str(target))
    if environ.get("HTTP_SMITHY_PROTOCOL") and (found := _RPC_PATH.search(path)):
        return _named(candidates, found[1], "smithy-rpc-v2-cbor")
    if action := arguments.get("Action") or _form(environ).get("Action"):
        services = candidates or [name for name in [_UNSIGNED.get(action)] if name]
        for service in services:
            protocol = str(model_of(service).metadata.get("protocol"))
            if (call := _named([service], action, "ec2" if protocol == "ec2" else "query")) is not None:
                return call
    return _bound(candidates or ["s3"], environ, path, arguments)


def shown(service: str) -> str:
    """The name of a service in patterns and counts."""
    return _SHOWN.get(service, service)


def services_named(name: str) -> tuple[str, ...]:
    """boto3's names for a service that people call by boto3's name, or by the one that it signs with, as in IAM."""
    if name not in services():
        return tuple(each for each in SERVICES_BY_SIGNING_NAME.get(name, "").split() if each in services())
    return (name,)


@functools.cache
def services() -> frozenset[str]:
    """Every service that botocore knows."""
    return frozenset(_loader().list_available_services("service-2"))


@functools.cache
def model_of(service: str) -> ServiceModel:
    """The model, botocore's, of a service."""
    from botocore.model import ServiceModel  # noqa: PLC0415 - an extra brings it

    return ServiceModel(_loader().load_service_model(service, "service-2"), service)


@functools.cache
def _loader() -> Any:
    from botocore.loaders import create_loader  # noqa: PLC0415

    return create_loader()


def _candidates(environ: Environ, arguments: Mapping[str, str]) -> list[str]:
    """The services that sign as the request is signed, the one of that very name first."""
    found = _CREDENTIAL.search(str(environ.get("HTTP_AUTHORIZATION", "")))
    scope = (found[1] if found else arguments.get("X-Amz-Credential", "")).split("/")
    if len(scope) < 4:  # noqa: PLR2004 - a key, a date, perhaps a Region, the service, and how it ends
        return []
    name = scope[-2]
    known = services()
    return [each for each in dict.fromkeys((name, name.lower(), *SERVICES_BY_SIGNING_NAME.get(name, "").split())) if each in known]


def _targeted(candidates: Iterable[str], target: str) -> Call | None:
    prefix, _, operation = target.rpartition(".")
    for service in candidates:
        if model_of(service).metadata.get("targetPrefix") == prefix:
            return _named([service], operation, "json")
    return _named(candidates, operation, "json")


def _named(candidates: Iterable[str], operation: str, protocol: str) -> Call | None:
    for service in candidates:
        if operation in _operation_names(service):
            return Call(service=shown(service), operation=operation, protocol=protocol)
    return None


@functools.cache
def _operation_names(service: str) -> frozenset[str]:
    return frozenset(model_of(service).operation_names)


def _form(environ: Environ) -> dict[str, str]:
    if not str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded"):
        return {}
    size = int(environ.get("CONTENT_LENGTH") or 0)
    if not 0 < size <= _LONGEST_FORM:
        return {}
    body = environ["wsgi.input"].read(size)
    environ["wsgi.input"] = io.BytesIO(body)
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class _Binding:
    """How an operation of a REST service is asked for."""

    operation: str
    path: re.Pattern[str]
    literals: int
    constants: Mapping[str, str]
    arguments: frozenset[str]
    headers: frozenset[str]
    is_deprecated: bool

    def fit(self, path: str, arguments: Mapping[str, str], environ: Environ) -> tuple[int, int, bool] | None:
        """How well it fits, the greater the better; None when it does not."""
        fits = (
            self.path.fullmatch(path)
            and all(arguments.get(name) == value for name, value in self.constants.items())
            and self.arguments <= arguments.keys()
            and all(header in environ for header in self.headers)
        )
        if not fits:
            return None
        return self.literals, len(self.constants) + len(self.arguments) + len(self.headers), not self.is_deprecated


def _bound(candidates: Iterable[str], environ: Environ, path: str, arguments: Mapping[str, str]) -> Call | None:
    method = str(environ.get("REQUEST_METHOD", "GET"))
    best: tuple[Any, str, str] | None = None
    for service in candidates:
        place = _bucket_of_host(environ) + path if service == "s3" else path
        for binding in _bindings(service).get(method, ()):
            fit = binding.fit(place, arguments, environ)
            if fit is not None and (best is None or fit > best[0]):
                best = (fit, service, binding.operation)
    if best is None:
        return None
    _, service, operation = best
    return Call(service=shown(service), operation=operation, protocol=str(model_of(service).metadata.get("protocol")))


def _bucket_of_host(environ: Environ) -> str:
    """The bucket, as a path, of an S3 request that names it in its host."""
    host = str(environ.get("HTTP_HOST", "")).partition(":")[0]
    bucket, _, rest = host.partition(".localhost")
    return f"/{bucket}" if host.endswith(".localhost") and not rest else ""


@functools.cache
def _bindings(service: str) -> Mapping[str, list[_Binding]]:
    """A service's bindings by method."""
    model = model_of(service)
    found: dict[str, list[_Binding]] = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        if "requestUri" in operation.http:
            found.setdefault(str(operation.http["method"]), []).append(_binding(operation))
    return found


def _binding(operation: OperationModel) -> _Binding:
    path, _, query = str(operation.http["requestUri"]).partition("?")
    stated = list(_required(operation))
    return _Binding(
        operation=operation.name,
        path=re.compile(_pattern(path), re.DOTALL),
        literals=sum(bool(part) and not part.startswith("{") for part in path.split("/")),
        constants=dict(parse_qsl(query, keep_blank_values=True)),
        arguments=frozenset(name for place, name in stated if place == "querystring"),
        headers=frozenset("HTTP_" + name.upper().replace("-", "_") for place, name in stated if place == "header"),
        is_deprecated=operation.deprecated,
    )


def _pattern(path: str) -> str:
    """A path with its places open: one for a segment, or, with a plus, for all that follows; S3 takes a bucket with or without a slash."""
    parts, end = [], 0
    for place in _PLACE.finditer(path):
        parts += [re.escape(path[end : place.start()]), ".+" if place[1] else "[^/]+"]
        end = place.end()
    return "".join([*parts, re.escape(path[end:])]).rstrip("/") + "/?"


def _required(operation: OperationModel) -> Iterator[tuple[str, str]]:
    """Where and under which name a request has what it must have."""
    shape = operation.input_shape
    if shape is None:
        return
    for member in shape.required_members:
        stated = shape.members[member].serialization
        if "location" in stated:
            yield str(stated["location"]), unquote(str(stated.get("name", member)))
