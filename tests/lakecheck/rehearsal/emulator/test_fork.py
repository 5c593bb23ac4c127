"""What a copy of a process makes sound before it serves, and how a process ends that cannot end by itself."""

from __future__ import annotations

import signal
import subprocess
import sys

PROGRAM = """
import os, signal, tempfile, threading
from lakecheck.rehearsal.emulator import checkpoint

class Holder:
    __slots__ = ("lock",)
    def __init__(self):
        self.lock = threading.RLock()

holder, lock, condition, held, over = Holder(), threading.Lock(), threading.Condition(), threading.Event(), threading.Event()
large = tempfile.SpooledTemporaryFile(10)
large.write(b"0123456789" * 10)

def hold():
    with holder.lock, lock, condition:
        held.set()
        over.wait()

threading.Thread(target=hold).start()
held.wait()
checkpoint._flush_large_objects()
large.seek(0)
pid = os.fork()
if pid == 0:
    signal.alarm(20)
    checkpoint._renew_locks()
    for found in checkpoint._large_objects():
        checkpoint._reopen(found)
    large.seek(50)
    free = all(each.acquire(timeout=1) for each in (holder.lock, lock, condition))
    print("free" if free else "held", "whole" if large.tell() == 50 and len(large.read()) == 50 else "torn", flush=True)
    raise SystemExit(7)  # through the interpreter's own end, which looks at its locks too
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
over.set()
print(status, len(large.read()))
"""


def test_a_copy_finds_locks_free_and_files_at_positions_of_their_own() -> None:
    """Held by a thread that the copy lacks, in an object without a dictionary too; the copied process is not touched."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split("\n")[:2] == ["free whole", "7 100"], done.stderr
    assert done.stderr == ""


HANGING = """
import threading
from lakecheck.rehearsal.emulator.lifeline import Lifeline

class Endless:
    def __del__(self):
        while True:
            pass

endless = Endless()
lifeline = Lifeline()
lifeline.watch()
lifeline.announce(1)
threading.Event().wait()
"""


def test_a_process_that_hangs_while_it_ends_is_killed() -> None:
    """The interpreter's end stops all threads but one, so no thread of it can do that."""
    started = subprocess.Popen([sys.executable, "-c", HANGING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert started.stdin is not None
        assert started.stdout is not None
        assert started.stdout.readline() == b"ready 1\n"
        started.stdin.close()
        assert started.wait(timeout=20) == -signal.SIGKILL
    finally:
        started.kill()
        started.wait()
        started.stdout.close()
