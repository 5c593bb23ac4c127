"""`lakecheck policy`: whether a policy allows what a reference does not, or what it never should; nothing is asked of AWS."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lakemodel.errors import InvalidInput

if TYPE_CHECKING:
    from lakecheck.iam.comparison import Verdict
    from lakecheck.iam.model import Policy

_MOST_BYTES: Final = 256 * 1024
_PARTITION: Final = "aws"
_AUDIT: Final = f"arn:{_PARTITION}:s3:::audit/*"
"""An example."""

_DESCRIPTION: Final = """\
Asks of policy documents what IAM Access Analyzer's custom policy checks ask, without AWS: for every principal, action, resource and
condition at once, not for samples.
"""

_CODES: Final = """\
exit codes:
  0  PASS     there is no such access
  1  FAIL     there is, and a request that shows it is printed
  2  UNKNOWN  there was too much to try, or the input cannot be read
"""

_NEW_ACCESS: Final = """\
Is there a request that CANDIDATE allows and REFERENCE does not? New access is judged as text: any action name and any resource counts,
whether it exists or not, so that s3:* is more than all of S3's actions of today; a policy that only denies gives nothing.

A usual reference allows everything, and denies what must not be given.
"""

_NEW_ACCESS_EPILOG: Final = f"""\
{_CODES}
examples:
  lakecheck policy check-no-new-access --reference old.json new.json
  lakecheck policy check-no-new-access --reference reference.json --type resource bucket-policy.json --format json
"""

_NOT_GRANTED: Final = """\
Does POLICY allow any of these actions on any of these resources? Both may have wildcards. Without --resources any resource counts, without
--actions any action.
"""

_NOT_GRANTED_EPILOG: Final = f"""\
{_CODES}
examples:
  lakecheck policy check-access-not-granted --actions s3:DeleteBucket kms:ScheduleKeyDeletion policy.json
  lakecheck policy check-access-not-granted --actions 's3:*' --resources '{_AUDIT}' policy.json
  lakecheck policy check-access-not-granted --access '[{{"actions": ["iam:PassRole"], "resources": ["*"]}}]' policy.json
