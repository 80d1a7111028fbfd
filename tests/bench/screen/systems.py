"""The systems that are measured, each started the same way: a server on the customer's display, then a viewer.

    with system.serve(source, view) as served:
        with Proxy(served.port, line) as proxy:
            with served.reached(proxy.port) as open_viewer:     # rs: the session is made before the clock starts
                viewer = open_viewer()

Peers talk in clear and straight through the proxy. rs talks encrypted through its relay; the proxy is between relay and
technician, so that what comes down is counted at the viewer's side as it is with the others.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.bench.screen.source import SIZE, Source
from tests.support.stage import BIN, RsStage
from tests.support.xdesktop import XDesktop, until


class Served(Protocol):
    """A server that waits at `port`. `server` is its process, `stage` is rs's own where it is rs."""

    @property
    def port(self) -> int: ...

    @property
    def server(self) -> int: ...

    @property
    def stage(self) -> RsStage | None: ...

    def reach(self, port: int) -> None:
        """What comes before a viewer can be opened through that port."""

    def open(self) -> subprocess.Popen[bytes]:
        """Opens the viewer."""

    def lay(self) -> None:
        """Makes the picture lie 1:1 and wholly visible, where the viewer does not by itself. Called again and again."""


class System(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def missing(self) -> list[str]:
        """Programs that it needs and that are not installed."""

    @property
    def version(self) -> str: ...

    def serve(self, source: Source, view: XDesktop) -> contextlib.AbstractContextManager[Served]: ...


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 0.3).close()
        return True
    return False


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends what XDesktop started: it leads a session of its own."""
    for sign in (15, 9):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
    process.wait(5)


@dataclass(frozen=True)
class Peer:
    """`server` and `viewer` are commands in which {display} and {port} stand."""

    name: str
    title: str
    server: str
    viewer: str
    ready: float = 0.5  # seconds from listening to being of use
    package: tuple[str, ...] = ()  # that tell the version

    @property
    def missing(self) -> list[str]:
        programs = (self.server.split()[0], self.viewer.split()[0])
        return sorted({program for program in programs if shutil.which(program) is None})

    @property
    def version(self) -> str:
        if not shutil.which("dpkg-query"):
            return ""
        command = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *self.package]
        told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return ", ".join(told.split("\n")[:-1])

    @contextlib.contextmanager
    def serve(self, source: Source, view: XDesktop) -> Iterator[Served]:
        port = _free_port()
        command = self.server.format(display=source.display, port=port).split()
        server = source.x.spawn(*command, env=_runtime(source.x.folder))
        try:
            until(lambda: _listens(port), f"{self.name} to listen; logs in {source.x.folder}", 25)
            time.sleep(self.ready)
            yield _PeerServed(self, port, server.pid, view)
        finally:
            end(server)


def _runtime(folder: Path) -> dict[str, str]:
    own = folder / "runtime"
    own.mkdir(mode=0o700, exist_ok=True)
    return {"XDG_RUNTIME_DIR": str(own), "HOME": str(folder)}


@dataclass
class _PeerServed:
    peer: Peer
    port: int
    server: int
    view: XDesktop
    stage: None = None
    proxy: int = 0

    def reach(self, port: int) -> None:
        self.proxy = port

    def open(self) -> subprocess.Popen[bytes]:
        started: subprocess.Popen[bytes] = self.view.spawn(
            *self.peer.viewer.format(port=self.proxy).split(), env=_runtime(self.view.folder)
        )
        return started

    def lay(self) -> None:
        """A bare X server lets a window be as large as it wants."""


@dataclass(frozen=True)
class Rs:
    """The real thing: relay, agent, `rs connect`, `rs view`."""

    name: str = "rs"
    title: str = "rs"
    options: tuple[str, ...] = field(default=())  # of `rs view`

    @property
    def missing(self) -> list[str]:
        return []

    @property
    def version(self) -> str:
        told = subprocess.run([str(BIN / "rs"), "--version"], capture_output=True, text=True, check=False).stdout
        return told.strip()

    @contextlib.contextmanager
    def serve(self, source: Source, view: XDesktop) -> Iterator[Served]:
        with RsStage(source.display) as stage:
            stage.start_agent(allow="view,control,files", verbose=False)
            yield _RsServed(stage, view, self.options)


class _RsServed:
    def __init__(self, stage: RsStage, view: XDesktop, options: tuple[str, ...]) -> None:
        self.stage: RsStage = stage
        self._view, self._options = view, options
        self.port, self.server = stage.port, stage.agent.process.pid

    def reach(self, port: int) -> None:
        self.stage.technician["RS_RELAY"] = f"ws://127.0.0.1:{port}"
        self.stage.join()

    def open(self) -> subprocess.Popen[bytes]:
        command = self.stage.command("view", self.stage.session, "--scale", "1:1", *self._options)
        started: subprocess.Popen[bytes] = self._view.spawn(*command, env=self.stage.technician)
        return started

    def lay(self) -> None:
        """The window takes 85 in 100 of the screen by itself, once the picture's size is known: give it all."""
        window = str(self._view.wait_for_window(self.stage.window_title))
        width = re.search(r"Geometry: (\d+)x", self._view.run("xdotool", "getwindowgeometry", window).stdout)
        if width is None or int(width.group(1)) <= SIZE[0]:
            room = map(str, self._view.size)
            self._view.run("xdotool", "windowmove", window, "0", "0", "windowsize", window, *room)


_VIEWER = "xtigervncviewer -SecurityTypes None -Shared -AlertOnFatalError=0 127.0.0.1::{port}"
_XPRA_OFF = (
    "--mdns=no --notifications=no --pulseaudio=no --speaker=off --microphone=off --webcam=no --clipboard=no "
    "--printing=no --file-transfer=no --tray=no --mmap=no"  # mmap: shared memory, past the line
)
SYSTEMS: tuple[System, ...] = (
    Rs(),
    Peer(
        "x0vnc",
        "x0vncserver",
        "X0tigervnc -display {display} -SecurityTypes None -rfbport {port} -AlwaysShared=1 -localhost",
        _VIEWER,
        package=("tigervnc-scraping-server", "tigervnc-viewer"),
    ),
    Peer(
        "x11vnc",
        "x11vnc",
        "x11vnc -display {display} -nopw -rfbport {port} -localhost -forever -shared -quiet -noipv6",
        _VIEWER,
        package=("x11vnc",),
    ),
    Peer(
        "xpra",
        "xpra",
        "xpra shadow {display} --bind-tcp=127.0.0.1:{port} --daemon=no --dbus-proxy=no --system-tray=no "
        f"--start-new-commands=no --html=off {_XPRA_OFF}",
        f"xpra attach tcp://127.0.0.1:{{port}} --opengl=no {_XPRA_OFF}",
        ready=4.0,
        package=("xpra",),
    ),
)
