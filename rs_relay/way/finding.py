"""Which proxy this computer's settings name for a relay: rs's own setting, the environment, then the system's.

    environment   HTTPS_PROXY, ALL_PROXY, HTTP_PROXY (for wss:// in this order), NO_PROXY; small letters win, as in curl
    GNOME         gsettings (also Cinnamon, Budgie, MATE), where the user or an administrator ever set a proxy
    KDE           kioslaverc
    Windows       the user's settings, then WinHTTP's (what services have)
    macOS         the system's settings

Scripts (PAC) and their discovery (WPAD) are seen and not run: they are programs in JavaScript from the network, and
what runs them in Python brings an engine of its own of a megabyte.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .proxy import DIRECT, NoProxy, Proxy, is_loopback, passes

PATIENCE = 3.0  # seconds for gsettings
GNOME = "org.gnome.system.proxy"
WINHTTP = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"


@dataclass(frozen=True)
class Found:
    proxy: Proxy | None = None
    source: str = ""  # settings, environment, GNOME, KDE, Windows, WinHTTP, macOS; '' where nothing is said
    script: bool = False  # a script would know; rs reads none


@dataclass(frozen=True)
class Said:
    """What a system's settings say: proxies as they are written there, in the order in which they are tried."""

    source: str
    proxies: tuple[str, ...] = ()
    past: str = ""
    script: bool = False


def find(
    host: str, port: int, chosen: str = "", environ: Mapping[str, str] = os.environ, system: str = sys.platform
) -> Found:
    """`chosen`: rs's own setting, '' for none, `direct` for no proxy. May take seconds. Raises NoProxy for a setting
    (rs's own or the environment's) that is none."""
    if is_loopback(host):
        return Found()
    if chosen:
        return Found(None if chosen == DIRECT else Proxy.parse(chosen), "settings")
    for look in (environment, *SYSTEMS.get(system, (gnome, kde))):
        said = look(environ)
        if said is None:
            continue
        if passes(host, port, said.past):
            return Found(None, said.source)
        proxy = _first(said)
        if proxy or said.script:
            return Found(proxy, said.source, said.script and not proxy)
    return Found()


def _first(said: Said) -> Proxy | None:
    for text in said.proxies:
        try:
            return Proxy.parse(text)
        except NoProxy:
            if said.source == "environment":
                raise
    return None


def environment(environ: Mapping[str, str]) -> Said | None:
    def told(name: str) -> str:
        return environ.get(name) or environ.get(name.upper()) or ""

    # A web server's CGI programs get a visitor's header `Proxy:` as HTTP_PROXY (CVE-2016-1000110).
    web = "" if environ.get("REQUEST_METHOD") else told("http_proxy")
    proxies = tuple(text for text in (told("https_proxy"), told("all_proxy"), web) if text)
    past = told("no_proxy")
    return Said("environment", proxies, past) if proxies or past == "*" else None


def gnome(environ: Mapping[str, str], run: Callable[[], str] | None = None) -> Said | None:
    """Asking starts a program, so first it is looked whether anybody ever set one: dconf keeps names as they are."""
    if run is None:
        if not shutil.which("gsettings") or not _ever_set(environ):
            return None
        run = _gsettings
    values = gnome_values(run())
    mode = values.get(f"{GNOME} mode", "none")
    past = values.get(f"{GNOME} ignore-hosts", [])
    exceptions = ",".join(map(str, past)) if isinstance(past, list) else ""
    if mode == "auto":
        return Said("GNOME", (), exceptions, script=True)
    if mode != "manual":
        return None
    named = values.get(f"{GNOME}.http use-authentication") is True
    user, password = (str(values.get(f"{GNOME}.http authentication-{what}", "")) for what in ("user", "password"))
    login = f"{_quoted(user)}:{_quoted(password)}@" if named and user else ""
    found = []
    for kind in ("https", "socks", "http"):
        host, port = values.get(f"{GNOME}.{kind} host"), values.get(f"{GNOME}.{kind} port")
        if host and port:
            found.append(f"{'socks5' if kind == 'socks' else 'http'}://{'' if kind == 'socks' else login}{host}:{port}")
    return Said("GNOME", tuple(found), exceptions)


def _quoted(text: str) -> str:
    return quote(text, safe="")


def gnome_values(listed: str) -> dict[str, object]:
    """`gsettings list-recursively` as {'SCHEMA KEY': value}; GVariant's simple values are Python's."""
    values: dict[str, object] = {}
    for line in listed.splitlines():
        schema, _, rest = line.partition(" ")
        key, _, value = rest.partition(" ")
        try:
            named = {"true": True, "false": False, "@as []": []}.get(value)
            values[f"{schema} {key}"] = ast.literal_eval(value) if named is None else named
        except (ValueError, SyntaxError):
            continue
    return values


def _ever_set(environ: Mapping[str, str], everybody: Path = Path("/etc/dconf/db")) -> bool:
    own = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    files = [own / "dconf" / "user", own / "glib-2.0" / "settings" / "keyfile"]
    try:
        return any(b"proxy" in file.read_bytes() for file in (*files, *everybody.glob("*")) if file.is_file())
    except OSError:
        return False


