"""Drives headless Chromium by the WebDriver protocol, with the standard library alone.

The driver is Debian's `chromium-driver` or any chromedriver on the path. Without a browser, `find` returns None.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
]  # fmt: skip


class Refused(Exception):
    """An answer of the driver that is an error."""


def find() -> tuple[str, str] | None:
    """Returns the browser and its driver, if both are there."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


class Browser:
    """A headless browser with a profile of its own inside a `with` block."""

    def __init__(self, browser: str, driver: str, *, dark: bool = False) -> None:
        self.profile = tempfile.TemporaryDirectory(prefix="page-", ignore_cleanup_errors=True)
        self.downloads = Path(self.profile.name) / "downloads"
        self.downloads.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(
            [driver, f"--port={port}"], env={**os.environ, "NO_PROXY": "127.0.0.1"}, **quiet
        )
        options = {
            "binary": browser,
            "args": [*FLAGS, f"--user-data-dir={self.profile.name}", *(["--force-dark-mode"] if dark else [])],
            "prefs": {"download.default_directory": str(self.downloads)},
        }
        self.capabilities = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
        }

    def __enter__(self) -> Browser:
        try:
            for _ in range(600):
                try:
                    self.call("GET", "/status", base=self.address)
                    break
                except OSError:
                    time.sleep(0.1)
            made = self.call(
                "POST", "/session", {"capabilities": {"alwaysMatch": self.capabilities}}, base=self.address
            )
            self.session = f"{self.address}/session/{made['sessionId']}"
            self.call("POST", "/timeouts", {"script": 170_000, "pageLoad": 170_000})
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_) -> None:
        with contextlib.suppress(OSError, AttributeError, Refused):
            self.call("DELETE", "")
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.profile.cleanup()

    def call(self, method: str, path: str, body: dict | None = None, base: str | None = None):
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(
            (base or self.session) + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with OPENER.open(request, timeout=180) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Refused(json.load(error)["value"]["message"].splitlines()[0]) from error

    def open(self, path: Path, hash: str = "") -> None:
        self.call("POST", "/url", {"url": "about:blank"})
        self.call("POST", "/url", {"url": path.resolve().as_uri() + hash})
        self.settled()

    def go(self, hash: str) -> None:
        """Follows a link inside the page."""
        self.run("location.hash = arguments[0]", hash)
        self.settled()

    def run(self, script: str, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script: str, *arguments):
        """Runs a script that ends when it calls its last argument."""
        return self.call("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def settled(self) -> None:
        """Waits until the page has drawn what it was asked for."""
        until = time.monotonic() + 170
        ready = (
            "return document.readyState === 'complete' && !document.querySelector('main[aria-busy]')"
            " && !!document.querySelector('main h2')"
        )
        time.sleep(0.12)
        while not self.run(ready):
            if time.monotonic() > until:
                raise Refused("the page was not drawn within 170 seconds")
            time.sleep(0.05)

    def element(self, selector: str) -> str:
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector: str) -> None:
        self.call("POST", f"/element/{self.element(selector)}/click", {})
        self.settled()

    def type(self, selector: str, text: str) -> None:
        self.call("POST", f"/element/{self.element(selector)}/value", {"text": text})
        self.settled()

    def keys(self, *keys: str) -> None:
        """Presses keys one after another, wherever the focus is."""
        pressed = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": pressed}]})
        self.settled()

    def text(self, selector: str = "main") -> str:
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def size(self, width: int, height: int = 900) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.cdp("Emulation.setDeviceMetricsOverride", metrics)

    def media(self, *, dark: bool, printed: bool = False) -> None:
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.cdp("Emulation.setEmulatedMedia", {"media": "print" if printed else "", "features": [feature]})

    def cdp(self, command: str, parameters: dict):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def picture(self, path: Path, *, whole: bool = False) -> None:
        shot = {"format": "png", "captureBeyondViewport": whole}
        if whole:
            size = self.run("return [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
            shot["clip"] = {"x": 0, "y": 0, "width": min(size[0], 4000), "height": min(size[1], 8000), "scale": 1}
        path.write_bytes(base64.b64decode(self.cdp("Page.captureScreenshot", shot)["data"]))

    def pdf(self) -> bytes:
        return base64.b64decode(
            self.cdp("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})["data"]
        )

    def log(self, kind: str) -> list[dict]:
        return self.call("POST", "/se/log", {"type": kind})

    def requests(self) -> list[str]:
        """Returns the addresses that the page asked for since the last call, beside itself and what it made."""
        sent = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        urls = [one["params"]["request"]["url"] for one in sent if one["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith(("file:", "about:", "blob:", "data:"))]
