"""A headless Chromium, driven by its own protocol over a pipe: no driver has to be installed, and no port is opened."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
PATIENCE: Final = 20.0
# Chromium reads commands from file descriptor 3 and writes answers to 4.
_LAUNCH: Final = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execvp(sys.argv[3], sys.argv[3:])"

_CODES: Final = {
    "Tab": ("Tab", 9, ""),
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "ArrowLeft": ("ArrowLeft", 37, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
    "ArrowRight": ("ArrowRight", 39, ""),
    "ArrowDown": ("ArrowDown", 40, ""),
    "Home": ("Home", 36, ""),
    "End": ("End", 35, ""),
    " ": ("Space", 32, " "),
    "/": ("Slash", 191, "/"),
}


def executable() -> str | None:
    """Where a Chromium is: what CHROMIUM names, else the first one on the path."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next((found for name in NAMES if (found := shutil.which(name)) is not None), None)


class Browser:
    """One Chromium with one tab; use it as a context."""

    def __init__(self, path: str, profile: Path) -> None:
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        arguments = [path, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._errors = (profile / "stderr").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCH, str(commands), str(answers), *arguments],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
        )
        os.close(commands)
        os.close(answers)
        self._pending = b""
        self._number = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        """Ends it."""
        with suppress(OSError, RuntimeError):
            self._session = ""
            self.call("Browser.close")
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for each in (self._read, self._write):
            os.close(each)
        self._errors.close()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") != self._number:
                self.events.append(answer)
            elif "error" in answer:
                msg = f"{method}: {answer['error']}"
                raise RuntimeError(msg)
            else:
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._pending:
            ready, _, _ = select.select([self._read], [], [], max(until - time.monotonic(), 0))
            got = os.read(self._read, 1 << 20) if ready else b""
            if not got:
                msg = "Chromium does not answer" if not ready else "Chromium ended"
                raise RuntimeError(msg)
            self._pending += got
        first, _, self._pending = self._pending.partition(b"\0")
        answer: dict[str, Any] = json.loads(first)
        return answer

    def until(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first event that fits, of those seen since the last page was opened, or the next."""
        for event in self.events:
            if fits(event):
                return event
        while True:
            event = self._next()
            self.events.append(event)
            if fits(event):
                return event

    # --- what a person does --------------------------------------------------------------------------------------------------------

    def open(
        self, file: Path, *, width: int = 1280, height: int = 900, dark: bool = False, script: bool = True, media: str = "screen"
    ) -> None:
        """Opens a file afresh."""
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme, {"name": "prefers-reduced-motion", "value": "reduce"}])
        for address in ("about:blank", file.as_uri()):
            self.events.clear()
            self.call("Page.navigate", url=address)
            self.until(lambda event: event.get("method") == "Page.loadEventFired")

    def run(self, script: str) -> Any:
        """What a JavaScript expression gives in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", answer["exceptionDetails"]["text"]))
        return answer["result"].get("value")

    def wait(self, script: str) -> None:
        """Until an expression is true; works without script in the page, too."""
        until = time.monotonic() + PATIENCE
        while not self.run(script):
            if time.monotonic() > until:
                msg = f"this never became true: {script}"
                raise AssertionError(msg)

    def press(self, *keys: str, shift: bool = False) -> None:
        """Presses keys one after the other, as a keyboard would."""
        for key in keys:
            code, number, text = _CODES.get(key, (f"Key{key.upper()}", ord(key.upper()[0]), key))
            common = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": 8 if shift else 0}
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
            self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text: str) -> None:
        """Types into what has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, *, full: bool = False) -> str:
        """The page as a PNG, in base64."""
        data: str = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=full)["data"]
        return data

    # --- what it saw ---------------------------------------------------------------------------------------------------------------

    @property
    def complaints(self) -> list[str]:
        """Errors and warnings of scripts, of the console and of the content policy since the page was opened."""
        self.run("0")
        found = []
        for event in self.events:
            method, parameters = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(str(parameters["exceptionDetails"]))
            elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
                found.append(str(parameters["args"]))
            elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
                found.append(str(parameters["entry"]))
        return found

    @property
    def requests(self) -> list[str]:
        """Addresses that were asked for since the page was opened, the page itself among them."""
        self.run("0")
        return [event["params"]["request"]["url"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]
