"""A whole rs on this computer, of real programs: relay, agent on a given display, technician's commands.

with RsStage(":5") as stage:
    stage.start_agent()
    stage.join()
    stage.run("send-file", stage.session, "x")
"""

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

from tests.support.ports import free_port
from tests.support.terminal import Terminal
from tests.support.xdesktop import until

BIN = Path(sys.executable).parent
PERMISSIONS = "view,control,clipboard,files"
CODE = r"\b\d{3,5}-\d{3}-\d{3}\b"


class RsStage:
    """Each person has folders of their own below `folder`; the customer's home is `home`."""

    def __init__(
        self, display: str = "", folder: Path | None = None, *, relay_options: tuple[str, ...] = ("--open",)
    ) -> None:
        self.display = display
        self.relay_options = relay_options
        self.folder = folder or Path(tempfile.mkdtemp(prefix="rs-stage-"))
        self._own = folder is None
        self.home = self.folder / "home"
        self.home.mkdir()
        self.session = ""
        self.agent: Terminal
        self.relay: subprocess.Popen[bytes]
        self.port = 0
        self._exit = contextlib.ExitStack()

    def __enter__(self) -> RsStage:
        self.start_relay()
        self._exit.callback(lambda: self._stop(self.relay))
        self.customer = self._env("customer", DISPLAY=self.display, HOME=str(self.home))
        self.technician = self._env("technician")
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()
        if self._own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start_relay(self) -> None:
        """The relay; after `kill9` again on the same port."""
        url = self.folder / "url"
        url.unlink(missing_ok=True)
        self.port = self.port or free_port()
        command = [str(BIN / "rs-relay"), "serve", *self.relay_options, "--listen", f"127.0.0.1:{self.port}"]
        command += ["--data", str(self.folder / "relay"), "--port-file", str(url), "--verbose"]
        with (self.folder / "relay.log").open("ab") as log:
            self.relay = subprocess.Popen(command, stdout=log, stderr=log)
        until(url.exists, "the relay")
        self.url = url.read_text().strip()

    def kill_relay(self) -> None:
        self.relay.kill()
        self.relay.wait()

    def start_agent(self, *arguments: str, allow: str = PERMISSIONS, verbose: bool = True, brakes: bool = False) -> str:
        """Starts the agent in a terminal; its code. With `allow=""` it asks for everything, and is answered at once:
        `brakes` would have that wait."""
        settings = self.folder / "customer" / "config" / "agent.toml"
        if not settings.exists():
            settings.parent.mkdir(parents=True, exist_ok=True)
            settings.write_text(f"brakes = {str(brakes).lower()}\n", encoding="utf-8")
        command = [
            str(BIN / "rs-agent"),
            "--console",
            *(["--allow", allow] if allow else []),
            *(["--verbose"] if verbose else []),
        ]
        self.agent = self._exit.enter_context(Terminal([*command, *arguments], self.customer, columns=110))
        return self.code()

    def code(self, after: int = 0) -> str:
        """The code that the agent shows (after position `after` of what it printed)."""
        return self.agent.wait_for(CODE, 40, after=after).group()

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
        process.wait()

    @property
    def window_title(self) -> str:
        return f"[Ss]ession {self.session}|^{self.session}\\b"

    def command(self, *arguments: str) -> list[str]:
        return [str(BIN / "rs"), *arguments]

    def join(self, code: str = "") -> str:
        """Joins by the code that the agent shows; the session's number."""
        self.session = self.run("connect", "--no-tui", text=(code or self.code()) + "\n").strip().splitlines()[-1]
        return self.session

    def run(self, *arguments: str, text: str | None = None, timeout: float = 300) -> str:
        """One command of the technician's that must succeed; its output."""
        done = self.attempt(*arguments, text=text, timeout=timeout)
        if done.returncode:
            raise RuntimeError(f"rs {arguments[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def attempt(
        self, *arguments: str, text: str | None = None, timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """One command of the technician's, however it ends."""
        return subprocess.run(
            self.command(*arguments), input=text, env=self.technician, capture_output=True, text=True, timeout=timeout
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """One command of the technician's that runs meanwhile."""
        process = subprocess.Popen(
            self.command(*arguments), env=self.technician, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._exit.callback(lambda: process.poll() is None and process.kill())
        return process


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
