"""Those whom rs is measured beside, with servers of their own on the loopback: sshd (scp, rsync), magic-wormhole."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wait_for(port: int, what: str) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{what} did not start")


class Sshd:
    """An sshd of its own on the loopback: throw-away keys and settings, gone with the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        shutil.copy(folder / "user.pub", folder / "authorized")
        self.port = free_port()
        settings = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": folder / "host",
            "AuthorizedKeysFile": folder / "authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "PasswordAuthentication": "no",
            "Subsystem": "sftp internal-sftp",
        }
        (folder / "sshd_config").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "/usr/sbin/sshd"
        with (folder / "sshd.log").open("wb") as log:
            self._process = subprocess.Popen([program, "-D", "-e", "-f", folder / "sshd_config"], stderr=log)

    @property
    def options(self) -> list[str]:
        """For ssh and scp, but for the port."""
        options = ["-q", "-i", str(self._folder / "user"), "-F", "none"]
        return [*options, "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={self._folder / 'known'}"]

    def copy(self, source: Path, target: Path, *options: str) -> None:
        command = ["scp", "-P", str(self.port), *self.options, *options, str(source), f"127.0.0.1:{target}"]
        subprocess.run(command, check=True)

    def begin_copy(self, source: str, target: str) -> subprocess.Popen[str]:
        """scp between two places, one of them `host:path`."""
        command = ["scp", "-P", str(self.port), *self.options, source, target]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def rsync(self, source: Path, target: Path) -> None:
        shell = " ".join(["ssh", "-p", str(self.port), *self.options])
        subprocess.run(["rsync", "-a", "-e", shell, str(source), f"127.0.0.1:{target}/"], check=True)

    def wait(self, probe: Path) -> None:
        """Until it answers; `probe` is any file."""
        wait_for(self.port, "sshd")
        self.copy(probe, self._folder / "probed")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


class Absent(Exception):
    """A peer that cannot be had here."""


class Wormhole:
    """magic-wormhole in a venv that is made for it, with a mailbox and a transit relay of its own.

    Both ends are told not to listen, so that the bytes take the way through the relay, as rs's do."""

    def __init__(self, folder: Path) -> None:
        """Raises Absent where it cannot be installed."""
        self._folder = folder
        self._bin = folder / "venv/bin"
        names = ("magic-wormhole", "magic-wormhole-mailbox-server", "magic-wormhole-transit-relay")
        try:
            subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True, capture_output=True)
            subprocess.run([self._bin / "pip", "install", "-q", *names], check=True, capture_output=True, timeout=300)
        except (subprocess.SubprocessError, OSError) as e:
            raise Absent("magic-wormhole cannot be installed here") from e
        self._mailbox, self._transit = free_port(), free_port()
        self._servers = [
            self._twist("wormhole-mailbox", f"--port=tcp:{self._mailbox}:interface=127.0.0.1"),
            self._twist("transitrelay", f"--port=tcp:{self._transit}:interface=127.0.0.1"),
        ]
        wait_for(self._mailbox, "the mailbox")
        wait_for(self._transit, "the transit relay")
        self._codes = 0

    def copy(self, source: Path, target: Path) -> None:
        """Both programs are started; the receiver is given the code at once."""
        self._codes += 1
        code = f"{self._codes}-bench-mark"
        sending = self._begin("send", "--no-listen", "--hide-progress", "--code", code, str(source))
        receiving = self._begin("receive", "--no-listen", "--hide-progress", "--accept-file", "-o", str(target), code)
        for process in (receiving, sending):
            _, err = process.communicate(timeout=900)
            if process.returncode:
                raise RuntimeError(f"wormhole ended with {process.returncode}: {err[-500:]}")

    def version(self) -> str:
        done = subprocess.run([self._bin / "wormhole", "--version"], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def close(self) -> None:
        for server in self._servers:
            server.terminate()
            server.wait()

    def _begin(self, *arguments: str) -> subprocess.Popen[str]:
        servers = ["--relay-url", f"ws://127.0.0.1:{self._mailbox}/v1", "--transit-helper", self._helper]
        command = [str(self._bin / "wormhole"), *servers, *arguments]
        return subprocess.Popen(
            command, cwd=self._folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self._env
        )

    @property
    def _helper(self) -> str:
        return f"tcp:127.0.0.1:{self._transit}"

    @property
    def _env(self) -> dict[str, str]:
        return {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(self._folder)}

    def _twist(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{arguments[0]}.log").open("wb") as log:
            command = [str(self._bin / "twist"), *arguments]
            return subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log, env=self._env)
