"""The page: nothing of the request in it, nothing from elsewhere, all without a script but the code."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from rs_relay.server import pages, wording
from rs_relay.server.pages import Program, Release, Site

FROZEN = Program("rs-agent-linux-x86_64", "cd" * 32, 39_700_000, "x86_64", "2.36")
RELEASE = Release(
    "wss://help.example.org",
    "ab" * 32,
    "1e98 09d5",
    {"linux": 412_345, "windows": 500_000},
    {"linux": 19_300_000, "windows": 1},
    {"linux": (FROZEN,)},
)
MANIFEST = {
    "targets": {"linux-x86_64-3.11": {"a": "a.xz", "b": "b.xz"}, "linux-x86_64-3.12": {"a": "big.xz"}},
    "first": ["a", "nothing"],
    "files": {"a.xz": {"size": 100}, "b.xz": {"size": 1}, "big.xz": {"size": 2000}, "rest.xz": {"size": 9}},
    "rest": "rest.xz",
    "programs": {"linux-x86_64": {"name": FROZEN.name, "sha256": FROZEN.digest, "size": FROZEN.size, "glibc": "2.36"}},
}


def _folder(path: Path, relay: str = "wss://help.example.org") -> Path:
    (path / "rs-agent.pyz").write_bytes(b"program")
    (path / "manifest.json").write_text(json.dumps({**MANIFEST, "relay": relay}))
    (path / "manifest.sig").write_text("00" * 96)
    return path


def test_the_line_checks_before_it_runs() -> None:
    for system in pages.SYSTEMS:
        line = pages.command(RELEASE, system, "join")
        assert line.index("https://help.example.org/agents/rs-agent.pyz") < line.index("ab" * 32) < line.index("join")
        line = pages.command(RELEASE, system, "join", FROZEN)
        assert line.index("https://help.example.org/agents/rs-agent-linux-x86_64") < line.index("cd" * 32)


def test_the_sizes_are_those_of_the_release(tmp_path: Path) -> None:
    found = Site(_folder(tmp_path)).release()
    assert found is not None
    assert found.first == {"linux": len(b"program") + 2000}  # the largest of its Pythons
    assert found.most == {"linux": 1 + 9}
    assert found.programs == {"linux": (FROZEN,)}
    page = pages.render(RELEASE, "/join", "en").decode()
    assert "412 KB" in page
    assert "19 MB" in page
    assert "40 MB" in page
    assert "glibc 2.36" in page


@pytest.mark.parametrize("name", ["a;id", "../x", "a b", "$(id)"])
def test_a_program_whose_name_a_shell_would_read_is_not_shown(tmp_path: Path, name: str) -> None:
    folder = _folder(tmp_path)
    said = {**MANIFEST, "programs": {"linux-x86_64": {**MANIFEST["programs"]["linux-x86_64"], "name": name}}}  # type: ignore[index, call-overload, dict-item]
    (folder / "manifest.json").write_text(json.dumps({**said, "relay": "wss://help.example.org"}))
    assert Site(folder).release() is None


def test_the_way_without_python_is_told_where_there_is_no_program() -> None:
    page = pages.render(RELEASE, "/join", "en").decode()
    assert wording.TEXTS["en"]["get-python-windows"] in page
    assert wording.TEXTS["en"]["get-python-linux"] not in page


def test_the_owner_is_told_how_it_ends() -> None:
    page = pages.render(RELEASE, "/unattended", "en").decode()
    for verb in (
        "service install",
        "unattended status",
        "unattended reset-code",
        "unattended forget",
        "unattended disable",
    ):
        assert f"python3 rs-agent.pyz {verb}" in page


@pytest.mark.parametrize("language", list(wording.TEXTS))
@pytest.mark.parametrize("path", pages.PAGES)
def test_every_page_in_every_language(path: str, language: str) -> None:
    page = pages.render(RELEASE, path, language).decode()
    assert f'lang="{language}"' in page
    assert "sha256sum" in page
    assert wording.TEXTS[language]["unsupported"] in page  # of macOS, for which there is none
    assert ("unattended enable" in page) == (path == "/unattended")
    assert not re.search(r"\s(src|href|style|on\w+)=", page)


def test_the_languages_have_the_same_texts() -> None:
    assert len({frozenset(texts) for texts in wording.TEXTS.values()}) == 1


def test_without_a_release_it_says_so() -> None:
    assert wording.TEXTS["en"]["none"].encode() in pages.render(None, "/", "en")


@pytest.mark.parametrize(
    ("said", "language"),
    [("fr-CH, fr;q=0.9", "fr"), ("de, fr;q=0.5", "fr"), ("", "en"), ("x" * 9999, "en"), ("EN", "en")],
)
def test_the_language(said: str, language: str) -> None:
    assert pages.chosen(said) == language


def test_a_release_is_read_again_when_it_is_another(tmp_path: Path) -> None:
    site = Site(_folder(tmp_path))
    first = site.release()
    assert first is not None
    assert first.digest == hashlib.sha256(b"program").hexdigest()
    (tmp_path / "rs-agent.pyz").write_bytes(b"another program")
    again = site.release()
    assert again is not None
    assert again.digest != first.digest


@pytest.mark.parametrize("relay", ["wss://x/$(id)", 'wss://x";id', "http://x", "wss://x y"])
def test_an_address_that_a_shell_would_read_is_not_shown(tmp_path: Path, relay: str) -> None:
    assert Site(_folder(tmp_path, relay)).release() is None


@pytest.mark.parametrize("name", ["../release.key", ".hidden", "", "a/b", "%2e%2e", "x" * 999, "link", "nothing"])
def test_nothing_else_is_given_away(tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / ".hidden").write_text("x")
    assert Site(_folder(tmp_path)).file("/agents/" + name) is None
    assert Site(tmp_path).file("/agents/rs-agent.pyz") == tmp_path / "rs-agent.pyz"
    assert Site(None).file("/agents/rs-agent.pyz") is None
