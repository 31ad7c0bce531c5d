"""A real Chromium, driven over its DevTools protocol on the loopback interface: open a file, ask it things."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import connect

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-port=0", "--hide-scrollbars",
)  # fmt: skip
PATH = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """One page of one Chromium of its own. Use as a context manager."""

    def __init__(self, width: int = 1280, height: int = 1600) -> None:
        self._size = f"--window-size={width},{height}"
        self._stack = ExitStack()
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            profile = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            log = Path(profile, "chromium.log")
            arguments = [str(PATH), *FLAGS, self._size, f"--user-data-dir={profile}", "about:blank"]
            with log.open("wb") as output:
                process = subprocess.Popen(arguments, stdout=output, stderr=output)
            stack.callback(_end, process)
            self._socket = stack.enter_context(connect(_endpoint(process, log), max_size=None, compression=None))
            targets = self._call("Target.getTargets")["targetInfos"]
            page = next(target["targetId"] for target in targets if target["type"] == "page")
            self._session = self._call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Network", "Log"):
                self.call(f"{domain}.enable")
            # Motion would make what is where a matter of time.
            still = {"name": "prefers-reduced-motion", "value": "reduce"}
            self.call("Emulation.setEmulatedMedia", media="", features=[still])
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open(self, path: Path, fragment: str = "") -> None:
        """Load a file and wait for its load event."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=f"{path.as_uri()}{fragment}")
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")
        self.ask("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def go(self, url: str) -> None:
        """Load a page of a server on 127.0.0.1 and wait until its scripts have run."""
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.protocol === 'http:'")

    def ask(self, expression: str) -> Any:
        """Evaluate an expression in the page; promises are awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", expression))
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until an expression holds; TimeoutError after ten seconds."""
        for _ in range(500):
            if self.ask(f"Boolean({expression})"):
                return
            time.sleep(0.02)
        raise TimeoutError(expression)

    def press(self, key: str) -> None:
        """Press and release a key."""
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        self.ask("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the page's DevTools."""
        return self._call(method, session=self._session, **parameters)

    def _call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        while True:
            answer = json.loads(self._socket.recv(60))
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)


def _endpoint(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return the address Chromium says it listens at."""
    for _ in range(600):
        found = re.search(r"DevTools listening on (ws://\S+)", log.read_text(errors="replace"))
        if found:
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"Chromium did not start: {log.read_text(errors='replace')[-800:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
