"""How a project wants to be judged: reads `lakecheck.yaml`, or makes do without."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakecheck.assembly import Acknowledgement
from lakecheck.settings_model import WORDS, SettingsFile
from lakemodel import yaml_source
from lakemodel.config.wording import shown
from lakemodel.errors import InvalidInput
from lakemodel.findings import Finding, Severity
from lakemodel.yaml_model import by_place, read_model, schema_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakemodel.limits import Quota

DEFAULT_FILES: Final = (Path("lakecheck.yaml"), Path("config/lakecheck.yaml"))
"""The first that is there is read when none is named."""
_NO_FOLDER: Final = Path("config")
_BESIDE: Final = {"access": "access.yaml", "estate": "estate.yaml", "approvals": "approvals.yaml"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What holds for a run.

    Attributes:
        file: The lakecheck.yaml, as shown to people; empty without one.
        fail_on: The least severity of an open finding that fails the run.
        skip: Checks to leave out.
        require_packs: Compliance packs that must have left a trace.
        access: The access.yaml; None without one.
        estate: The estate.yaml; None without one.
        approvals: The approvals.yaml; None without one.
        parameters: Values of template parameters.
        quotas: Quotas that AWS has raised.
        python_rules: Files with rules in Python.
        guard_rules: Files with Guard rules.
        acknowledgements: Findings that somebody answers for.
    """

    file: str = ""
    fail_on: Severity = Severity.WARNING
    skip: tuple[str, ...] = ()
    require_packs: tuple[str, ...] = ()
    access: Path | None = None
    estate: Path | None = None
    approvals: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    quotas: Mapping[Quota, int] = field(default_factory=dict)
    python_rules: tuple[Path, ...] = ()
    guard_rules: tuple[Path, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()


def load_settings(path: Path | None = None) -> Settings:
    """Reads a lakecheck.yaml.

    Args:
        path: The file; the first of `DEFAULT_FILES` that is there when left out. Without any, everything has its default, and access.yaml,
            estate.yaml and approvals.yaml are looked for in `config/`.

    Raises:
        InvalidInput: With every finding (codes `lakecheck.*`): unknown or missing keys, values that cannot be, files that are not there.
    """
    found = path if path is not None else next((each for each in DEFAULT_FILES if each.is_file()), None)
    if found is None:
        beside = {key: each if (each := _NO_FOLDER / name).is_file() else None for key, name in _BESIDE.items()}
        return Settings(access=beside["access"], estate=beside["estate"], approvals=beside["approvals"])
    source = yaml_source.load(found)
    file = read_model(source, SettingsFile, code="lakecheck", words=WORDS, ignored=["[key]"])
    findings = sorted(_complaints(file, source, found.parent), key=by_place)
    if findings:
        raise InvalidInput(findings)
    return Settings(
        file=str(found),
        fail_on=Severity(file.fail_on),
        skip=tuple(file.skip),
        require_packs=tuple(file.require_packs),
        access=_beside(found.parent, file.access, "access"),
        estate=_beside(found.parent, file.estate, "estate"),
        approvals=_beside(found.parent, file.approvals, "approvals"),
        parameters=file.parameters,
        quotas=file.quotas,
        python_rules=tuple(found.parent / name for name in file.rules.python),
        guard_rules=tuple(found.parent / name for name in file.rules.guard),
        acknowledgements=tuple(
            Acknowledgement(
                path=each.at, rule=each.rule, reason=each.reason, owner=each.owner, expires=each.expires,
                source=f"{found}:{source.line(('acknowledge', number))}",
            )
            for number, each in enumerate(file.acknowledge)
        ),
    )  # fmt: skip


def settings_schema_text() -> str:
    """The JSON Schema of the file, as it is committed beside it."""
    return schema_text(SettingsFile, "lakecheck.yaml")


def _beside(folder: Path, stated: str | None, key: str) -> Path | None:
    if stated is not None:
        return folder / stated
    usual = folder / _BESIDE[key]
    return usual if usual.is_file() else None


def _complaints(file: SettingsFile, source: yaml_source.Document, folder: Path) -> Iterator[Finding]:
    named: list[tuple[tuple[str | int, ...], str]] = [
        ((key,), stated) for key in _BESIDE if (stated := getattr(file, key)) is not None
    ]  # fmt: skip
    named += [(("rules", "python", number), name) for number, name in enumerate(file.rules.python)]
    named += [(("rules", "guard", number), name) for number, name in enumerate(file.rules.guard)]
    for where, name in named:
        if not (folder / name).is_file():
            message = f"found {shown(name)}, which is no file in {folder}"
            yield Finding(source.place(where), "lakecheck.file", message, "Name it relative to this file.")
    seen: dict[tuple[str, str], int | None] = {}
    for number, entry in enumerate(file.acknowledge):
        place: tuple[str | int, ...] = ("acknowledge", number)
        if entry.expires is not None and not _is_day(entry.expires):
            message = f"found {shown(entry.expires)}, which is no day of the calendar"
            yield Finding(source.place((*place, "expires")), "lakecheck.day", message, "Correct it.")
        key = (entry.rule, entry.at)
        if key in seen:
            message = f"acknowledges the same as the one at line {seen[key]}"
            yield Finding(source.place(place), "lakecheck.duplicate", message, "Keep one of the two.")
        seen.setdefault(key, source.line(place))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
