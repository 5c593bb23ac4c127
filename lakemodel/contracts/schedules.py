"""Reads when a product is ingested: the custom property `schedule` of a contract.

Time zones are held against a list that comes with the package (`time_zones.txt`, the names of the IANA time zone database that EventBridge
Scheduler takes), so that the same contract is read alike on every machine.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#time-zones
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from lakemodel.contracts.model import Schedule
from lakemodel.contracts.report import did_you_mean, quoted
from lakemodel.limits import Quota, limit

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakemodel.contracts.context import Reading
    from lakemodel.contracts.report import Path

DAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_FORMS: Final = '"HH:MM Europe/Berlin" or a mapping with at, timeZone, days and windowMinutes'
_EXAMPLE: Final = 'Write "02:30 Europe/Berlin", or { at: "02:30", timeZone: Europe/Berlin }.'
_AT: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_TEXT: Final = re.compile(r"(\S+)\s+(\S+)")


@cache
def time_zones() -> tuple[str, ...]:
    """Every time zone that a schedule can be in, by its IANA name, sorted."""
    lines = (files("lakemodel.contracts") / "time_zones.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def schedule_of(reading: Reading, own: dict[str, tuple[Path, Any]]) -> Schedule | None:
    """The contract's schedule; None where it has none, and with an error where it cannot be understood."""
    if "schedule" not in own:
        return None
    path, value = own["schedule"]
    if isinstance(value, str):
        found = _TEXT.fullmatch(value.strip())
        value = {"at": found[1], "timeZone": found[2]} if found else None
        places = dict.fromkeys(_KEYS, path)
    elif isinstance(value, dict):
        places = {key: (*path, key) for key in _KEYS}
    if not isinstance(value, dict) or not value:
        _refuse(reading, path, f"schedule is {quoted(own['schedule'][1])}; allowed: {_FORMS}", _EXAMPLE)
        return None
    is_good = True
    for key in value:
        if key not in _KEYS:
            message = f"schedule has no key {quoted(key)}{did_you_mean(str(key), _KEYS)}; allowed: {', '.join(_KEYS)}"
            _refuse(reading, (*path, str(key)), message, "Correct its spelling.")
            is_good = False
    for key in _REQUIRED:
        if key not in value:
            _refuse(reading, path, f"schedule has no {key}; allowed: {_FORMS}", _EXAMPLE)
            is_good = False
    read = {key: check(reading, places[key], value[key]) for key, check in _KEYS.items() if key in value}
    if not is_good or None in read.values():
        return None
    default = Schedule(at="", time_zone="")
    return Schedule(
        at=read["at"],
        time_zone=read["timeZone"],
        window_minutes=read.get("windowMinutes", default.window_minutes),
        days=read.get("days", default.days),
    )


def _refuse(reading: Reading, path: Path, message: str, remedy: str) -> None:
    reading.report.error(path, "schedule", message, remedy)


def _at(reading: Reading, path: Path, value: Any) -> str | None:
    if isinstance(value, str) and _AT.fullmatch(value):
        return value
    _refuse(reading, path, f"at is {quoted(value)}; allowed: HH:MM of 24 hours, 00:00 to 23:59", 'Write it in quotes, such as "02:30".')
    return None


def _time_zone(reading: Reading, path: Path, value: Any) -> str | None:
    if isinstance(value, str) and value in time_zones():
        return value
    hint = _nearest_zone(value) if isinstance(value, str) else ""
    message = f"timeZone is {quoted(value)}{hint}; allowed: a name of the IANA time zone database, such as Europe/Berlin or UTC"
    _refuse(reading, path, message, "Use the name of a region and city; abbreviations such as CEST and offsets are none.")
    return None


def _nearest_zone(written: str) -> str:
    """The zone that is spelled nearest, whatever the case."""
    spelled = {zone.lower(): zone for zone in time_zones()}
    nearest = re.search(r"'(.*)'", did_you_mean(written, spelled))
    return f", did you mean '{spelled[nearest[1]]}'" if nearest else ""


def _days(reading: Reading, path: Path, value: Any) -> tuple[str, ...] | None:
    items = value if isinstance(value, list) else [value]
    written = [item.upper() if isinstance(item, str) else item for item in items]
    wrong = [item for item, day in zip(items, written, strict=True) if day not in DAYS]
    if not wrong and written and len(set(written)) == len(written):
        return tuple(day for day in DAYS if day in written)
    found = f"days has {quoted(wrong[0])}" if wrong else "days is empty, or names a day twice"
    _refuse(reading, path, f"{found}; allowed: a list of {', '.join(DAYS)}", "List each day once, or remove days for every day.")
    return None


def _window(reading: Reading, path: Path, value: Any) -> int | None:
    most = limit(Quota.SCHEDULE_WINDOW_MINUTES).value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
        return value
    _refuse(reading, path, f"windowMinutes is {quoted(value)}; allowed: a whole number from 0 to {most:,}", "Write 0 for no window.")
    return None


_KEYS: Final[dict[str, Callable[[Reading, Path, Any], Any]]] = {
    "at": _at,
    "timeZone": _time_zone,
    "days": _days,
    "windowMinutes": _window,
}
_REQUIRED: Final = ("at", "timeZone")
