"""What each system's settings say, from what these systems keep."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rs_relay.way import finding
from rs_relay.way.finding import Found, Said, find
from rs_relay.way.proxy import NoProxy, Proxy

HOST = "help.example.org"
PROXY = Proxy("http", "proxy", 3128)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_nothing_is_said(home: dict[str, str]) -> None:
    assert find(HOST, 443, "", home, "linux") == Found()


def test_rss_own_setting_goes_before_all(home: dict[str, str]) -> None:
    home["https_proxy"] = "http://other:1"
    assert find(HOST, 443, "proxy:3128", home) == Found(PROXY, "settings")
    assert find(HOST, 443, "direct", home) == Found(None, "settings")
    with pytest.raises(NoProxy):
        find(HOST, 443, "ftp://x", home)


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY"])
def test_the_environment(home: dict[str, str], name: str) -> None:
    assert find(HOST, 443, "", home | {name: "http://proxy:3128"}) == Found(PROXY, "environment")


def test_the_order_in_the_environment(home: dict[str, str]) -> None:
    home |= {"HTTP_PROXY": "http://c:1", "ALL_PROXY": "socks5://b:1"}
    assert find(HOST, 443, "", home).proxy == Proxy("socks5", "b", 1)
    assert find(HOST, 443, "", home | {"HTTPS_PROXY": "http://proxy:3128", "https_proxy": ""}).proxy == PROXY
    assert find(HOST, 443, "", home | {"NO_PROXY": "example.org"}) == Found(None, "environment")
    assert finding.environment({"HTTP_PROXY": "http://c:1", "REQUEST_METHOD": "GET"}) is None  # a CGI program
    with pytest.raises(NoProxy):
        find(HOST, 443, "", home | {"https_proxy": "ftp://c:1"})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_this_computer_itself_is_behind_no_proxy(host: str) -> None:
    assert find(host, 8200, "proxy:3128", {"https_proxy": "http://proxy:1"}) == Found()


GNOME = """\
org.gnome.system.proxy autoconfig-url ''
org.gnome.system.proxy ignore-hosts ['localhost', '127.0.0.0/8', '::1', 'intern.example']
org.gnome.system.proxy mode 'manual'
org.gnome.system.proxy use-same-proxy true
org.gnome.system.proxy.http authentication-password 'p@ss'
org.gnome.system.proxy.http authentication-user 'anna'
org.gnome.system.proxy.http enabled false
org.gnome.system.proxy.http host 'web'
org.gnome.system.proxy.http port 8080
org.gnome.system.proxy.http use-authentication true
org.gnome.system.proxy.https host 'proxy'
org.gnome.system.proxy.https port 3128
org.gnome.system.proxy.socks host ''
org.gnome.system.proxy.socks port 0
"""


def test_gnome() -> None:
    said = finding.gnome({}, lambda: GNOME)
    assert said == Said(
        "GNOME",
        ("http://anna:p%40ss@proxy:3128", "http://anna:p%40ss@web:8080"),
        "localhost,127.0.0.0/8,::1,intern.example",
    )
    assert finding.gnome({}, lambda: GNOME.replace("'manual'", "'none'")) is None
    assert finding.gnome({}, lambda: "") is None
    script = finding.gnome({}, lambda: GNOME.replace("'manual'", "'auto'"))
    assert script
    assert script.script


def test_gnomes_settings_as_gsettings_keeps_them(tmp_path: Path) -> None:
    if not shutil.which("gsettings") or not finding._gsettings():
        pytest.skip("no gsettings with GNOME's schemas here")
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "GSETTINGS_BACKEND": "keyfile", "PATH": os.environ["PATH"]}
    for key, value in (("mode", "manual"), ("https host", "proxy"), ("https port", "3128")):
        schema, _, name = f"org.gnome.system.proxy.{key}".rpartition(" " if " " in key else ".")
        subprocess.run(["gsettings", "set", schema, name, value], env=environ, check=True)
    assert finding._ever_set(environ, tmp_path / "none")
    listed = subprocess.run(
        ["gsettings", "list-recursively", finding.GNOME], env=environ, capture_output=True, text=True, check=True
    ).stdout
    said = finding.gnome(environ, lambda: listed)
    assert said
    assert said.proxies == ("http://proxy:3128",)


def test_gsettings_is_not_started_where_nobody_ever_set_a_proxy(tmp_path: Path) -> None:
    assert not finding._ever_set({"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path / "db")
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "local").write_bytes(b"GVariant\0system/proxy/mode")
    assert finding._ever_set({"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path / "db")


KDE = """\
PersistentProxyConnection=false

