"""Programs that take turns in one Java: nothing of one reaches the next, and nothing of Java stays."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from lakecheck.rehearsal.spark import warm as warm_module
from lakecheck.rehearsal.spark.configuration import buckets_in, spark_settings
from lakecheck.rehearsal.spark.runner import run_job
from lakecheck.rehearsal.spark.warm import WarmSpark
from lakecheck.rehearsal.spark.webhdfs import serve
from lakemodel.errors import DataLakeError
from tests.lakecheck.rehearsal.emulator.processes import are_gone, is_gone
from tests.lakecheck.rehearsal.spark.ingested import PACKAGE, Lake, zipped
from tests.lakecheck.rehearsal.spark.test_runner import gone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lakecheck.rehearsal.spark.runner import JobEnd
    from tests.lakecheck.rehearsal.spark.emulated import Emulated

LEAVES, FINDS = (Path(__file__).with_name(name) for name in ("leaves.py", "finds.py"))
JOB = PACKAGE / "job.py"
COUNTS = "from pyspark.sql import SparkSession\nprint(SparkSession.builder.getOrCreate().range(5).count())\n"


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmSpark]:
    """One Java for all tests that start programs."""
    spark = WarmSpark()
    yield spark
    spark.close()


def run(
    warm: WarmSpark,
    aws: Emulated,
    folder: Path,
    script: Path,
    arguments: Sequence[str] = (),
    *,
    buckets: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    packages: Sequence[Path] = (),
    **more: Any,
) -> JobEnd:
    """Starts a program that may import `brought`, whose word is the folder's name."""
    package = folder / "package"
    package.mkdir(parents=True)
    (package / "brought.py").write_text(f"WORD = {folder.name!r}\n")
    given = {**aws.environment, **(variables or {})}
    with serve(aws.s3) as port, warm.lend(spark_settings(port, buckets), given, [package, *packages], folder / "work") as lent:
        assert lent is not None
        environment = {**given, **lent}
        timeout = more.pop("timeout", 120)
        return run_job(
            script, arguments, extra_py_files=[package, *packages], environment=environment, folder=folder / "work", timeout=timeout, **more
        )


def program(tmp_path: Path, text: str) -> Path:
    script = tmp_path / "program.py"
    script.write_text(text)
    return script


def java_of(warm: WarmSpark) -> int:
    assert warm.java is not None
    return warm.java.pid


@pytest.mark.spark
@pytest.mark.full
def test_nothing_of_a_program_reaches_the_next(warm: WarmSpark, aws: Emulated, tmp_path: Path) -> None:
    """Settings, views, tables, caches, functions, buckets, credentials, packages: of the same Java, a new one's state."""
    one, two = aws.bucket(), aws.bucket()
    addresses = [aws.put(bucket, "a.txt", f"of {bucket}") for bucket in (one, two)]
    first = run(warm, aws, tmp_path / "first", LEAVES, addresses[:1], buckets=[one], variables={"OF_ONE": "1", "AWS_SESSION_TOKEN": "1"})
    assert first.exit_code == 0, first.tail
    java = java_of(warm)
    second = run(warm, aws, tmp_path / "second", FINDS, addresses[::-1], buckets=[two], variables={"AWS_ACCESS_KEY_ID": "222222222222"})
    assert second.exit_code == 0, second.tail
    told = json.loads(second.output.splitlines()[-1])
    assert told.pop("java").partition("@")[0] == str(java) == str(java_of(warm))
    assert told.pop("locale") != "ja_JP"
    assert told.pop("level") != "ALL"
    assert told == {
        "settings": [],
        "partitions": "2",
        "zones": [False, False],
        "tables": [],
        "global": [],
        "functions": [],
        "cached": 0,
        "hadoop": None,
        "read": f"of {two}",
        "refused": True,
        "worker": [["222222222222", None, None], "second", str(tmp_path / "second" / "work" / "tmp")],
        "word": "second",
    }
    assert second.tail.splitlines()[-1] == "of Java"
    assert not (tmp_path / "second" / "work" / "warehouse" / "written").exists()
    assert (tmp_path / "first" / "work" / "warehouse" / "written").is_dir()


@pytest.mark.spark
@pytest.mark.full
def test_the_ingestion_job_does_the_same_in_a_java_that_others_used(warm: WarmSpark, aws: Emulated, tmp_path: Path) -> None:
    """A delivery a process; its tables and its quarantine as if each had started a Spark."""
    lake = Lake(aws)
    for number, arguments in enumerate(lake.runs):
        folder = tmp_path / str(number)
        end = run(warm, aws, folder, JOB, arguments, buckets=sorted(buckets_in(arguments)), packages=[zipped(tmp_path)])
        assert end.exit_code == 0, f"{end.output}\n{end.tail}"
    lake.check(tmp_path)


ENDLESS = """
import os, sys, time
from pyspark.sql import SparkSession
spark, place = SparkSession.builder.getOrCreate(), sys.argv[1]
def wait(rows):
    with open(place, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(600)
    yield 1
spark.sparkContext.parallelize([1], 1).mapPartitions(wait).collect()
"""


@pytest.mark.spark
@pytest.mark.full
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc for processes")
def test_a_program_that_is_killed_at_work_leaves_no_work(warm: WarmSpark, aws: Emulated, tmp_path: Path) -> None:
    """Its task and the Python that computes it have ended, and the same Java is fit for the next."""
    at = tmp_path / "pid"

    def started(process: subprocess.Popen[bytes]) -> None:
        def kill() -> None:
            while not at.exists() or not at.read_text():
                os.sched_yield()
            os.killpg(process.pid, signal.SIGKILL)

        threading.Thread(target=kill, daemon=True).start()

    assert run(warm, aws, tmp_path / "killed", program(tmp_path, ENDLESS), [str(at)], started=started).exit_code == -signal.SIGKILL
    assert gone(int(at.read_text()))
    java = java_of(warm)
    assert run(warm, aws, tmp_path / "next", program(tmp_path, COUNTS)).output == "5"
    assert java_of(warm) == java


