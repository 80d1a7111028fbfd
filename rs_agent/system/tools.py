"""The system's own programs, asked: argument lists, the C locale in UTF-8, so many seconds, so many bytes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from shutil import which

from rs_relay.errors import LocalProblem

SECONDS = 10.0
BYTES = 4 * 1024 * 1024
ERRORS = 2000  # characters of what a program complains
LINE = 256 * 1024  # bytes of one line; a longer one is cut


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """Ours, in a language that can be parsed, without pagers and colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANGUAGE"))}
    return {**kept, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "PAGER": "cat", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}


def there(program: str) -> bool:
    return which(program) is not None


async def ask(argv: Sequence[str], seconds: float = SECONDS, limit: int = BYTES) -> Said:
    """What `argv` says: its first `limit` bytes, and then it is ended. Raises LocalProblem when it cannot be started,
    or does not answer in time."""
    async with started(argv) as process:
        try:
            async with asyncio.timeout(seconds):
                complains = asyncio.create_task(_complaint(process.stderr))
                out = await _first(process.stdout, limit)
                if len(out) >= limit:
                    _end(process)
                err, status = await complains, await process.wait()
        except TimeoutError:
            raise LocalProblem(f"{argv[0]} did not answer on the customer's computer.") from None
        finally:
            complains.cancel()
    return Said(status, out.decode("utf-8", "replace"), err.decode("utf-8", "replace").strip())


@asynccontextmanager
async def started(argv: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """`argv` as it runs, with pipes; ended with the block. Raises LocalProblem."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            start_new_session=True,
            limit=LINE,
        )
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "it cannot be started"
        raise LocalProblem(f"{argv[0]} is not to be had on the customer's computer: {why}.") from None
    try:
        yield process
    finally:
        if process.returncode is None:
            _end(process)
        # asyncio's Process has no public way to close its pipes, and waits for the end of those that nobody reads
        process._transport.close()  # type: ignore[attr-defined]
        await process.wait()


async def lines(process: asyncio.subprocess.Process) -> AsyncIterator[bytes]:
    """The lines of its output; of one that is too long, the end is left out."""
    if process.stdout is None:
        return
    while True:
        try:
            line = await process.stdout.readuntil(b"\n")
        except asyncio.IncompleteReadError as rest:
            if rest.partial:
                yield rest.partial
            return
        except asyncio.LimitOverrunError:
            yield await process.stdout.read(LINE)
            await _skip_line(process.stdout)
            continue
        yield line[:-1]


async def _skip_line(stream: asyncio.StreamReader) -> None:
    while True:
        try:
            await stream.readuntil(b"\n")
            return
        except asyncio.IncompleteReadError:
            return
        except asyncio.LimitOverrunError:
            await stream.read(LINE)


async def _first(stream: asyncio.StreamReader | None, limit: int) -> bytes:
    kept = bytearray()
    while stream is not None and len(kept) < limit and (data := await stream.read(65536)):
        kept += data[: limit - len(kept)]
    return bytes(kept)


async def _complaint(stream: asyncio.StreamReader | None) -> bytes:
    """Its beginning; the rest is read and let go, for nobody must stand still because nobody reads it."""
    kept = bytearray()
    while stream is not None and (data := await stream.read(65536)):
        kept += data[: ERRORS - len(kept)]
    return bytes(kept)


def _end(process: asyncio.subprocess.Process) -> None:
    """With what it has started: that holds its pipes, which are waited for."""
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
