"""The `lakecheck` command: its subcommands, its exit codes, and how an error reaches a person."""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import io
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, TextIO

from lakemodel.errors import DataLakeError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMANDS = {
    "run": "judge a cloud assembly before it is deployed",
    "pull-request": "judge a change against the branch it goes to, for CI",
    "access": "say who can read which column, through which door",
    "upgrade": "say what a deployment would delete, take away or weaken",
    "rehearse": "deploy into a local emulator and run the pipelines",
    "contracts": "judge data contracts, compare them, lock their field ids",
    "config": "judge lake.yaml, or print its schema",
    "policy": "compare IAM policies, or look for access in one",
}
"""Each command with what it does; `add_parser(subparsers)` of `lakecheck.<name>_command` sets the `handler` of its arguments."""

UNREADABLE = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
TERMINATED = 143
_CANNOT_WRITE = frozenset({errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT})

_DESCRIPTION = """\
Judges a data lake before it is deployed: configuration, data contracts, and the cloud assembly of any CDK app.
"""

_EPILOG = """\
exit codes:
  0  all is well
  1  findings
  2  wrong usage, or input that cannot be read

start with:
  lakecheck run cdk.out                      judge what `cdk synth` wrote
  lakecheck access cdk.out                   who can read which column, through which door
  lakecheck upgrade BASE HEAD                what a deployment would delete, take away or weaken
  lakecheck pull-request --app COMMAND       all of it, for this branch against the one it goes to
  lakecheck rehearse cdk.out                 deploy into a local emulator, and run the pipelines
  lakecheck contracts validate PATH          judge data contracts
  lakecheck config validate PATH             judge lake.yaml
  lakecheck COMMAND --help                   what a command does, with examples
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        argv: The arguments without the program's name; those of the process when left out.

    Returns:
        The exit code.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    _open_streams()
    arguments = _parser(argv).parse_args(argv)
    try:
        with _unwound_by_sigterm():
            code: int = arguments.handler(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _lead_nowhere(sys.stdout)
        return BROKEN_PIPE
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except InvalidInput as error:
        for finding in error.findings:
            _say(str(finding))
        return UNREADABLE
    except DataLakeError as error:
        _say(str(error))
        return UNREADABLE
    except OSError as error:
        if error.errno not in _CANNOT_WRITE:
            raise
        _lead_nowhere(sys.stdout)
        _say(f"the output cannot be written: {error.strerror}")
        return UNREADABLE
    return code


def _say(text: str) -> None:
    """Tells on stderr; if that cannot be written either, the exit code has to do."""
    try:
        print(f"lakecheck: {text}", file=sys.stderr, flush=True)
    except OSError:
        _lead_nowhere(sys.stderr)


@contextlib.contextmanager
def _unwound_by_sigterm() -> Iterator[None]:
    """A CI that cancels sends SIGTERM: what was begun is taken away then, as when somebody interrupts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    own = os.getpid()

    def unwind(_number: int, _frame: object) -> None:
        if os.getpid() != own:  # a linter that was forked
            os._exit(TERMINATED)
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def _open_streams() -> None:
    """Lets every text be printed, with escapes for what the terminal's encoding has not; a closed stream leads nowhere."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - as long as the process
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _lead_nowhere(stream: TextIO) -> None:
    """Nobody reads it any more, such as `head`, or nothing goes into it. Python would fail once more when it flushes it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The parser, with the arguments of the one command that is called: the others' modules take longer to load than help may take."""
    parser = argparse.ArgumentParser(
        prog="lakecheck", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    called = next((word for word in argv if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        if name == called:
            importlib.import_module(f"lakecheck.{name.replace('-', '_')}_command").add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=summary)
    return parser
