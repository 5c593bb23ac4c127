"""Keeps one Java with Spark for programs that run one after the other: its start costs more than most of them.

```python
warm = WarmSpark()
with warm.lend(spark_settings(port, buckets), variables, [package], folder) as environment:
    end = run_job(script, arguments, extra_py_files=[package], environment={**variables, **environment}, folder=folder, timeout=300)
```

Glue does it the other way round, one machine for a run; so nothing of one program may reach the next: see `java`. As with Glue, Java runs
before the program: what can only be said when Java starts, such as `spark.driver.memory` or `spark.jars.packages`, a program says in vain.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from lakecheck.rehearsal.spark.java import Java

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

RUNS: Final = 40
"""Programs after which a new Java is started: what they referred to from Python, Java keeps."""
_POLL: Final = 0.1


class WarmSpark:
    """A Java that is started with the first program, and anew when one was ended."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._java: Java | None = None
        self._runs = 0

    @property
    def java(self) -> Java | None:
        """The Java that waits for a program, or works for one; None before the first one."""
        return self._java

    @contextlib.contextmanager
    def lend(
        self,
        settings: Mapping[str, str],
        variables: Mapping[str, str],
        packages: Sequence[Path],
        folder: Path,
        *,
        patience: float = math.inf,
        unless: Callable[[], bool] = lambda: False,
    ) -> Iterator[dict[str, str] | None]:
        """Gives a program its turn, and cleans up behind it when the block ends.

        Args:
            settings: Spark's settings, of `configuration.spark_settings`.
            variables: What the program's environment has, and its Python workers shall have too: credentials, endpoints.
            packages: What the program imports from.
            folder: Where the program is to run, see `runner.run_job`; it is made.
            patience: Seconds to wait for the turn; for ever when left out.
            unless: Asked several times a second while waiting; ends the wait.

        Yields:
            The environment that the program needs besides; None when it had no turn.

        Raises:
            DataLakeError: As `Java`.
        """
        if not self._has_turn(patience, unless):
            yield None
            return
        try:
            java = self._ready()
            try:
                yield self._prepared(java, settings, variables, packages, folder)
            finally:
                self._clean(java)
        finally:
            self._turn.release()

    def close(self) -> None:
        """Ends Java. May be called again; a program that comes later starts another one."""
        with self._turn:
            self._end()

    def _has_turn(self, patience: float, unless: Callable[[], bool]) -> bool:
        until = time.monotonic() + patience
        while not self._turn.acquire(timeout=_POLL):
            if unless() or time.monotonic() > until:
                return False
        return True

    def _ready(self) -> Java:
        if self._java is not None and not self._java.is_running:
            self._end()
        if self._java is None:
            self._java, self._runs = Java(), 0
        return self._java

    def _clean(self, java: Java) -> None:
        """Keeps a Java for the next program only if it was cleaned of this one to the end."""
        self._runs += 1
        is_fit = False
        try:
            is_fit = java.clean() and self._runs < RUNS
        finally:
            if not is_fit:
                self._end()

    def _end(self) -> None:
        if self._java is not None:
            self._java.end()
            self._java = None

    def _prepared(
        self, java: Java, settings: Mapping[str, str], variables: Mapping[str, str], packages: Sequence[Path], folder: Path
    ) -> dict[str, str]:
        temporary = folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        own = {"TMPDIR": str(temporary), "LC_ALL": "C.UTF-8"}
        paths = [*(str(path.absolute()) for path in packages), *filter(None, [variables.get("PYTHONPATH", "")])]
        workers = {**variables, **own, "PYTHONPATH": os.pathsep.join(paths)}
        java.prepare(
            {
                **settings,
                "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
                "user.dir": str(folder),  # where Hadoop finds what has a relative path
                **{f"spark.executorEnv.{name}": value for name, value in workers.items() if value},
            },
            folder,
        )
        return {**own, **java.connection, "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