@pytest.mark.spark
@pytest.mark.full
def test_a_program_that_takes_too_long_does_not_keep_the_next_from_running(warm: WarmSpark, aws: Emulated, tmp_path: Path) -> None:
    """Also while its Spark is still being made."""
    endless = program(
        tmp_path,
        "from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate().range(10**15).selectExpr('sum(id % 7)').collect()",
    )
    with pytest.raises(DataLakeError) as raised:
        run(warm, aws, tmp_path / "long", endless, timeout=3)
    assert raised.value.code == "job_timeout"
    assert run(warm, aws, tmp_path / "next", program(tmp_path, COUNTS)).output == "5"


@pytest.mark.spark
@pytest.mark.full
@pytest.mark.parametrize(
    "text",
    [
        "SparkSession.builder.getOrCreate()._jvm.java.lang.System.exit(3)",
        "SparkSession.builder.getOrCreate()._sc._gateway.shutdown()",
        "SparkSession.builder.enableHiveSupport().getOrCreate().sql('CREATE TABLE t (a INT)')",
    ],
)
def test_what_cannot_be_cleaned_is_ended(warm: WarmSpark, aws: Emulated, tmp_path: Path, text: str) -> None:
    """A Java that ended, that nobody can speak to, or that keeps a metastore; the next program has another one."""
    run(warm, aws, tmp_path / "first", program(tmp_path, COUNTS))
    old = java_of(warm)
    run(warm, aws, tmp_path / "ends", program(tmp_path, f"from pyspark.sql import SparkSession\n{text}\n"))
    assert warm.java is None
    assert is_gone(old)
    assert run(warm, aws, tmp_path / "next", program(tmp_path, COUNTS)).output == "5"
    assert java_of(warm) != old


HOLDER = """
import time
from lakecheck.rehearsal.spark.java import Java
java = Java()
print(java.pid, java.folder, flush=True)
time.sleep(600)
"""


@pytest.mark.spark
@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_java_ends_with_who_started_it(number: signal.Signals) -> None:
    """However that ended; its folder is gone too."""
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as holder:
        try:
            assert holder.stdout is not None
            pid, folder = holder.stdout.readline().split()
            assert not is_gone(int(pid))
            holder.send_signal(number)
            holder.wait(30)
            assert are_gone([int(pid)])
            until_gone(Path(folder))
        finally:
            holder.kill()


def until_gone(folder: Path) -> None:
    for _ in range(1_000_000):
        if not folder.exists():
            return
        os.sched_yield()
    pytest.fail(f"{folder} is still there")


class Fake:
    """A Java that says what was done with it. No Spark."""

    made: ClassVar[list[Fake]]
    fit = True
    connection: ClassVar[dict[str, str]] = {}

    def __init__(self) -> None:
        self.is_running = True
        self.cleaned = 0
        self.made.append(self)

    def prepare(self, *_: object) -> None:
        """Nothing to do."""

    def clean(self) -> bool:
        self.cleaned += 1
        return self.fit

    def end(self) -> None:
        self.is_running = False


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[Fake]:
    class Own(Fake):
        made: ClassVar[list[Fake]] = []

    monkeypatch.setattr(warm_module, "Java", Own)
    return Own


def test_a_java_is_cleaned_however_its_program_ended(fake: type[Fake], tmp_path: Path) -> None:
    """And lent again."""
    spark = WarmSpark()
    for error in (None, KeyboardInterrupt, DataLakeError("too long", code="job_timeout")):
        with contextlib.suppress(KeyboardInterrupt, DataLakeError), spark.lend({}, {}, [], tmp_path):
            if error is not None:
                raise error
    (java,) = fake.made
    assert (java.cleaned, java.is_running) == (3, True)
    spark.close()
    assert not java.is_running


def test_a_java_that_is_unfit_or_old_is_ended(fake: type[Fake], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was not clean, one whose cleaning was broken off, and one that had its programs."""
    spark = WarmSpark()

    def lend() -> Fake:
        with spark.lend({}, {}, [], tmp_path):
            return fake.made[-1]

    assert lend().is_running
    fake.fit = False
    assert not lend().is_running
    fake.fit = True
    assert len({id(lend()), id(lend())}) == 1
    fake.made[-1].is_running = False
    assert lend().is_running
    assert len(fake.made) == 3
    monkeypatch.setattr(warm_module, "RUNS", 2)
    assert not lend().is_running

    def broken(_: Fake) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(fake, "clean", broken)
    with pytest.raises(KeyboardInterrupt):
        lend()
    assert not fake.made[-1].is_running


def test_who_has_no_turn_is_told(fake: type[Fake], tmp_path: Path) -> None:
    """When it took too long, or when it was stopped; the others' turn is not touched."""
    spark = WarmSpark()
    with spark.lend({}, {}, [], tmp_path):
        with spark.lend({}, {}, [], tmp_path, patience=0) as lent:
            assert lent is None
        with spark.lend({}, {}, [], tmp_path, unless=lambda: True) as lent:
            assert lent is None
        assert fake.made[0].cleaned == 0
    with spark.lend({}, {}, [], tmp_path, patience=0) as lent:
        assert lent is not None
    assert len(fake.made) == 1
