"""One program that runs here for a technician. On Windows (not verified) one without a terminal, ended by process.

    start ──▶ running ──its own end──▶ over          `over` is set with its wait status; what it left running is kept
                 └──end, kill──▶ over                track of until `end` or `kill`, one of which is always called

Started without a shell, by vfork and exec (subprocess does so where nothing need run in between). To make a terminal
its own, which no vfork can, a fixed line of `sh` opens it: a session's leader gets what it opens first.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from rs_agent.programs.base import Running, Size
from rs_agent.programs.cgroup import Cgroup
from rs_agent.programs.kin import MARK, kin, running

GRACE = 0.5  # seconds between TERM and KILL; a grant is shown as withdrawn within a second
LOOKS = 0.02  # seconds between two looks whether all have gone
PIPE = 1024 * 1024  # bytes a pipe is to hold: what Linux allows everybody. More in it, fewer wake-ups at both ends
REAPING = 1.0  # seconds that a killed process may take to die
ROUNDS = 5  # of KILL: whoever forks while it is being killed is met in the next one
# Opens the terminal named first, which thereby becomes its own, and then is the command.
OWN_TERMINAL = ("/bin/sh", "-c", 'exec <>"$0" >&0 2>&0 && exec "$@"')


class Program:
    """Inside a running loop. The descriptors do not block, and belong to whoever holds this: `close` closes them.

    With a terminal, `stdin` and `stdout` are two descriptors of its master, and `stderr` is None."""

    def __init__(self, process: subprocess.Popen[bytes], mark: str, ends: _Ends, cgroup: Cgroup | None) -> None:
        self.pid = process.pid
        self.over: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.stdin, self.stdout, self.stderr = ends.stdin, ends.stdout, ends.stderr
        self.terminal = ends.terminal
        self._process, self._mark, self._cgroup = process, mark, cgroup
        self._reaped = False
        self._pidfd = -1
        self._watch()

    # ---- while it runs

    def signal(self, name: str) -> None:
        """To its process group, or to whoever is at the front of its terminal."""
        number = getattr(signal, f"SIG{name}", None)
        if number is None:
            return
        if os.name != "posix":
            self._process.terminate()
            return
        group = self.pid
        if self.terminal and self.stdin is not None:
            with suppress(OSError):
                group = os.tcgetpgrp(self.stdin) or self.pid  # 0: nobody has taken the terminal yet
        self._to_group(group, number)

    def resize(self, size: Size) -> None:
        """Its terminal, which tells the programs in it (SIGWINCH)."""
        if self.terminal and self.stdin is not None:
            _set_size(self.stdin, size)

    # ---- the end

    async def end(self) -> None:
        """TERM to all of it, a moment, KILL to what is left. Returns when nothing of it runs. Cancelled, it kills."""
        loop = asyncio.get_running_loop()
        try:
            left = await asyncio.to_thread(self._to_all, signal.SIGTERM)
            deadline = loop.time() + GRACE
            while left and loop.time() < deadline:
                await asyncio.sleep(LOOKS)
                left = await asyncio.to_thread(self._members)
            if left:
                await asyncio.to_thread(self._kill_all)
            await asyncio.wait({self.over}, timeout=REAPING)
        except BaseException:
            self.kill()
            raise
        self._reap()

    def kill(self) -> None:
        """All of it, at once. May be called again."""
        if not self._reaped:
            self._kill_all()
            self._reap()

    def _kill_all(self) -> None:
        if self._cgroup is not None:
            self._cgroup.kill()
        kill = getattr(signal, "SIGKILL", signal.SIGTERM)
        for _ in range(ROUNDS):
            if not self._to_all(kill):
                break

    def close(self) -> None:
        """The descriptors, and whatever still runs."""
        self.kill()
        for fd in {self.stdin, self.stdout, self.stderr} - {None}:
            with suppress(OSError):
                os.close(fd)  # type: ignore[arg-type]  # None is taken out above
        self.stdin = self.stdout = self.stderr = None

    def close_stdin(self) -> None:
        if self.stdin is not None:
            os.close(self.stdin)
            self.stdin = None

    def close_output(self, stream: int) -> None:
        """Of a program without a terminal: `stream` 1 or 2. It finds it broken when it next writes there."""
        fd = self.stdout if stream == 1 else self.stderr
        if fd is not None and not self.terminal:
            os.close(fd)
            self.stdout, self.stderr = (None, self.stderr) if stream == 1 else (self.stdout, None)

    def _members(self) -> set[int]:
        """Who of it runs. The first process counts until it has ended; as a zombie it keeps its pid from others."""
        members = kin(self.pid, running(self._mark)) - {os.getpid()}
        if self._cgroup is not None:
            members |= set(self._cgroup.pids()) - {os.getpid()}
        if not members and not self._ended():
            members = {self.pid}  # where there is no /proc to look into
        return members

    def _to_all(self, number: int) -> set[int]:
        """Who was there. Each is sent it once: its group together, so that who is made meanwhile is not missed."""
        members = self._members()
        if members and os.name != "posix":
            self._process.kill()
            return members
        if members:
            self._to_group(self.pid, number)
        for pid in members:
            with suppress(OSError):
                if os.getpgid(pid) != self.pid:
                    os.kill(pid, number)
        return members

    def _to_group(self, group: int, number: int) -> None:
        # once it is reaped, the number may be somebody else's; 0 and 1 would be ourselves and everybody
        if not self._reaped and group > 1:
            with suppress(OSError):
                os.killpg(group, number)

    def _ended(self) -> bool:
        return self._reaped or self.over.done()

    # ---- how its end is heard

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        if sys.platform == "linux":
            self._pidfd = os.pidfd_open(self.pid)
            loop.add_reader(self._pidfd, self._on_exit)
        else:
            waiting = loop.run_in_executor(None, self._process.wait)
            waiting.add_done_callback(lambda done: self._set_over(done.result()))

    def _on_exit(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        # it stays a zombie, and its number its own, until nothing more is to be sent to it
        result = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        if result is not None:
            self._set_over(result.si_status if result.si_code == os.CLD_EXITED else -result.si_status)

    def _set_over(self, status: int) -> None:
        if not self.over.done():
            self.over.set_result(status)

    def _reap(self) -> None:
        if self._reaped:
            return
        with suppress(subprocess.TimeoutExpired):
            self._set_over(self._process.wait(REAPING))
        self._reaped = True
        if self._pidfd >= 0:
            with suppress(RuntimeError):
                asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        if self._cgroup is not None:
            self._cgroup.close()


@dataclass
class _Ends:
    """Ours of its streams."""

    stdin: int | None
    stdout: int | None
    stderr: int | None
    terminal: bool = False


async def start(
    argv: Sequence[str],
    *,
    executable: str,
    cwd: str,
    env: Mapping[str, str],
    size: Size | None = None,
    input: bool = True,
) -> Running:
    """`size`: with a terminal. Raises OSError as exec does, LocalProblem where there can be no terminal."""
    mark = secrets.token_hex(8)
    marked = {**env, MARK: mark}
    if size is not None and os.name != "posix":
        from rs_agent.programs import conpty

        return conpty.start([executable, *argv[1:]], cwd, marked, size)
    make = _spawn_with_terminal if size is not None else _spawn
    process, ends, cgroup = await asyncio.to_thread(make, argv, executable, cwd, marked, size, input)
    return Program(process, mark, ends, cgroup)


_Spawned = tuple["subprocess.Popen[bytes]", _Ends, "Cgroup | None"]


def _spawn(
    argv: Sequence[str], executable: str, cwd: str, env: Mapping[str, str], _: Size | None, input: bool
) -> _Spawned:
    pairs = [os.pipe() for _ in range(3 if input else 2)]
    out, errors = pairs[0], pairs[1]
    into = pairs[2] if input else None
    ours = [out[0], errors[0], *([into[1]] if into else [])]
    theirs = [out[1], errors[1], *([into[0]] if into else [])]
    try:
        for fd in ours:
            _widen(fd)
            os.set_blocking(fd, False)
        process = subprocess.Popen(
            argv,
            executable=executable,
            cwd=cwd,
            env=env,
            stdin=into[0] if into else subprocess.DEVNULL,
            stdout=out[1],
            stderr=errors[1],
            start_new_session=True,
        )
    except BaseException:
        for fd in ours:
            os.close(fd)
        raise
    finally:
        for fd in theirs:
            os.close(fd)
    return process, _Ends(into[1] if into else None, out[0], errors[0]), _held(process)


def _spawn_with_terminal(
    argv: Sequence[str], executable: str, cwd: str, env: Mapping[str, str], size: Size | None, _: bool
) -> _Spawned:
    import pty

    master, slave = pty.openpty()
    try:
        name = os.ttyname(slave)
        _set_size(slave, size or Size(80, 24))
        process = subprocess.Popen(
            [*OWN_TERMINAL, name, executable, *argv[1:]],
            cwd=cwd,
            env=env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
    except BaseException:
        os.close(master)
        raise
    finally:
        os.close(slave)
    os.set_blocking(master, False)
    return process, _Ends(os.dup(master), master, None, terminal=True), _held(process)


def _held(process: subprocess.Popen[bytes]) -> Cgroup | None:
    cgroup = Cgroup.make()
    if cgroup is not None:
        cgroup.add(process.pid)
    return cgroup


def _set_size(fd: int, size: Size) -> None:
    import fcntl
    import termios

    with suppress(OSError):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", size.lines, size.columns, 0, 0))


def _widen(fd: int) -> None:
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # this user has many pipes already
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE)