[Proxy Settings][$Version]
update_info=x

[Proxy Settings]
NoProxyFor=intern.example,10.0.0.0/8
Proxy Config Script=
ProxyType={kind}
ReversedException=false
httpProxy=http://web 8080
httpsProxy={https}
socksProxy=
"""


def test_kde(home: dict[str, str]) -> None:
    text = KDE.partition("\n\n")[2]
    said = finding.kioslaverc(text.format(kind=1, https="http://proxy 3128"), {})
    assert said == Said("KDE", ("http://proxy:3128", "http://web:8080"), "intern.example,10.0.0.0/8")
    said = finding.kioslaverc(text.format(kind=4, https="MY_PROXY"), {"MY_PROXY": "http://proxy:3128/"})
    assert said == Said("KDE", ("http://proxy:3128",))
    assert finding.kioslaverc(text.format(kind=2, https=""), {}) == Said("KDE", script=True)
    assert finding.kioslaverc(text.format(kind=0, https="x"), {}) is None
    assert finding.kioslaverc("no ini", {}) is finding.kioslaverc("", {}) is None
    (Path(home["XDG_CONFIG_HOME"]) / "kioslaverc").write_text(text.format(kind=1, https="http://proxy:3128"))
    assert find(HOST, 443, "", home, "linux") == Found(PROXY, "KDE")
    assert find("a.intern.example", 443, "", home, "linux") == Found(None, "KDE")


def test_windows() -> None:
    on = {"ProxyEnable": 1, "ProxyServer": "proxy:3128", "ProxyOverride": "<local>;10.*"}
    assert finding.windows_values(on) == Said("Windows", ("proxy:3128",), "<local>;10.*")
    each = {"ProxyEnable": 1, "ProxyServer": "http=web:80;https=proxy:3128;socks=s:1080;ftp=f:21"}
    assert finding.windows_values(each) == Said("Windows", ("http://proxy:3128", "socks4://s:1080", "http://web:80"))
    assert finding.windows_values({"ProxyEnable": 0, "ProxyServer": "proxy:3128"}) is None
    assert finding.windows_values({"AutoConfigURL": "http://x/pac"}) == Said("Windows", script=True)


def test_winhttp() -> None:
    proxy, past = b"proxy:3128", b"<local>"
    head = b"\x28\0\0\0" + bytes(4) + b"\x03\0\0\0"
    data = head + len(proxy).to_bytes(4, "little") + proxy + len(past).to_bytes(4, "little") + past
    assert finding.winhttp_values(data) == Said("WinHTTP", ("proxy:3128",), "<local>")
    assert finding.winhttp_values(b"\x28\0\0\0" + bytes(4) + b"\x01" + bytes(11)) is None
    for size in range(len(data)):
        finding.winhttp_values(data[:size])


def test_macos() -> None:
    listed = """<dictionary> {
  ExceptionsList : <array> {
    0 : *.local
    1 : 169.254/16
  }
  HTTPEnable : 0
  HTTPSEnable : 1
  HTTPSPort : 3128
  HTTPSProxy : proxy
  SOCKSEnable : 0
}
"""
    assert finding.scutil(listed) == Said("macOS", ("http://proxy:3128",), "*.local,169.254/16")
    assert finding.scutil("  ProxyAutoConfigEnable : 1\n") == Said("macOS", script=True)
    assert finding.scutil("<dictionary> {\n  HTTPEnable : 0\n}\n") is None


def test_a_script_is_seen_and_a_broken_setting_of_the_system_is_as_none(
    home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(finding.SYSTEMS, "x", (lambda _: Said("X", ("ftp://?",)), lambda _: Said("Y", script=True)))  # type: ignore[misc]
    assert find(HOST, 443, "", home, "x") == Found(None, "Y", script=True)
