"""A full X server without a screen: Xorg on its dummy driver, which has what Xvfb lacks, a gamma table that is read
back, and a keyboard and a mouse that are hardware to it (the `inputtest` driver: events come through a socket).

    with Xorg() as x:
        x.keyboard.press(38)
"""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from typing import Any

from tests.support.xdesktop import NoX, XDesktop, _line, free_number, until

SERVER = Path("/usr/lib/xorg/Xorg")
DRIVER = Path("/usr/lib/xorg/modules/drivers/dummy_drv.so")
MODES = {(1280, 800): "83.50 1280 1352 1480 1680 800 803 809 831"}
CONFIG = """
Section "ServerFlags"
  Option "AutoAddDevices" "false"
  Option "DontVTSwitch" "true"
EndSection
Section "InputDevice"
  Identifier "a keyboard"
  Driver "inputtest"
  Option "SocketPath" "{folder}/keyboard"
  Option "DeviceType" "Keyboard"
EndSection
Section "InputDevice"
  Identifier "a mouse"
  Driver "inputtest"
  Option "SocketPath" "{folder}/mouse"
  Option "DeviceType" "Pointer"
EndSection
Section "Device"
  Identifier "card"
  Driver "dummy"
  VideoRam 32000
EndSection
Section "Monitor"
  Identifier "monitor"
  HorizSync 5-1000
  VertRefresh 5-200
  Modeline "mode" {mode}
EndSection
Section "Screen"
  Identifier "screen"
  Device "card"
  Monitor "monitor"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Modes "mode"
  EndSubSection
EndSection
Section "ServerLayout"
  Identifier "layout"
  Screen "screen"
  InputDevice "a keyboard"
  InputDevice "a mouse"
EndSection
"""
_KEY, _MOTION, _VERSION, _SYNC = 5, 2, 0, 1


class Hardware:
    """One device's socket; the driver takes one connection in its life."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._socket.connect(str(path))
        self._say(_VERSION, struct.pack("=HH", 1, 1))
        self._socket.recv(64)

    def press(self, key: int) -> None:
        self.key(key, True)
        self.key(key, False)

    def key(self, key: int, down: bool) -> None:
        self._say(_KEY, struct.pack("=iI", key, down))
        self._done()

    def move(self, dx: int, dy: int) -> None:
        nothing = [0.0] * 64
        self._say(_MOTION, struct.pack("=I4xI8s4x64d64d", 0, 0, b"\3", dx, dy, *nothing[2:], *nothing))
        self._done()

    def close(self) -> None:
        self._socket.close()

    def _done(self) -> None:
        """The server has taken it in."""
        self._say(_SYNC, b"")
        self._socket.recv(64)

    def _say(self, kind: int, body: bytes) -> None:
        self._socket.sendall(struct.pack("=II", 8 + len(body), kind) + body)


class Xorg(XDesktop):
    keyboard: Hardware
    mouse: Hardware

    def __init__(self, **more: Any) -> None:
        super().__init__((1280, 800), **more)

    def _start_server(self) -> None:
        for needed in (SERVER, DRIVER):
            if not needed.exists():
                raise NoX(f"not installed: {needed} (the set-up command installs it: see .ci/setup)")
        config = self.folder / "xorg.conf"
        config.write_text(CONFIG.format(folder=self.folder, mode=MODES[self.size]))
        read, write = os.pipe()
        try:
            argv = [str(SERVER), f":{free_number()}", "-displayfd", str(write), "-config", str(config), "-logfile"]
            argv += [str(self.folder / "Xorg.0.log"), "-nolisten", "tcp", "-noreset", "-novtswitch", "-sharevts"]
            server = self._popen(argv, "Xvfb", dict(os.environ), pass_fds=(write,))
            os.close(write)
            write = -1
            self.display = ":" + _line(read, server, self.folder / "Xvfb.log")
        finally:
            os.close(read)
            if write >= 0:
                os.close(write)
        until(lambda: (self.folder / "mouse").exists(), "the devices' sockets")
        self.keyboard, self.mouse = Hardware(self.folder / "keyboard"), Hardware(self.folder / "mouse")

    def stop(self) -> None:
        for name in ("keyboard", "mouse"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()
        super().stop()
