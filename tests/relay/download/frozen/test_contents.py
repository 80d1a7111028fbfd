"""What the frozen agent holds is all that a table names, whoever adds a line to one."""

from __future__ import annotations

import tomllib
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

from rs_agent.commands import VERBS
from rs_agent.features import FEATURES
from rs_relay.download import sources
from rs_relay.download.frozen import contents
from rs_relay.link import primitives

LINUX = "linux-x86_64-3.11"
ROOT = Path(__file__).parents[4]


def test_every_module_that_is_named_in_a_table() -> None:
    named = {f"rs_agent.features.{entry.home}" for entry in FEATURES.values()}
    named |= {f"rs_relay.channels.{entry.channel}" for entry in FEATURES.values()}
    named |= {verb.module for verb in VERBS}
    named |= {
        f"{window}.__main__" for window in ("rs_agent.ui.face", "rs_agent.ui.picture", "rs_agent.desktop.x11.keeper")
    }
    inside = set(contents.modules(LINUX))
    assert named <= inside
    assert {f"rs_agent.{part}" for part in ("main", "unattended.life", "machine.linux")} <= inside
    assert all(map(contents.is_used, inside))


def test_nothing_of_the_relay_or_the_technician() -> None:
    apart = {
        name for name in contents.modules(LINUX) if name.startswith(("rs_cli", "rs_relay.server", "rs_relay.download"))
    }
    assert not apart


def test_the_ciphers_are_imported_by_name_and_are_there() -> None:
    for home in primitives._HOMES.values():
        assert find_spec(f"cryptography.{home}")
        assert contents.is_used(f"cryptography.{home}")


def test_every_package_that_an_agent_is_installed_with_is_in_its_download() -> None:
    """Else a downloaded or a frozen agent fails where an installed one works."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["agent"]]
    names = {text.split(";")[0].split(">")[0].split("[")[0].strip() for text in wanted}
    within = {name for name, _ in sources.APART.values()} | set(sources.WITHIN)
    assert names - within == {"pywinpty"}  # a shell in a window of Windows' own: there without a terminal


def test_what_is_apart_is_known_by_the_name_it_is_imported_by() -> None:
    known = packages_distributions()
    for module, (name, _) in sources.APART.items():
        assert module not in known or name.lower() in {one.lower() for one in known[module]}


@pytest.mark.parametrize(
    ("place", "read"),
    [("_tcl_data/tzdata/Europe/Paris", False), ("_tcl_data/encoding/utf-8.enc", True), ("_tk_data/demos/x", False),
     ("_tcl_data\\encoding\\cp949.enc", False), ("_tk_data/ttk/ttk.tcl", True), ("rs_agent/locale/fr/x.mo", True)],
)  # fmt: skip
def test_data_that_no_window_reads_stays_behind(place: str, read: bool) -> None:
    assert contents.is_read(place) is read


def test_the_glibc_that_is_needed_is_the_newest_that_is_named() -> None:
    first = b"\x7fELF\0GLIBC_2.2.5\0GLIBC_2.17\0"
    assert contents.needs_glibc([first]) == (2, 17)
    assert contents.needs_glibc([first, b"\x7fELF...\0GLIBC_2.36\0GLIBC_PRIVATE\0", b"\0GLIBC_9.9\0"]) == (2, 36)
    assert contents.needs_glibc([b"MZ"]) == (0, 0)


def test_the_catalogues_are_there() -> None:
    assert {folder for _, folder in contents.texts()} >= {"rs_agent/locale/fr/LC_MESSAGES"}
