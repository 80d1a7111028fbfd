"""The page: nothing of the request in it, nothing from elsewhere, all without a script but the code."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from rs_relay.server import pages, wording
from rs_relay.server.pages import Release, Site

RELEASE = Release("wss://help.example.org", "ab" * 32, 280_000, "1e98 09d5", frozenset({"linux", "windows"}))


def _folder(path: Path, relay: str = "wss://help.example.org") -> Path:
    (path / "rs-agent.pyz").write_bytes(b"program")
    (path / "manifest.json").write_text(json.dumps({"relay": relay, "targets": {"linux-x86_64-3.11": {}}}))
    (path / "manifest.sig").write_text("00" * 96)
    return path


def test_the_line_checks_before_it_runs() -> None:
    for line in pages.commands(RELEASE, "join").values():
        assert line.index("https://help.example.org/agents/rs-agent.pyz") < line.index("ab" * 32) < line.index("join")


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
