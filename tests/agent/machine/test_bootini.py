"""boot.ini: real encodings and line ends, and a power cut after each byte of each step."""

from __future__ import annotations

import pytest

from rs_agent.machine import bootini
from rs_agent.machine.bootini import BAK, BESIDE, INI, prepare, safe, settle
from rs_relay.errors import LocalProblem

PATH = "multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS"
XP = (
    f"[boot loader]\r\ntimeout=30\r\ndefault={PATH}\r\n[operating systems]\r\n"
    f'{PATH}="Microsoft Windows XP Professional" /noexecute=optin /fastdetect\r\n'
)
OTHER = 'C:\\CMDCONS\\BOOTSECT.DAT="Recovery Console" /cmdcons\r\nC:\\="Windows 98"\r\n'


def encoded(text: str, codec: str = "cp1252") -> bytes:
    return text.encode(codec)


@pytest.mark.parametrize(
    "data",
    [
        encoded(XP),
        encoded(XP.replace("\r\n", "\n")),
        encoded(XP.replace("\r\n", "\r")),
        encoded(XP.replace("\r\n", "\r\r\n")),
        encoded(XP.rstrip("\r\n")),  # no newline at the end
        encoded(XP).replace(b"\r\n", b"  \t\r\n"),
        encoded(XP) + b"\x1a" + encoded(XP),  # what is after the end of a DOS text stays as it is
        b"\xef\xbb\xbf" + encoded(XP),
        encoded(XP.replace("Professional", "Édition familiale"), "cp1252"),
        encoded(XP.replace("Professional", "Édition familiale"), "cp437"),
        encoded(XP.replace("Professional", "日本語 ソ表"), "cp932"),  # letters whose second byte is a backslash
        encoded(XP.replace("Professional", "/safeboot:minimal = 'x'")),  # in quotes: a name
        encoded(XP.replace("[boot loader]", "[Boot Loader]").replace("default=", "DEFAULT = ")),
        encoded(XP.replace(f"{PATH}=", f"{PATH.lower()} =")),
        encoded(XP + OTHER),
        encoded(XP.replace("[operating systems]\r\n", "[operating systems]\r\n" + OTHER)),
        encoded("; a comment = here\r\n\r\n" + XP),
    ],
)
def test_the_switch_and_no_other_byte_is_added_to_the_line_of_the_default(data: bytes) -> None:
    changed = safe(data)
    at = changed.index(bootini.SWITCH)
    assert changed[:at] + changed[at + len(bootini.SWITCH) :] == data
    line = changed[:at].splitlines()[-1].lower()
    assert line.endswith(b"/fastdetect")
    assert changed[at + len(bootini.SWITCH) :][:1] in (b"", b"\r", b"\n", b" ", b"\x1a")


def test_of_two_lines_of_one_path_the_first_is_what_starts() -> None:
    twice = XP + f'{PATH}="another" /debug\r\n'
    assert safe(encoded(twice)).splitlines()[4].endswith(b"/fastdetect /safeboot:network")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\r\n", encoded(XP, "utf-16"), b"x" * 70000, encoded(XP.replace("default=", "defoult=")),
        encoded(XP.replace(f"default={PATH}", "default=C:\\")), encoded(XP.replace("[operating systems]", "[x]")),
        encoded(XP.rstrip() + " /SAFEBOOT:minimal\r\n"), b"\x1a" + encoded(XP),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_left_alone(data: bytes) -> None:
    with pytest.raises(LocalProblem):
        safe(data)
    volume = Disk({INI: data})
    with pytest.raises(LocalProblem):
        prepare(volume)
    assert volume.files == {INI: data}


class PowerCut(BaseException):
    pass


class Disk:
    """A folder in memory. The power is cut after so many steps; a write has a step for each byte."""

    def __init__(self, files: dict[str, bytes], steps: int = 10**9, failing: str = "") -> None:
        self.files, self.steps, self.failing = dict(files), steps, failing
        self.flags = dict.fromkeys(files, 0x27)  # read-only, hidden, system, archive

    def _step(self, what: str = "") -> None:
        if what and what == self.failing:
            raise OSError("the disk is full")
        if self.steps == 0:
            raise PowerCut
        self.steps -= 1

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def write(self, name: str, data: bytes) -> None:
        self._step("write")
        self.files[name] = b""
        for end in range(1, len(data) + 1):
            self._step()
            self.files[name] = data[:end]
        self._step()
        self.flags[name] = 0x20

    def rename(self, name: str, to: str) -> None:
        self._step("rename " + to)
        if to in self.files and self.flags[to] & bootini.READ_ONLY:
            raise OSError("access denied")
        self.files[to] = self.files.pop(name)
        self.flags[to] = self.flags.pop(name)

    def remove(self, name: str) -> None:
        self._step()
        del self.files[name]

    def attributes(self, name: str) -> int:
        return self.flags[name]

    def set_attributes(self, name: str, attributes: int) -> None:
        self._step()
        self.flags[name] = attributes


def test_there_and_back_with_its_attributes() -> None:
    before = encoded(XP)
    disk = Disk({INI: before})
    prepare(disk)
    assert disk.files == {INI: safe(before), BAK: before}
    assert disk.flags[INI] == 0x27
    assert "again as it was" in settle(disk)
    assert disk.files == {INI: before}
    assert disk.flags[INI] == 0x27
    assert settle(disk) == ""


def test_where_a_copy_is_already_nothing_is_changed() -> None:
    files = {INI: encoded(XP), BAK: b"somebody's own"}
    disk = Disk(files)
    with pytest.raises(LocalProblem, match="already") as refused:
        prepare(disk)
    assert "by hand" in refused.value.hint
    assert disk.files == files


@pytest.mark.parametrize("failing", ["write", "rename " + BAK, "rename " + INI])
def test_a_disk_that_fails_changes_nothing(failing: str) -> None:
    disk = Disk({INI: encoded(XP)}, failing=failing)
    with pytest.raises(LocalProblem):
        prepare(disk)
    disk.failing = ""
    settle(disk)
    assert disk.files == {INI: encoded(XP)}


def test_a_power_cut_at_any_step_leaves_a_file_that_starts_and_the_way_back() -> None:
    before = encoded(XP)
    after, cut = safe(before), 0
    while True:
        disk = Disk({INI: before}, steps=cut)
        try:
            prepare(disk)
        except PowerCut:
            assert disk.files[INI] in (before, after), cut
            assert disk.files.get(BAK, before) == before, cut
        else:
            break
        disk.steps = 10**9
        settle(disk)
        assert disk.files == {INI: before}, cut
        cut += 1
    assert cut > 2 * len(before)  # every prefix of both writes was seen
    for cut in range(10):
        disk = Disk({INI: before})
        prepare(disk)
        disk.steps = cut
        try:
            settle(disk)
        except PowerCut:
            assert disk.files[INI] in (before, after)
        disk.steps = 10**9
        settle(disk)
        assert disk.files == {INI: before}


def test_what_somebody_else_changed_meanwhile_is_left_to_a_person() -> None:
    disk = Disk({INI: encoded(XP)})
    prepare(disk)
    disk.files[INI] += b"; mine\r\n"
    files = dict(disk.files)
    assert "by hand" in settle(disk)
    assert disk.files == files
    assert BESIDE not in disk.files
