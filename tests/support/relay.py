"""A relay for tests: in this process (`running_relay`), or a real one that can be killed (`relay_process`).

async with running_relay() as relay:                  # open mode; relay.url is ws://127.0.0.1:PORT
async with running_relay(limits=Limits(slot_ttl=1)) as relay:
with relay_process() as relay:                        # relay.kill9(); relay.restart() on the same port
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import websockets
from websockets.asyncio.client import ClientConnection

from rs_relay.server.app import Accounts, Relay
from rs_relay.server.config import Address, Config
from rs_relay.wire import codec
from rs_relay.wire.messages import VERSION, Attach, FromClient, FromRelay, Hello, Welcome
from tests.support.ports import free_port

PATIENCE = 30.0  # seconds: what takes longer than this never comes


async def until(true: Callable[[], bool]) -> None:
    """Returns when `true` holds; fails when it never does."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 (what is waited for has no event of its own)
            await asyncio.sleep(0.005)


@dataclass
class RelayUnderTest:
    url: str
    relay: Relay

    @contextlib.asynccontextmanager
    async def socket(self, path: str, **options: Any) -> AsyncIterator[Talker]:
        """A raw websocket to `path`."""
        async with websockets.connect(
            self.url + path, proxy=None, compression=None, max_size=2**22, **options
        ) as connection:
            yield Talker(connection)

    @contextlib.asynccontextmanager
    async def host(self, **fields: Any) -> AsyncIterator[Talker]:
        """A registered host socket."""
        hello = {"version": VERSION, "host": "a" * 32, "rejoin": "b" * 64, "door": "", "name": "customer"} | fields
        async with self.socket("/host") as talker:
            await talker.enter(Hello(**hello))
            yield talker

    @contextlib.asynccontextmanager
    async def control(self, token: str = "") -> AsyncIterator[Talker]:
        """A control socket that has said Hello."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.socket("/control", additional_headers=headers) as talker:
            await talker.enter(Hello(VERSION))
            yield talker

    @contextlib.asynccontextmanager
    async def end(self, ticket: str) -> AsyncIterator[Talker]:
        """A link socket that has said Attach; `Joined` is still to be heard."""
        async with self.socket("/link") as talker:
            await talker.say(Attach(ticket))
            yield talker


@dataclass
class Talker:
    connection: ClientConnection
    welcome: Welcome | None = field(default=None, init=False)

    async def enter(self, hello: Hello) -> None:
        await self.say(hello)
        self.welcome = await self.hear(Welcome)

    async def say(self, message: FromClient) -> None:
        await self.connection.send(codec.encode(message))

    async def hear(self, kind: type[Any] = msgspec.Struct) -> Any:
        """The next message, which must be a `kind`."""
        message: FromRelay = codec.decode_from_relay(await asyncio.wait_for(self.connection.recv(), PATIENCE))
        assert isinstance(message, kind), f"heard {message}, not a {kind.__name__}"
        return message

    async def ask(self, message: FromClient, kind: type[Any] = msgspec.Struct) -> Any:
        await self.say(message)
        return await self.hear(kind)

    async def closed(self) -> int:
        """The code that the relay closes this socket with; what is still heard before that is dropped."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self.connection.recv()
        except websockets.ConnectionClosed as e:
            return e.rcvd.code if e.rcvd is not None else 1006


@contextlib.asynccontextmanager
async def running_relay(
    *,
    open: bool = True,
    accounts: Accounts | None = None,
    record: Any = None,
    clock: Any = time.monotonic,
    devices: Any = None,
    **config: Any,
) -> AsyncIterator[RelayUnderTest]:
    """A relay in this process on a free port of 127.0.0.1. `config` are fields of Config."""
    settings = Config(**{"listen": (Address("127.0.0.1", 0),), "open": open, **config})
    options = {} if record is None else {"record": record}
    relay = Relay(settings, accounts, clock=clock, devices=devices, **options)
    await relay.start()
    try:
        yield RelayUnderTest(relay.urls[0], relay)
    finally:
        await relay.stop()


class RelayProcess:
    """`rs-relay serve` as a process of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._folder = folder
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Waits until it listens; the same port again if it ran before."""
        port_file = self._folder / "relay.url"
        port_file.unlink(missing_ok=True)
        listen = self.url.rpartition("//")[2] or f"127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "rs_relay", "serve", "--listen", listen, "--port-file", str(port_file)]
        with open(self._folder / "relay.log", "ab") as log:
            self._process = subprocess.Popen([*command, *self._arguments], stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while not port_file.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the relay did not start:\n" + self.log())
            time.sleep(0.01)
        self.url = port_file.read_text().strip()

    def kill9(self) -> None:
        self._end(signal.SIGKILL)

    def terminate(self) -> int:
        """SIGTERM; its exit status."""
        return self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Dies without a word and is back on the same port."""
        self.kill9()
        self.start()

    def log(self) -> str:
        return (self._folder / "relay.log").read_text(errors="replace")

    def _end(self, number: int) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.poll() is None:
            os.kill(process.pid, number)
        return process.wait(timeout=10)


@contextlib.contextmanager
def relay_process(folder: Path, *arguments: str) -> Iterator[RelayProcess]:
    """An open relay (or one with `arguments`, which then replace `--open`) whose log and URL lie in `folder`."""
    relay = RelayProcess(folder, *(arguments or ("--open",)))
    relay.start()
    try:
        yield relay
    finally:
        relay.kill9()


def relay_command(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """`rs-relay` with `arguments`, run to its end."""
    command = [sys.executable, "-m", "rs_relay", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
