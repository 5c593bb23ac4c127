"""The `lakecheck` command: its subcommands, its exit codes, and how an error reaches a person."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import TYPE_CHECKING

from lakemodel.errors import DataLakeError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "run": "judge a cloud assembly before it is deployed",
    "pull-request": "judge a change against the branch it goes to, for CI",
    "access": "say who can read which column, through which door",
    "upgrade": "say what a deployment would delete, take away or weaken",
    "contracts": "judge data contracts, compare them, lock their field ids",
    "config": "judge lake.yaml, or print its schema",
    "policy": "compare IAM policies, or look for access in one",
}
"""Each command with what it does; `add_parser(subparsers)` of `lakecheck.<name>_command` sets the `handler` of its arguments."""

UNREADABLE = 2
INTERRUPTED = 130
BROKEN_PIPE = 141

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
    arguments = _parser(argv).parse_args(argv)
    try:
        code: int = arguments.handler(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has seen enough, such as `head`. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        print("lakecheck: interrupted", file=sys.stderr)
        return INTERRUPTED
    except InvalidInput as error:
        for finding in error.findings:
            print(f"lakecheck: {finding}", file=sys.stderr)
        return UNREADABLE
    except DataLakeError as error:
        print(f"lakecheck: {error}", file=sys.stderr)
        return UNREADABLE
    return code


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
