"""What app.py says while it works."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import app

if TYPE_CHECKING:
    import pytest


def test_long_work_is_not_silent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said again and again until the work ends, and never after."""
    spoken = threading.Semaphore(0)
    say = app.say

    def speak(message: str, since: float | None = None) -> None:
        say(message, since)
        spoken.release()

    monkeypatch.setattr(app, "say", speak)
    monkeypatch.setattr(app, "SECONDS_OF_SILENCE", 0.001)
    with app.working("building dev", time.monotonic()):
        assert spoken.acquire(timeout=30)
        assert spoken.acquire(timeout=30)
    assert "building dev (0.0 s)\n" in capsys.readouterr().err
    assert "app.working" not in [thread.name for thread in threading.enumerate()]


def test_short_work_goes_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is said of what is done before anybody wonders."""
    with app.working("building dev", time.monotonic()):
        pass
    assert capsys.readouterr().err == ""
