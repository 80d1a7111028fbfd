"""Which paths a grant reaches: what is inside, what is hidden, what is nobody's, and what cannot be raced."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_agent.folders.places import HERE, Places
from rs_relay.errors import NoSuchSession, NotAllowed, RsError, TooLarge
from rs_relay.link.spec import Permission


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "docs" / "deep").mkdir(parents=True)
    (home / "docs" / "report.pdf").write_text("a report")
    (home / "docs" / "deep" / "a.txt").write_text("a")
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id").write_text("a key")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("not yours")
    (home / "in").symlink_to("docs/report.pdf")
    (home / "around").symlink_to(home / "docs")
    (home / "out").symlink_to(tmp_path / "outside")
    (home / "nowhere").symlink_to(tmp_path / "missing")
    (home / "back").symlink_to("../outside/../home/docs")
    (home / "innocent").symlink_to(".ssh/id")
    (home / "loop").symlink_to("loop")
    return home


@pytest.fixture(autouse=True)
def nothing_is_left_open() -> Iterator[None]:
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) == before


def narrow(home: Path) -> Places:
    return Places(home, lambda permission: False, (home.parent / "state",))


def wide(home: Path) -> Places:
    return Places(home, lambda permission: permission is Permission.DISK, (home.parent / "state",))


def read(places: Places, path: str) -> str:
    with places.find(path) as place:
        fd = place.folder.open(place.name)
        with os.fdopen(fd) as file:
            return file.read()


@pytest.mark.parametrize(
    "path",
    ["docs/report.pdf", "~/docs/report.pdf", "./docs/../docs//report.pdf", "{home}/docs/report.pdf", "in",
     "around/report.pdf", "around/deep/../report.pdf", "around/../around/report.pdf"],
)  # fmt: skip
def test_what_is_below_home_is_reached(home: Path, path: str) -> None:
    path = path.format(home=home)
    assert read(narrow(home), path) == read(wide(home), path) == "a report"
    with narrow(home).find(path) as place:
        assert place.path == str(home / "docs" / "report.pdf")


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/no/such/thing", "..", "../outside", "docs/../../outside/secret", "out/secret", "out/no", "out",
     "nowhere", "back/report.pdf", "{home}x/a", "{home}/../outside", "/"],
)  # fmt: skip
def test_outside_home_the_answer_is_the_same_whether_it_is_there_or_not(home: Path, path: str) -> None:
    answers = set()
    for there in (True, False):
        if not there:
            (home.parent / "outside" / "secret").unlink()
            (home.parent / "outside").rmdir()
        for ask in (narrow(home).find, narrow(home).folder):
            with pytest.raises(NotAllowed) as e:
                ask(path.format(home=home))
            answers.add((e.value.message, e.value.hint))
    assert len(answers) == 1
    assert "disk" in answers.pop()[1]


@pytest.mark.parametrize("path", [".ssh/id", ".ssh", "~/.gone", "docs/../.ssh/id", "innocent", "docs/.new"])
def test_what_is_hidden_is_not_reached_with_files_alone(home: Path, path: str) -> None:
    for ask in (narrow(home).find, narrow(home).folder):
        with pytest.raises(NotAllowed, match="Hidden"):
            ask(path)
    if path not in ("innocent",):
        with pytest.raises(NotAllowed, match="Hidden"):
            narrow(home).spot(path)


@pytest.mark.parametrize("path", ["nothing", "docs/report.pdf/x", "loop", "a\0b", "x" * 5000, "~root/x", "\udc00" * 9])
def test_what_is_not_there(home: Path, path: str) -> None:
    for places in (narrow(home), wide(home)):
        with pytest.raises(NoSuchSession):
            places.find(path)


def test_with_disk_all_that_the_account_may_open(home: Path) -> None:
    places = wide(home)
    assert read(places, "~/.ssh/id") == read(places, "innocent") == "a key"
    assert read(places, "out/secret") == read(places, "../outside/secret") == "not yours"
    assert read(places, "/etc/passwd") == Path("/etc/passwd").read_text()
    with places.find("/") as root:
        assert (root.name, root.path) == (HERE, "/")


def test_a_grant_counts_at_each_use(home: Path) -> None:
    granted = {Permission.DISK}
    places = Places(home, granted.__contains__)
    assert read(places, ".ssh/id") == "a key"
    granted.clear()
    with pytest.raises(NotAllowed):
        places.find(".ssh/id")


@pytest.mark.parametrize(
    "path", ["/proc/self/mem", "/proc/self/environ", "/proc", "/sys/kernel", "/proc/self/root/etc"]
)
def test_the_kernels_own_files_are_nobodys(home: Path, path: str) -> None:
    if not Path(path).exists():
        pytest.skip("no such file system here")
    with pytest.raises(NotAllowed):
        wide(home).find(path)


@pytest.mark.parametrize("make", [narrow, wide])
def test_the_agents_own_folders_are_nobodys(home: Path, make: object) -> None:
    state = home / "state"
    state.mkdir()
    (state / "keys").write_text("all of them")
    (home / "alias").symlink_to("state")
    places = Places(home, wide(home)._granted if make is wide else narrow(home)._granted, (state,))
    for path in ("state/keys", "state", "alias/keys", "state/new"):
        with pytest.raises(NotAllowed, match="nobody"):
            places.find(path)
    with pytest.raises(NotAllowed):
        places.spot("state/new")
    assert not places.shows("state", os.stat(state))
    assert places.shows("docs", os.stat(home / "docs"))
    assert places.holds_kept(str(home))
    assert not places.holds_kept(str(home / "docs"))


def test_partial_files_are_nobodys(home: Path) -> None:
    (home / ".rs-part-1234").write_text("half")
    for places in (narrow(home), wide(home)):
        with pytest.raises(RsError):
            places.find(".rs-part-1234")
        with pytest.raises(RsError):
            places.spot("docs/.RS-part-1234")
        assert not places.shows(".rs-part-1234", os.stat(home / ".rs-part-1234"))


def test_a_spot_for_something_new(home: Path) -> None:
    with narrow(home).spot("docs/new.txt") as place:
        os.close(place.folder.create(place.name))
    assert (home / "docs" / "new.txt").exists()
    with narrow(home).spot("out") as place:  # the link itself
        assert stat.S_ISLNK(place.folder.stat(place.name).st_mode)
    with pytest.raises(NoSuchSession):
        narrow(home).spot("no/new.txt")
    for path in ("out/new", "../new", "/tmp/new"):
        with pytest.raises(NotAllowed):
            narrow(home).spot(path)


def test_folders_are_made_on_the_way(home: Path) -> None:
    narrow(home).folder("docs/x/y", create=True).close()
    narrow(home).folder("docs/x/y", create=True).close()
    assert (home / "docs" / "x" / "y").is_dir()
    for path in ("out/x", "../x", "nowhere/x", ".x/y"):
        with pytest.raises(NotAllowed):
            narrow(home).folder(path, create=True)
    with pytest.raises(NoSuchSession):
        narrow(home).folder("docs/report.pdf/x", create=True)
    assert not (home.parent / "missing").exists()


def test_a_folder_by_any_of_its_names(home: Path) -> None:
    for path in ("", "~", ".", "~/", "docs/..", "around/.."):
        for places in (narrow(home), wide(home)):
            folder = places.folder(path)
            assert (folder.here().st_dev, folder.here().st_ino) == (home.stat().st_dev, home.stat().st_ino)
            folder.close()


def test_a_folder_turned_into_a_link_half_way_leads_nowhere(home: Path) -> None:
    """A program of the customer's swaps a folder for a link out, as fast as it can."""
    (home / "swap").mkdir()
    (home / "swap" / "secret").write_text("mine")
    (home / "link").symlink_to(home.parent / "outside")
    going = True

    def swap() -> None:
        while going:
            os.rename(home / "swap", home / "aside")
            os.rename(home / "link", home / "swap")
            os.rename(home / "swap", home / "link")
            os.rename(home / "aside", home / "swap")

    thread = threading.Thread(target=swap)
    thread.start()
    seen = set()
    try:
        for _ in range(2000):
            try:
                seen.add(read(narrow(home), "swap/secret"))
            except (NotAllowed, NoSuchSession) as e:
                seen.add(type(e).__name__)
    finally:
        going = False
        thread.join()
    assert "not yours" not in seen
    assert "mine" in seen


