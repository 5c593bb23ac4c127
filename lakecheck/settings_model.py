"""The form of `lakecheck.yaml`, which says how a project wants to be judged; `lakecheck.settings` reads it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, StringConstraints

from lakemodel.approval_base import DAY
from lakemodel.limits import Quota  # noqa: TC001 - pydantic reads it

_RULE: Final = r"^[A-Za-z0-9_.-]+::.+$"
_PARAMETER: Final = r"^[^\s]+$"

WORDS: Final = {
    _RULE: "a rule is check::rule as reports name it, such as lakecheck-rules::query.no_scan_cap or cfn-lint::W2001",
    _PARAMETER: "a parameter is Name or Stack:Name",
    DAY: "a day is YYYY-MM-DD, such as 2027-06-30",
}

Text = Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class RuleFiles(_Model):
    """Rules of one's own, beside those that come with lakecheck."""

    python: list[Text] = Field(default_factory=list)
    """Python files with a `RULE` or `RULES` each, relative to this file; they are run."""
    guard: list[Text] = Field(default_factory=list)
    """Files in the language of CloudFormation Guard, relative to this file."""


class AcknowledgementEntry(_Model):
    """A finding that somebody answers for, where the app's code cannot say so, as in a template that no CDK wrote."""

    rule: Annotated[StrictStr, StringConstraints(pattern=_RULE)]
    """The rule with its check's prefix, as reports name it."""
    at: Text
    """The construct path, or stack/LogicalId; it holds for what is below, too."""
    reason: Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=10)]
    """Why it is right here; at least ten characters."""
    owner: Text
    """Who answers for it: a team or an address."""
    expires: Annotated[StrictStr, StringConstraints(pattern=DAY)] | None = None
    """The last day it holds. Not stated: it has no end."""


class SettingsFile(_Model):
    """The file as a whole."""

    version: Literal[1]
    """The version of this file's form: 1."""
    fail_on: Literal["warning", "error"] = "warning"
    """What fails a run. Not stated: warnings, so errors too; what is near a quota warns and never fails."""
    skip: list[Literal["compliance", "cloudformation", "lint", "rules", "limits", "access", "upgrade", "acknowledgements"]] = Field(
        default_factory=list
    )
    """Checks to leave out; reports say so."""
    require_packs: list[Text] = Field(default_factory=list)
    """Compliance packs that must have left a trace."""
    access: Text | None = None
    """The access.yaml, relative to this file. Not stated: the one beside this file, if there is one."""
    estate: Text | None = None
    """The estate.yaml, relative to this file. Not stated: the one beside this file, if there is one."""
    approvals: Text | None = None
    """The approvals.yaml, relative to this file. Not stated: the one beside this file, if there is one."""
    parameters: dict[Annotated[StrictStr, StringConstraints(pattern=_PARAMETER)], StrictStr] = Field(default_factory=dict)
    """Values of template parameters, by Name or Stack:Name. Not stated: their defaults."""
    quotas: dict[Quota, Annotated[StrictInt, Field(gt=0)]] = Field(default_factory=dict)
    """Quotas that AWS has raised for these accounts, with their values."""
    rules: RuleFiles = RuleFiles()
    """Rules of one's own. Not stated: none."""
    acknowledge: list[AcknowledgementEntry] = Field(default_factory=list)
    """Findings that somebody answers for. In CDK code they stand better beside their construct."""