"""


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Adds `policy` and its own commands to the parser of `lakecheck`."""
    parser = subparsers.add_parser("policy", help="compare IAM policies, or look for access in one", description=_DESCRIPTION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    compare = _add(commands, "check-no-new-access", "does a policy allow what a reference does not?", _NEW_ACCESS, _NEW_ACCESS_EPILOG)
    compare.add_argument("--reference", type=Path, required=True, metavar="REFERENCE", help="the policy that says what may be allowed")
    compare.add_argument("policy", type=Path, metavar="CANDIDATE", help="the policy that is judged: a JSON document")
    compare.set_defaults(handler=check_new)
    ask = _add(commands, "check-access-not-granted", "does a policy allow any of these?", _NOT_GRANTED, _NOT_GRANTED_EPILOG)
    ask.add_argument("--actions", nargs="+", action=_Listed, default=[], metavar="ACTION", help="actions, such as s3:Put*")
    ask.add_argument("--resources", nargs="+", action=_Listed, default=[], metavar="ARN", help=f"resources, such as {_AUDIT}")
    ask.add_argument("--access", metavar="JSON", help="both, as AWS's API takes them: JSON, or a file of it")
    ask.add_argument("policy", nargs="?", metavar="POLICY", help="the policy that is judged: a JSON document")
    ask.set_defaults(handler=check_granted)


class _Listed(argparse.Action):
    """Collects a list; the last one may have taken the policy that stands behind it."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        """Adds the values, and notes that this list came last."""
        del parser, option_string
        setattr(namespace, self.dest, [*getattr(namespace, self.dest), *values])
        namespace.last = self.dest


def _add(commands: Any, name: str, summary: str, about: str, epilog: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=about, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = ("identity", "resource")
    parser.add_argument(
        "--type", "--policy-type", dest="type", type=_kind, choices=kinds, metavar="{identity,resource}",
        help="attached to who asks, or to what is asked for (a trust policy too); when left out, resource if principals are named",
    )  # fmt: skip
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print; text by default")
    return parser


def _kind(text: str) -> str:
    """The kind, also as AWS's API spells it."""
    return text.lower().removesuffix("_policy")


def check_new(arguments: argparse.Namespace) -> int:
    """`policy check-no-new-access`; returns the exit code."""
    from lakecheck.iam.comparison import check_no_new_access  # noqa: PLC0415 - `--help` is to be quick

    reference, candidate = _document(arguments.reference), _document(arguments.policy)
    is_resource = _is_resource(arguments, reference, candidate)
    policies = [
        _policy(path, document, is_resource) for path, document in ((arguments.reference, reference), (arguments.policy, candidate))
    ]
    verdict = check_no_new_access(policies[0], policies[1], resource_policy=is_resource)
    return _report(verdict, arguments, "is new access", "allows nothing that the reference does not")


def check_granted(arguments: argparse.Namespace) -> int:
    """`policy check-access-not-granted`; returns the exit code."""
    from lakecheck.iam.comparison import check_access_not_granted  # noqa: PLC0415

    last: list[str] = getattr(arguments, getattr(arguments, "last", ""), [])
    if arguments.policy is None and not last:
        raise _unreadable("the command line", "no policy was named", "Name a file with a policy document.")
    path = Path(last.pop() if arguments.policy is None else arguments.policy)
    actions = [name for text in arguments.actions for name in text.split(",") if name]
    access = [(actions, arguments.resources)] if actions or arguments.resources else []
    if arguments.access is not None:
        access += _access(arguments.access)
    if not access:
        raise _unreadable("the command line", "nothing to look for was given", "Give --actions, --resources, or --access.")
    document = _document(path)
    is_resource = _is_resource(arguments, document)
    verdict = check_access_not_granted(_policy(path, document, is_resource), access, resource_policy=is_resource)
    arguments.policy = path
    return _report(verdict, arguments, "is granted", "allows none of it")


def _document(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
        if len(text) > _MOST_BYTES:
            message = f"it has more than {_MOST_BYTES:,} bytes, several times what AWS takes of any policy"
            raise _unreadable(str(path), message, "Name a file with a policy document.")
        return json.loads(text, object_pairs_hook=_once(str(path)))
    except OSError as error:
        raise _unreadable(str(path), f"it cannot be read: {error.strerror}", "Name a file with a policy document.") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise _unreadable(str(path), f"the text is not JSON: {error}", "Write valid JSON.") from None


def _once(name: str) -> Any:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in found]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise _unreadable(name, f"{twice!r} stands twice in one object; allowed is once", "Keep one of them.")
        return dict(found)

    return pairs


def _unreadable(name: str, message: str, remedy: str) -> InvalidInput:
    from lakemodel.findings import Finding, Place  # noqa: PLC0415

    return InvalidInput([Finding(Place(name), "policy.unreadable", message, remedy)])


def _is_resource(arguments: argparse.Namespace, *documents: Any) -> bool:
    """As told; else whether a statement of any of them names principals."""
    if arguments.type is not None:
        return bool(arguments.type == "resource")
    return any(
        isinstance(key, str) and key.lower() in ("principal", "notprincipal")
        for document in documents
        if isinstance(document, dict)
        for statement in _listed(next((value for key, value in document.items() if str(key).lower() == "statement"), ()))
        if isinstance(statement, dict)
        for key in statement
    )


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _policy(path: Path, document: Any, is_resource: bool) -> Policy:  # noqa: FBT001 - one of two kinds
    from lakecheck.iam.comparison import read_compared  # noqa: PLC0415

    return read_compared(document, name=str(path), resource_policy=is_resource)


def _access(text: str) -> list[tuple[list[str], list[str]]]:
    """The list that AWS's API takes as `access`."""
    name = "--access"
    if not text.lstrip().startswith(("[", "{")):
        name = text
        found = _document(Path(text))
    else:
        try:
            found = json.loads(text)
        except ValueError as error:
            raise _unreadable(name, f"the text is not JSON: {error}", "Write valid JSON.") from None
    read = []
    for index, each in enumerate(_listed(found)):
        sides = [each.get(side, []) if isinstance(each, dict) else None for side in ("actions", "resources")]
        if not all(isinstance(side, list) and all(isinstance(one, str) for one in side) for side in sides) or not any(sides):
            message = f"got {json.dumps(each)[:80]} at [{index}]; allowed is an object with lists of actions, resources, or both"
            raise _unreadable(name, message, 'Write [{"actions": ["s3:*"], "resources": ["*"]}].')
        read.append((list(sides[0] or ()), list(sides[1] or ())))
    return read


def _report(verdict: Verdict, arguments: argparse.Namespace, found: str, passed: str) -> int:
    from lakecheck.report import policy  # noqa: PLC0415

    if arguments.format == "json":
        sys.stdout.write(policy.as_json(verdict, str(arguments.policy)))
    else:
        sys.stdout.write(policy.as_text(verdict, str(arguments.policy), found=found, passed=passed))
    return policy.EXIT_CODES[verdict.truth]