def test_a_path_that_goes_up_and_down_for_ever_holds_no_more_than_it_needs(home: Path) -> None:
    assert read(narrow(home), "docs/../" * 400 + "in") == "a report"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("docs/*", ["docs/deep", "docs/report.pdf"]),
        ("docs/*.pdf", ["docs/report.pdf"]),
        ("~/docs/r[a-f]port.???", ["~/docs/report.pdf"]),
        ("**/*.txt", ["docs/deep/a.txt"]),
        ("*/deep/*", ["around/deep/a.txt", "docs/deep/a.txt"]),
        ("docs/report.pdf", ["docs/report.pdf"]),
        ("docs/odd[1].txt", ["docs/odd[1].txt"]),
    ],
)
def test_patterns(home: Path, pattern: str, expected: list[str]) -> None:
    (home / "docs" / "odd[1].txt").write_text("") if "odd" in pattern else None
    assert narrow(home).expand(pattern) == expected


def test_patterns_reach_no_further_than_paths(home: Path) -> None:
    for pattern in ("out/*", ".ssh/*", "*/secret", "docs/*.exe", "../*", "/etc/*"):
        with pytest.raises((NoSuchSession, NotAllowed)):
            narrow(home).expand(pattern)
    assert wide(home).expand("~/.ssh/*") == ["~/.ssh/id"]
    assert "out" not in "".join(p for p in wide(home).expand("**/*") if p.startswith("out/"))


def test_a_pattern_is_bounded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rs_agent.folders.places.LOOKED_AT", 3)
    with pytest.raises(TooLarge):
        narrow(home).expand("**/*")
    monkeypatch.setattr("rs_agent.folders.places.LOOKED_AT", 1000)
    monkeypatch.setattr("rs_agent.folders.places.MATCHES", 1)
    with pytest.raises(TooLarge):
        narrow(home).expand("docs/*")
