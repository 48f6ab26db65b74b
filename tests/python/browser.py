"""Chromium, driven over its own protocol: what a reader sees of a page."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
# It tells nobody that it starts, and is asked for nothing but the page.
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--remote-debugging-port=0", "--remote-allow-origins=*"),
)
MOST_SECONDS = 60


class Page:
    """An open page. `requests` and `errors` are what it asked for and what it complained of."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self._socket = socket
        self._number = 0
        self.requests: list[str] = []
        self.errors: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol, and give its result."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv())
            if said.get("id") == self._number:
                assert "error" not in said, said["error"]
                return dict(said["result"])
            self._note(said)

    def _note(self, said: dict[str, Any]) -> None:
        given = said.get("params", {})
        if said["method"] == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        if said["method"] == "Runtime.exceptionThrown":
            self.errors.append(str(given["exceptionDetails"]))
        if said["method"] == "Log.entryAdded" and given["entry"]["level"] == "error":
            self.errors.append(given["entry"]["text"])

    def evaluate(self, script: str) -> Any:
        """The value of an expression, a promise's when it is kept."""
        done = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def open(self, file: Path, fragment: str = "", ready: str = "true") -> None:
        """Open a file, and wait until an expression is true."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=file.as_uri() + fragment)
        self.wait(f"document.readyState === 'complete' && ({ready})")

    def wait(self, condition: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + MOST_SECONDS
        while not self.evaluate(condition):
            assert time.monotonic() < end, f"never: {condition}; {self.errors}"
            time.sleep(0.02)

    def resize(self, width: int, height: int = 900) -> None:
        """Make the window so wide and high, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def media(self, kind: str = "screen", *, dark: bool = False) -> None:
        """Show the page as on screen or paper, light or dark."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=kind, features=[scheme])

    def picture(self, file: Path) -> None:
        """Write the whole page as a PNG."""
        done = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(done["data"]))

    def pdf(self) -> bytes:
        """The page as it is printed."""
        done = self.call(
            "Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True
        )
        return base64.b64decode(done["data"])


@contextmanager
def opened(folder: Path) -> Iterator[Page]:
    """Take a folder for the browser's own files, give a page; it is closed at the end."""
    assert PROGRAM is not None
    process = subprocess.Popen(
        [PROGRAM, *OPTIONS, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port, path = _address(folder / "DevToolsActivePort", process)
        browser = websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=MOST_SECONDS)
        browser.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
        targets = json.loads(browser.recv())["result"]["targetInfos"]
        target = next(each["targetId"] for each in targets if each["type"] == "page")
        address = f"ws://127.0.0.1:{port}/devtools/page/{target}"
        yield Page(websocket.create_connection(address, timeout=MOST_SECONDS))
    finally:
        process.terminate()
        process.wait(timeout=MOST_SECONDS)


def _address(file: Path, process: subprocess.Popen[bytes]) -> tuple[str, str]:
    end = time.monotonic() + MOST_SECONDS
    while time.monotonic() < end and process.poll() is None:
        lines = file.read_text().split() if file.exists() else []
        if len(lines) == 2:
            return lines[0], lines[1]
        time.sleep(0.05)
    raise AssertionError("Chromium did not start")
