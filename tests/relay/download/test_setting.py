"""The starter goes through the proxy that the agent will go through."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_agent import config
from rs_relay.download.start import setting


@pytest.mark.parametrize("own", ["", 'proxy = "socks5://own.test"\n', 'name = "x"\n'])
@pytest.mark.parametrize("everybodys", ["", 'proxy = "http://all.test:3128"\n'])
@pytest.mark.parametrize("option", [None, "http://option.test"])
def test_as_the_agent_reads_it(own: str, everybodys: str, option: str | None, tmp_path: Path) -> None:
    for name, text in (("own", own), ("all", everybodys)):
        (tmp_path / name).mkdir()
        if text:
            (tmp_path / name / "agent.toml").write_text(text)
    environ = {"RS_CONFIG_DIR": str(tmp_path / "own")}
    arguments = ["join", "--proxy", option] if option else ["join"]
    said = setting.proxy(arguments, environ, tmp_path / "all")
    assert said == config.read({"proxy": option}, environ, tmp_path / "all").proxy
    if option:
        assert setting.proxy([f"--proxy={option}"], environ, tmp_path / "all") == option


@pytest.mark.parametrize("text", [b"proxy = [", b"\xff", b"proxy = 3", b"proxy = ''"])
def test_a_file_that_is_wrong_is_the_agents_to_tell(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_bytes(text)
    assert setting.proxy(["--proxy"], {"RS_CONFIG_DIR": str(tmp_path)}, tmp_path) == ""
    assert setting.proxy([], {"RS_CONFIG_DIR": str(tmp_path)}, tmp_path) == ""
