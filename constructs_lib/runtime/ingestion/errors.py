"""What can go wrong with a run, each kind with the exit code it ends the process with."""

from __future__ import annotations


class IngestionError(Exception):
    """A run that must not publish. `exit_code` tells an orchestrator which kind it was; messages hold no delivered values."""

    exit_code = 1


class SpecError(IngestionError):
    """The job's arguments or its spec are wrong; nothing was read."""

    exit_code = 2


class UnreadableInput(IngestionError):  # noqa: N818 - named for what it tells
    """No delivered file, or one that cannot be read to its end."""

    exit_code = 3


class AccountingError(IngestionError):
    """Records came in that did not come out, or the other way round."""

    exit_code = 4


class PublishError(IngestionError):
    """The data is written and accounted for, but readers do not see it yet."""

    exit_code = 5


class StaleTableError(PublishError):
    """The rows were judged against another version than readers see, or what was written is gone: the run has to judge again."""
