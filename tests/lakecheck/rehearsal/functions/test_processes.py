"""Functions in processes of their own, behind the Runtime API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakecheck.rehearsal.functions.pool import Pool
from lakecheck.rehearsal.functions.process import FunctionProcess

from .archives import REGION, function, zipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakecheck.rehearsal.functions.process import Called, Function


@pytest.fixture
def pool() -> Iterator[Pool]:
    opened = Pool(lambda _function, _folder: {"AWS_REGION": REGION, "AWS_ENDPOINT_URL": "http://localhost:1"})
    yield opened
    opened.close()


def returned(called: Called) -> Any:
    assert not called.outcome.error, called
    return json.loads(called.outcome.payload)


def failed(called: Called) -> dict[str, Any]:
    assert called.outcome.error == "Unhandled"
    error: dict[str, Any] = json.loads(called.outcome.payload)
    return error


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came true"
        threading.Event().wait(0.01)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


COUNTER = "import os\nN = 0\ndef h(event, context):\n    global N\n    N += 1\n    print('seen', event)\n    return [N, os.getpid(), event]"


def test_one_process_stays_warm_and_its_log_is_that_of_the_call(pool):
    first, second = pool.call(function(COUNTER), b'"\xc3\xbc"'), pool.call(function(COUNTER), b'{"b": 2}')
    assert returned(first) == [1, returned(second)[1], "ü"]
    assert returned(second)[0] == 2
    assert "seen {'b': 2}" in second.log
    assert "seen ü" in first.log
    assert "seen ü" not in second.log
    assert second.log.startswith(f"START RequestId: {second.id}")


def test_other_code_or_variables_get_another_process_and_the_old_one_ends(pool):
    old = returned(pool.call(function(COUNTER), b"1"))
    new = returned(pool.call(function(COUNTER, environment={"A": "b"}), b"1"))
    assert (old[0], new[0]) == (1, 1)
    wait_until(lambda: not is_alive(old[1]))
    assert is_alive(new[1])


def test_an_exception_is_told_as_lambda_tells_it_and_the_process_goes_on(pool):
    broken = function("N = 0\ndef h(event, context):\n    global N\n    N += 1\n    raise ValueError(f'no {N}')")
    assert failed(pool.call(broken, b"{}"))["errorType"] == "ValueError"
    again = pool.call(broken, b"{}")
    assert failed(again)["errorMessage"] == "no 2"
    assert "m.py" in failed(again)["stackTrace"][0]
    assert "[ERROR] ValueError: no 2" in again.log


def test_a_timeout_ends_the_process_and_what_it_started(pool):
    code = (
        "import os, subprocess, time\ndef h(e, c):\n    p = subprocess.Popen(['sleep', '60'])\n    print('pid', p.pid)\n    time.sleep(60)"
    )
    called = pool.call(function(code, timeout=0.5), b"{}")
    assert failed(called)["errorMessage"].endswith("Task timed out after 0.50 seconds")
    assert "Task timed out" in called.log
    child = int(called.log.split("pid ")[1].split()[0])
    wait_until(lambda: not is_alive(child))


def test_a_process_that_ends_itself_is_told(pool):
    assert "exit status 3" in failed(pool.call(function("import os\ndef h(e, c):\n    os._exit(3)"), b"{}"))["errorMessage"]


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("import not_packaged\ndef h(e, c): ...", "Runtime.ImportModuleError", "No module named 'not_packaged'"),
        ("import moto\ndef h(e, c): ...", "Runtime.ImportModuleError", "No module named 'moto'"),
        ("def other(e, c): ...", "Runtime.HandlerNotFound", "Handler 'h' missing"),
        ("def h(e, c) return", "Runtime.UserCodeSyntaxError", "Syntax error"),
    ],
)
def test_a_module_that_cannot_be_loaded_is_told(pool, code, kind, message):
    """Also one that only this machine has a library for."""
    error = failed(pool.call(function(code), b"{}"))
    assert error["errorType"] == kind
    assert message in error["errorMessage"]


def test_large_events_and_answers_pass(pool):
    called = pool.call(function("def h(e, c): return e * 2"), json.dumps("x" * 2_500_000).encode())
    assert len(returned(called)) == 5_000_000


def test_surroundings_are_lambdas_and_nothing_of_this_machine(pool, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("SECRET", "of this machine")
    code = (
        "import os, sys\nimport inlayer\n"
        "def h(e, c):\n"
        "    return {'env': dict(os.environ), 'cwd': os.getcwd(), 'path': sys.path, 'layer': inlayer.X,\n"
        "            'arn': c.invoked_function_arn, 'left': c.get_remaining_time_in_millis(), 'memory': c.memory_limit_in_mb}"
    )
    stated = {"AWS_ENDPOINT_URL_S3": "https://elsewhere.example", "OWN": "value"}
    layer = zipped(python__inlayer="X = 5")
    found = returned(pool.call(function(code, environment=stated, layers=(layer,), memory=512), b"{}"))
    environment = found["env"]
    assert environment["OWN"] == "value"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "f"
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert environment["LAMBDA_TASK_ROOT"] == found["cwd"] == found["path"][0]
    assert environment["AWS_ENDPOINT_URL"] == "http://localhost:1"
    assert not {"AWS_PROFILE", "SECRET", "AWS_ENDPOINT_URL_S3"} & set(environment)
    assert environment["HOME"] != str(Path.home())
    assert found["layer"] == 5
    assert found["arn"].endswith(":function:f")
    assert 0 < found["left"] <= 20_000
    assert int(found["memory"]) == 512


def test_programs_of_layers_are_found_below_opt(pool):
    """Also those that are to be run by the interpreter that Lambda has in another place."""
    code = "import subprocess\ndef h(e, c):\n    return subprocess.check_output(['/opt/tools/which', 'a'], text=True).split()"
    layer = zipped(tools__which="#!/var/lang/bin/python\nimport sys\nprint(sys.argv[1], sys.version_info[0])")
    assert returned(pool.call(function(code.replace("which'", "which.py'"), layers=(layer,)), b"{}")) == ["a", "3"]
    missing = failed(pool.call(function(code, layers=(layer,)), b"{}"))
    assert missing["errorType"] == "FileNotFoundError"


def test_nothing_but_this_machine_is_reached(pool):
    code = "import socket\ndef h(e, c):\n    socket.create_connection((e, 80), timeout=5)"
    for place in ("198.51.100.1", "example.com"):
        assert "is not on this machine" in failed(pool.call(function(code), json.dumps(place).encode()))["errorMessage"]


def test_calls_of_one_function_run_side_by_side_up_to_its_concurrency(pool):
    def together(most: int) -> int:
        slow = function(f"import os, time\ndef h(e, c):\n    time.sleep(0.3)\n    return [os.getpid(), {most}]", most=most)
        found: list[int] = []
        threads = [threading.Thread(target=lambda: found.append(returned(pool.call(slow, b"{}"))[0])) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(set(found))

    assert together(1) == 1
    assert together(2) == 2


def test_no_more_processes_are_kept_than_allowed():
    pool = Pool(lambda _function, _folder: {}, most=2)
    try:
        found = [returned(pool.call(_named(f"f{number}"), b"1"))[1] for number in range(3)]
        wait_until(lambda: not is_alive(found[0]))
        assert is_alive(found[1])
        assert is_alive(found[2])
    finally:
        pool.close()
    wait_until(lambda: not any(is_alive(pid) for pid in found))


def _named(name: str) -> Function:
    return replace(function(COUNTER), arn=f"arn:aws:lambda:{REGION}:515151515151:function:{name}", name=name)


def test_the_plain_client_does_what_the_one_in_c_does(tmp_path):
    """Where there is no C++ part, as on macOS, ours speaks with the Runtime API."""
    for code, payload in ((COUNTER, '{"a": "ü"}'), ("def h(e, c):\n    raise ValueError('no')", "{}")):
        outcomes = []
        for plain in (False, True):
            process = FunctionProcess(function(code), tmp_path, {}, plain_client=plain)
            try:
                called = process.call(payload.encode())
                told = json.loads(called.outcome.payload)
                outcomes.append((called.outcome.error, told[::2] if isinstance(told, list) else told["errorMessage"]))
            finally:
                process.end()
        assert outcomes[0] == outcomes[1]


def test_processes_end_when_the_one_that_started_them_is_killed(tmp_path):
    program = (
        "import sys, tempfile\nfrom pathlib import Path\nfrom lakecheck.rehearsal.functions.pool import Pool\n"
        "from tests.lakecheck.rehearsal.functions.archives import function\n"
        "pool = Pool(lambda *_: {})\n"
        "print(pool.call(function(sys.argv[1]), b'1').outcome.payload.decode(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    root = Path(__file__).parents[4]
    code = "import os, subprocess\ndef h(e, c):\n    return [os.getpid(), subprocess.Popen(['sleep', '60']).pid]"
    environment = {**os.environ, "PYTHONPATH": str(root), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", program, code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=root
    ) as parent:
        assert parent.stdout is not None
        pids = json.loads(parent.stdout.readline())
        assert all(is_alive(pid) for pid in pids)
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(is_alive(pid) for pid in pids))
    wait_until(lambda: not list(tmp_path.iterdir()))
