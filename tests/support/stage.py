"""A whole rs on this computer for a measurement: relay, agent on a given display, a joined session."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.support.terminal import Terminal
from tests.support.xdesktop import until

BIN = Path(sys.executable).parent
PERMISSIONS = "view,control,clipboard,files"


class RsStage:
    """`with RsStage(":5") as stage: stage.join(); stage.run("send-file", stage.session, "x")`."""

    def __init__(self, display: str) -> None:
        self.display = display
        self.folder = Path(tempfile.mkdtemp(prefix="rs-bench-"))
        self.home = self.folder / "home"
        self.home.mkdir()
        self.session = ""
        self._exit = contextlib.ExitStack()

    def __enter__(self) -> RsStage:
        url, log = self.folder / "url", self._exit.enter_context((self.folder / "relay.log").open("wb"))
        self.relay = subprocess.Popen(
            [BIN / "rs-relay", "serve", "--open", "--listen", "127.0.0.1:0", "--data", self.folder / "relay",
             "--port-file", url], stdout=log, stderr=log,
        )  # fmt: skip
        self._exit.callback(self._stop, self.relay)
        until(url.exists, "the relay")
        self.url = url.read_text().strip()
        self.customer = self._env("customer", DISPLAY=self.display, HOME=str(self.home))
        self.technician = self._env("technician")
        self.agent = self._exit.enter_context(
            Terminal([str(BIN / "rs-agent"), "--allow", PERMISSIONS], self.customer, columns=110)
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _env(self, name: str, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        folders = {
            "RS_STATE_DIR": str(self.folder / name / "state"),
            "RS_CONFIG_DIR": str(self.folder / name / "config"),
        }
        return {**kept, **folders, "RS_RELAY": self.url, "LC_ALL": "C.UTF-8", **more}

    @staticmethod
    def _stop(process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()

    @property
    def window_title(self) -> str:
        return f"[Ss]ession {self.session}|^{self.session}\\b"

    def command(self, *arguments: str) -> list[str]:
        return [str(BIN / "rs"), *arguments]

    def join(self) -> None:
        code = self.agent.wait_for(r"\b\d{3,5}-\d{3}-\d{3}\b", 30).group()
        self.session = self.run("connect", "--no-tui", text=code + "\n").strip().splitlines()[-1]

    def run(self, *arguments: str, text: str | None = None, timeout: float = 600) -> str:
        done = subprocess.run(
            self.command(*arguments), input=text, env=self.technician, capture_output=True, text=True, timeout=timeout
        )
        if done.returncode:
            raise RuntimeError(f"rs {arguments[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout


class Memory:
    """The largest resident size of some processes and their children while it watches, in MiB."""

    def __init__(self, **pids: int) -> None:
        self._pids, self.peak = pids, dict.fromkeys(pids, 0.0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.is_set():
            for name, pid in self._pids.items():
                with contextlib.suppress(OSError, ValueError):
                    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
                    if found:
                        self.peak[name] = max(self.peak[name], int(found.group(1)) / 1024)
            time.sleep(0.05)