def _gsettings() -> str:
    try:
        return subprocess.run(
            ["gsettings", "list-recursively", GNOME], capture_output=True, text=True, timeout=PATIENCE, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""


def kde(environ: Mapping[str, str]) -> Said | None:
    file = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kioslaverc"
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return kioslaverc(text, environ)


def kioslaverc(text: str, environ: Mapping[str, str]) -> Said | None:
    """ProxyType: 0 none, 1 as written, 2 a script, 3 found by WPAD, 4 names of environment variables."""
    import configparser  # only where there is such a file

    file = configparser.RawConfigParser(strict=False, delimiters=("=",))
    try:
        file.read_string(text)
        said = file["Proxy Settings"]
    except (configparser.Error, KeyError):
        return None
    kind = said.get("proxytype", "0")
    if kind in ("2", "3"):
        return Said("KDE", script=True)
    if kind not in ("1", "4") or said.get("reversedexception", "false").lower() == "true":
        return None
    written = [said.get(name, "") for name in ("httpsproxy", "socksproxy", "httpproxy")]
    past = said.get("noproxyfor", "")
    if kind == "4":
        written, past = [environ.get(name, "") for name in written], environ.get(past, "")
    return Said("KDE", tuple(":".join(each.rsplit(" ", 1)).rstrip("/") for each in written if each.strip()), past)


def windows(environ: Mapping[str, str]) -> Said | None:
    """The user's own, as the control panel shows them."""
    if sys.platform != "win32":
        return None
    import winreg

    values: dict[str, object] = {}
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, SETTINGS) as key:
            for name in ("ProxyEnable", "ProxyServer", "ProxyOverride", "AutoConfigURL"):
                try:
                    values[name] = winreg.QueryValueEx(key, name)[0]
                except OSError:
                    continue
    except OSError:
        return None
    return windows_values(values)


def windows_values(values: Mapping[str, object]) -> Said | None:
    if values.get("ProxyEnable") and values.get("ProxyServer"):
        past = str(values.get("ProxyOverride") or "")
        return Said("Windows", servers(str(values["ProxyServer"])), past, bool(values.get("AutoConfigURL")))
    return Said("Windows", script=True) if values.get("AutoConfigURL") else None


def servers(text: str) -> tuple[str, ...]:
    """`host:port` for everything, or `http=host:port;https=host:port;socks=host:port` (socks is version 4 there)."""
    named = dict(each.strip().lower().partition("=")[::2] for each in text.replace(" ", ";").split(";") if each.strip())
    if not any(named.values()):
        return tuple(named)
    kinds = {"https": "http", "socks": "socks4", "http": "http"}
    return tuple(
        named[name] if "://" in named[name] else f"{kind}://{named[name]}"
        for name, kind in kinds.items()
        if name in named
    )


def winhttp(environ: Mapping[str, str]) -> Said | None:
    """What `netsh winhttp` set for services and the like."""
    if sys.platform != "win32":
        return None
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, WINHTTP) as key:
            data = winreg.QueryValueEx(key, "WinHttpSettings")[0]
    except OSError:
        return None
    return winhttp_values(bytes(data))


def winhttp_values(data: bytes) -> Said | None:
    """Little-endian words: version, a counter, flags (2: a proxy is set); then two texts, each after its size: the
    proxies, and what goes past them."""
    if len(data) < 16 or not int.from_bytes(data[8:12], "little") & 2:
        return None
    texts, at = [], 12
    for _ in range(2):
        size = int.from_bytes(data[at : at + 4], "little")
        texts.append(data[at + 4 : at + 4 + size].decode("latin-1"))
        at += 4 + size
    return Said("WinHTTP", servers(texts[0]), texts[1]) if texts[0] else None


def macos(environ: Mapping[str, str]) -> Said | None:
    if sys.platform != "darwin":
        return None
    try:
        listed = subprocess.run(
            ["/usr/sbin/scutil", "--proxy"], capture_output=True, text=True, timeout=PATIENCE, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return scutil(listed)


def scutil(listed: str) -> Said | None:
    """`scutil --proxy`: `Name : value` by line, arrays as `0 : value` below their name."""
    values: dict[str, str] = {}
    past: list[str] = []
    for line in listed.splitlines():
        name, found, value = line.strip().partition(" : ")
        if found and name.isdecimal():
            past.append(value)
        elif found:
            values[name] = value
    kinds = {"HTTPS": "http", "SOCKS": "socks5", "HTTP": "http"}
    proxies = tuple(
        f"{kind}://{values[name + 'Proxy']}:{values.get(name + 'Port') or 80}"
        for name, kind in kinds.items()
        if values.get(name + "Enable") == "1" and values.get(name + "Proxy")
    )
    script = "1" in (values.get("ProxyAutoConfigEnable"), values.get("ProxyAutoDiscoveryEnable"))
    if values.get("ExcludeSimpleHostnames") == "1":
        past.append("<local>")
    return Said("macOS", proxies, ",".join(past), script) if proxies or script else None


SYSTEMS: Mapping[str, tuple[Callable[[Mapping[str, str]], Said | None], ...]] = {
    "win32": (windows, winhttp),
    "darwin": (macos,),
}
