"""Real proxies, as an administrator sets them up, each a process in the foreground of its own (Debian's packages)."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"
USER, PASSWORD, REALM = "anna", "s3cret:/word", "the office"
PATIENCE = 15.0  # seconds for a proxy to listen


def there(program: str) -> bool:
    return shutil.which(program, path=SBIN) is not None


class Running:
    """A proxy at `host`:`port`, which can be stopped and started again there. `before`: what its command begins with,
    such as `ip netns exec NAME`."""

    def __init__(self, command: Sequence[str], host: str, port: int, before: Sequence[str] = ()) -> None:
        self.host, self.port = host, port
        self._command, self._before = [*before, *command], list(before)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        look = [*self._before, "bash", "-c", f": </dev/tcp/{self.host}/{self.port}"]
        while subprocess.run(look, capture_output=True, check=False).returncode:
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f"{self._command} does not listen")
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def _run(
    make: Callable[[Path, str, int], Sequence[str]], host: str, port: int, before: Sequence[str]
) -> Iterator[Running]:
    folder = Path(tempfile.mkdtemp(prefix="rs-proxy-"))
    folder.chmod(0o755)  # proxies drop root
    running = Running(make(folder, host, port), host, port, before)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def squid(
    host: str = "127.0.0.1",
    port: int = 3128,
    *,
    log_in: str = "",
    before: Sequence[str] = (),
    ports: str = "80 443 8200",
) -> contextlib.AbstractContextManager[Running]:
    """`log_in`: '', 'basic' or 'digest'. It lets CONNECT through to `ports` alone."""

    def make(folder: Path, host: str, port: int) -> list[str]:
        lines = [
            f"http_port {host}:{port}", "pid_filename none", "access_log none", "cache_log /dev/null", "cache deny all",
            "shutdown_lifetime 0 seconds", "visible_hostname proxy.test", f"coredump_dir {folder}", "via off",
            "pinger_enable off", "netdb_filename none",
            f"acl open port {ports}", "http_access deny !open",
        ]  # fmt: skip
        if log_in == "basic":
            hashed = subprocess.run(
                ["openssl", "passwd", "-apr1", "-stdin"], input=PASSWORD, capture_output=True, text=True, check=True
            ).stdout.strip()
            (folder / "users").write_text(f"{USER}:{hashed}\n")
            lines += [f"auth_param basic program /usr/lib/squid/basic_ncsa_auth {folder}/users"]
        elif log_in == "digest":
            secret = hashlib.md5(f"{USER}:{REALM}:{PASSWORD}".encode(), usedforsecurity=False).hexdigest()
            (folder / "users").write_text(f"{USER}:{REALM}:{secret}\n")
            lines += [f"auth_param digest program /usr/lib/squid/digest_file_auth -c {folder}/users"]
            lines += [f"auth_param digest realm {REALM}"]
        if log_in:
            lines += [f"auth_param {log_in} children 1", "acl known proxy_auth REQUIRED", "http_access allow known"]
        lines += ["http_access deny all" if log_in else "http_access allow all"]
        (folder / "squid.conf").write_text("\n".join(lines) + "\n")
        return ["/usr/sbin/squid", "-N", "-f", str(folder / "squid.conf")]

    return _run(make, host, port, before)


def tinyproxy(host: str, port: int, *, log_in: bool = False) -> contextlib.AbstractContextManager[Running]:
    def make(folder: Path, host: str, port: int) -> list[str]:
        lines = [f"Listen {host}", f"Port {port}", "Timeout 600", "MaxClients 50", "LogLevel Critical"]
        if log_in:
            lines += [f"BasicAuth {USER} plainword"]
        (folder / "conf").write_text("\n".join(lines) + "\n")
        return ["/usr/bin/tinyproxy", "-d", "-c", str(folder / "conf")]

    return _run(make, host, port, ())


def microsocks(host: str, port: int, *, log_in: bool = False) -> contextlib.AbstractContextManager[Running]:
    def make(folder: Path, host: str, port: int) -> list[str]:
        named = ["-u", USER, "-P", PASSWORD] if log_in else []
        return ["/usr/bin/microsocks", "-i", host, "-p", str(port), *named]

    return _run(make, host, port, ())


def dante(host: str, port: int) -> contextlib.AbstractContextManager[Running]:
    """SOCKS 4 and 5."""

    def make(folder: Path, host: str, port: int) -> list[str]:
        (folder / "conf").write_text(f"""\
logoutput: /dev/null
internal: {host} port = {port}
external: {host}
clientmethod: none
socksmethod: none
client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
""")
        return ["/usr/sbin/danted", "-f", str(folder / "conf"), "-p", str(folder / "pid")]

    return _run(make, host, port, ())
