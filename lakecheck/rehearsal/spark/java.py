"""One Java with Spark, started as PySpark starts its own: prepared for a program, and cleaned of it.

What a program leaves in a Java is named in `_left`, one by one. What cannot be cleaned makes the Java unfit for another program: its owner
ends it then.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakecheck.rehearsal.spark.configuration import configure, spark_settings
from lakecheck.rehearsal.spark.guard import Guard
from lakecheck.rehearsal.spark.runner import environment_of
from lakemodel.errors import DataLakeError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG = logging.getLogger(__name__)
START_SECONDS: Final = 180.0
CLEAN_SECONDS: Final = 15.0
"""How long a program's Spark may take to end before its Java is given up."""
_HADOOP: Final = "spark.hadoop."
_NAMES: Final = re.compile(r"Thread\[([^,\]]+),")
_OF_A_PROGRAM: Final = re.compile(r"Thread-\d+|Executor task launch worker.*")
"""Threads that serve a program's calls, and that compute for it."""


class Java:
    """A running Java, to which one program at a time may connect.

    Attributes:
        connection: The environment that leads PySpark to it.

    Raises:
        DataLakeError: `no_pyspark`, `no_java`, `no_spark` if it does not start.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rehearsed-spark-"))
        self._told = self.folder / "jvm.log"
        self._guard: Guard | None = None
        self._hadoop: list[str] = []
        self._streams: list[Any] = []
        try:
            self._process = self._launched()
            self._guard = Guard(self._process.pid, self.folder)
            port, secret = self._answer()
            self.connection = {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret}
            self._connect(port, secret)
        except BaseException:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """Of its process, which leads a group of its own."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process.poll() is None

    def prepare(self, settings: Mapping[str, str], folder: Path) -> None:
        """Makes it look as if it had been started for one program.

        Args:
            settings: Spark's, by name; and other system properties.
            folder: Where the program writes `stdout.log` and `stderr.log`: Java and its Python workers write there too.
        """
        system = self._jvm.java.lang.System
        for name, value in settings.items():
            system.setProperty(name, value)
        conf = self._jvm.org.apache.spark.deploy.SparkHadoopUtil.get().conf()
        self._hadoop = [name.removeprefix(_HADOOP) for name in settings if name.startswith(_HADOOP)]
        for name in self._hadoop:
            conf.set(name, settings[f"{_HADOOP}{name}"])
        for name, put in (("stdout.log", system.setOut), ("stderr.log", system.setErr)):
            self._streams.append(self._appending(folder / name))
            put(self._streams[-1])

    def clean(self) -> bool:
        """Ends what a program left running and forgets what it left behind.

        Returns:
            Whether this Java is as it was before; if not, it must be ended.
        """
        from py4j.protocol import Py4JError  # noqa: PLC0415 - an extra brings it

        try:
            why = self._left() if self.is_running else "it has ended"
        except (Py4JError, OSError) as error:  # it does not answer, or not in time
            why = repr(error)
        if why:
            LOG.warning("Spark's Java %s is not used again: %s", self.pid, why)
        return not why

    def end(self) -> None:
        """Kills it and removes its folder. May be called again."""
        gateway, process = getattr(self, "_gateway", None), getattr(self, "_process", None)
        if gateway is not None:
            gateway.close()
            _disconnect(gateway)
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        if self._guard is not None:
            self._guard.dismiss()
            self._guard = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _launched(self) -> subprocess.Popen[bytes]:
        variables = environment_of(configure(spark_settings(0, ()), self.folder), ())
        import pyspark  # noqa: PLC0415 - an extra brings it

        home = Path(pyspark.__file__).parent
        variables |= {"SPARK_HOME": str(home), "_PYSPARK_DRIVER_CONN_INFO_PATH": str(self.folder / "connection")}
        with self._told.open("wb") as told:
            return subprocess.Popen(  # noqa: S603 - PySpark's own
                [str(home / "bin" / "spark-submit"), "pyspark-shell"],
                env=variables,
                cwd=self.folder,
                stdin=subprocess.PIPE,  # it ends when this is closed
                stdout=told,
                stderr=told,
                start_new_session=True,
            )

    def _answer(self) -> tuple[int, str]:
        """Port and secret, which Java writes to a file that it renames when all is in it."""
        file = self.folder / "connection"
        until = time.monotonic() + START_SECONDS
        while not file.exists():
            if not self.is_running or time.monotonic() > until:
                told = self._told.read_text(encoding="utf-8", errors="replace").strip()[-2000:]
                message = f"Spark's Java has not started within {START_SECONDS:g} s; it said: {told or 'nothing'}"
                raise DataLakeError(message, code="no_spark")
            time.sleep(0.05)
        content = file.read_bytes()
        file.unlink()
        port, length = struct.unpack_from("!ii", content)
        return port, content[8 : 8 + length].decode()

    def _connect(self, port: int, secret: str) -> None:
        from py4j.java_gateway import GatewayParameters, JavaGateway  # noqa: PLC0415 - an extra brings it

        self._gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=secret, read_timeout=CLEAN_SECONDS))
        os.register_at_fork(after_in_child=functools.partial(_disconnect, self._gateway))  # a copy of this process has no Java
        self._jvm = self._gateway.jvm
        self._own = len(self._threads())  # before there is anything to collect as garbage
        system = self._jvm.java.lang.System
        self._properties = system.getProperties().clone()
        self._output = self._appending(self._told)
        self._zone = self._jvm.java.util.TimeZone.getDefault()
        self._locale = self._jvm.java.util.Locale.getDefault()
        self._level = self._logger().getLevel()

    def _appending(self, file: Path) -> Any:
        """A stream of Java's to the end of a file, without a buffer."""
        append = flush = True
        return self._jvm.java.io.PrintStream(self._jvm.java.io.FileOutputStream(str(file), append), flush, "UTF-8")

    def _logger(self) -> Any:
        return self._jvm.org.apache.logging.log4j.LogManager.getRootLogger()

    def _threads(self) -> list[str]:
        """Names of the threads that may be a program's; among them are the one that waits for connections, and one for each of ours."""
        told = self._jvm.java.lang.Thread.getAllStackTraces().keySet().toString()
        return sorted(name for name in _NAMES.findall(told) if _OF_A_PROGRAM.fullmatch(name))

    def _left(self) -> str:
        """Cleans; what could not be."""
        if running := self._running():
            return f"still running: {running}"
        if (self.folder / "tmp" / "derby.log").exists():
            return "it has a metastore of Hive, with tables"
        session = self._jvm.org.apache.spark.sql.SparkSession
        session.clearActiveSession()
        session.clearDefaultSession()
        self._jvm.org.apache.hadoop.fs.FileSystem.closeAll()
        conf = self._jvm.org.apache.spark.deploy.SparkHadoopUtil.get().conf()
        for name in self._hadoop:
            conf.unset(name)
        self._hadoop = []
        self._jvm.java.util.TimeZone.setDefault(self._zone)
        self._jvm.java.util.Locale.setDefault(self._locale)
        self._jvm.org.apache.logging.log4j.core.config.Configurator.setRootLevel(self._level)
        system = self._jvm.java.lang.System
        system.setProperties(self._properties.clone())
        system.setOut(self._output)
        system.setErr(self._output)
        for stream in self._streams:
            stream.close()
        self._streams = []
        return ""

    def _running(self) -> str:
        """Stops the program's Spark, also one that is being made; what of it runs nevertheless."""
        until = time.monotonic() + CLEAN_SECONDS
        spark = getattr(getattr(self._jvm.org.apache.spark, "SparkContext$"), "MODULE$")
        while True:
            active = spark.getActive()
            if active.isDefined():
                active.get().cancelAllJobs()
                active.get().stop()
            elif len(left := self._threads()) <= self._own and not spark.getActive().isDefined():
                return ""
            elif time.monotonic() > until:
                return ", ".join(left)
            else:
                self._gateway.close()  # Python may have said by another connection what it collected as garbage
                time.sleep(0.02)


def _disconnect(gateway: Any) -> None:
    """Says no more to Java, as else would be done of everything that Python collects as garbage."""
    gateway._gateway_client.is_connected = False  # noqa: SLF001 - closing alone lets it connect again
