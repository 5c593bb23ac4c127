"""The custom resource protocol: always answered, once, in time, under one id."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.runtime.custom_resources import cfn_response
from constructs_lib.runtime.custom_resources.cfn_response import Deadline, OutOfTimeError, handle
from tests.unit.runtime.lakeformation.support import ACCOUNT, STACK, Clock, Context, event

if TYPE_CHECKING:
    from collections.abc import Callable


def answer_to(incoming: dict[str, Any], apply: Callable[..., Any]) -> dict[str, Any]:
    answers: list[bytes] = []
    handle(incoming, Context(), apply, send=lambda _url, body: answers.append(body))
    (answer,) = answers
    assert len(answer) <= 4096
    loaded: dict[str, Any] = json.loads(answer)
    return loaded


def test_success_carries_the_attributes() -> None:
    """What the work returned becomes the resource's attributes; every id is CloudFormation's own."""
    answer = answer_to(event("Create", {}), lambda _request, _deadline: {"Rights": "3"})
    assert answer["Status"] == "SUCCESS"
    assert answer["Data"] == {"Rights": "3"}
    assert (answer["StackId"], answer["RequestId"], answer["LogicalResourceId"]) == (STACK, "request-1", "Permissions")


def test_any_error_is_answered_within_the_limit() -> None:
    """An error of any kind and length becomes a FAILED answer of at most 4,096 bytes that says where the log is."""

    def fail(*_: Any) -> dict[str, str]:
        raise KeyError("x" * 10_000)

    answer = answer_to(event("Update", {}, PhysicalResourceId="Old-1"), fail)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].endswith("(log stream 2026/01/01/[$LATEST]abc)")


@pytest.mark.parametrize("text", ['"' * 10_000, "\\" * 10_000, "\N{SNOWMAN}" * 10_000, "\N{GRINNING FACE}" * 10_000])
def test_the_limit_is_one_of_bytes(text: str) -> None:
    """What takes several bytes once it is written as JSON is cut earlier; attributes too. As much as fits is said."""

    def fail(*_: Any) -> dict[str, str]:
        raise ValueError(text)

    reason = answer_to(event("Create", {}), fail)["Reason"]
    assert len(json.dumps(reason)) > 3000
    assert "... (log stream" in reason
    data = answer_to(event("Create", {}), lambda _request, _deadline: {"StaleAdmins": text})["Data"]
    assert data["StaleAdmins"].endswith("...")


def test_the_physical_id_never_changes() -> None:
    """A repeated create derives the same id, a later request keeps the known one, another stack has another."""
    nothing: Callable[..., dict[str, str]] = lambda *_: {}  # noqa: E731 - a stand-in
    first = answer_to(event("Create", {}), nothing)["PhysicalResourceId"]
    assert answer_to(event("Create", {}), nothing)["PhysicalResourceId"] == first
    assert answer_to(event("Update", {}, PhysicalResourceId="known"), nothing)["PhysicalResourceId"] == "known"
    assert answer_to(event("Create", {}, StackId=STACK + "x"), nothing)["PhysicalResourceId"] != first


def test_the_request_says_what_it_was_before() -> None:
    """Old properties and the stack's account reach the work."""
    seen: list[Any] = []

    def note(request: Any, _deadline: Any) -> dict[str, str]:
        seen.append(request)
        return {}

    answer_to(event("Update", {"A": "2"}, PhysicalResourceId="known", OldResourceProperties={"A": "1"}), note)
    assert (seen[0].properties["A"], seen[0].old_properties["A"], seen[0].account) == ("2", "1", ACCOUNT)


def test_the_deadline_leaves_time_to_answer() -> None:
    """Work is not begun in the last twenty seconds."""
    clock = Clock()
    deadline = Deadline.of(Context(seconds=60), clock)
    deadline.check(39)
    with pytest.raises(OutOfTimeError):
        deadline.check(41)


class _Web:
    """Answers a PUT with the given errors, then with success."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.requests: list[urllib.request.Request] = []

    def __call__(self, request: urllib.request.Request, timeout: float) -> io.BytesIO:
        assert timeout <= 10
        self.requests.append(request)
        if self.errors:
            raise self.errors.pop(0)
        return io.BytesIO()


def _http_error(code: int) -> urllib.error.HTTPError:
    return urllib.error.HTTPError("https://example.com", code, "no", {}, None)  # type: ignore[arg-type]


def test_the_answer_is_put_again_when_the_network_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken connections and server errors are tried again; the answer goes as a PUT without a content type."""
    web = _Web(OSError("reset"), _http_error(503))
    monkeypatch.setattr(urllib.request, "urlopen", web)
    clock = Clock()
    cfn_response._put("https://example.com/answer", b"{}", clock.sleep)
    assert len(web.requests) == 3
    assert web.requests[0].get_method() == "PUT"
    assert web.requests[0].get_header("Content-type") == ""


def test_an_answer_that_is_refused_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client error, such as an expired address, raises at once."""
    web = _Web(_http_error(403))
    monkeypatch.setattr(urllib.request, "urlopen", web)
    with pytest.raises(urllib.error.HTTPError):
        cfn_response._put("https://example.com/answer", b"{}", Clock().sleep)
    assert len(web.requests) == 1


def test_answers_go_over_https_only() -> None:
    """Nothing is sent in the clear, nor read from a file."""
    with pytest.raises(ValueError, match="not https"):
        cfn_response._put("file:///etc/passwd", b"{}", Clock().sleep)
