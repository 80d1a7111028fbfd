"""The program, its files, its rights, and what the system lets it do: judged."""

from __future__ import annotations

from rs_agent.doctor.facts import Chosen, Device, Program, Restart, Rights, Room, Serving, Tools
from rs_agent.doctor.verdict import Finding, no, partly, refused, yes
from rs_agent.language import _
from rs_agent.machine.service.base import State

LITTLE = 200 * 1024 * 1024  # bytes: from here on it is said that there is little room
PYTHON = "pip install 'rs-remote-support[agent]'"


def settings(chosen: Chosen) -> Finding:
    source = _("As {file} says.").format(file=chosen.file) if chosen.file else _("There is no agent.toml: as rs comes.")
    if chosen.forbidden:
        return yes(source + " " + _("Forbidden here: {names}.").format(names=", ".join(chosen.forbidden)))
    return yes(source)


def program(it: Program) -> Finding:
    versions = _("rs-agent {version}, Python {python}, {tls}.").format(version=it.version, python=it.python, tls=it.tls)
    if it.missing:
        return partly(
            versions + " " + _("Not installed: {names}; what needs them fails.").format(names=", ".join(it.missing)),
            _("Install what is missing: {command}").format(command=PYTHON),
        )
    if it.without:
        return yes(versions + " " + _("Without {names}, which only makes it quicker.").format(names=_names(it.without)))
    return yes(versions)


def state(room: Room) -> Finding:
    if room.open_file:
        return no(
            _("Others can read {file}: rs-agent does not start so.").format(file=room.open_file),
            f"chmod 600 '{room.open_file}'",
        )
    if not room.writable:
        return no(
            _("{folder} cannot be written.").format(folder=room.path),
            _("Give it to this user, or start with --no-journal."),
        )
    if not room.private:
        return partly(
            _("Others can look into {folder}.").format(folder=room.path), f"chmod 700 '{room.path}'"
        )  # fmt: skip
    return _with_room(room)


def folder(room: Room) -> Finding:
    if not room.writable:
        return no(
            _("{folder} cannot be written: no file can be sent here.").format(folder=room.path),
            _("Choose another one with --folder."),
        )
    return _with_room(room)


def _with_room(room: Room) -> Finding:
    free = _("{folder}, {free} free.").format(folder=room.path, free=_size(room.free))
    if room.free < LITTLE:
        return partly(free + " " + _("That is little."), _("Make room on this disk."))
    return yes(free)


def rights(it: Rights) -> Finding:
    if it.administrator:
        return yes(_("It runs as {user}, with all rights of an administrator.").format(user=it.user))
    if it.may_become:
        return partly(
            _("It runs as {user}, who may be administrator with their password.").format(user=it.user),
            _("The technician runs `rs exec SESSION --tty -- sudo …`, and the password is typed."),
        )
    return partly(
        _("It runs as {user}, who is no administrator: nothing that belongs to the system can be changed.").format(
            user=it.user
        ),
        _("Start it as an administrator where that is needed."),
    )


def serving(it: Serving) -> Finding:
    for state, said in (
        (it.whole, _("It is a service of this computer")),
        (it.own, _("It is a service of this user's")),
    ):
        if state is State.RUNNING:
            return yes(said + ", " + _("and runs."))
        if state is State.STOPPED:
            return partly(
                said + ", " + _("and does not run."), "systemctl status rs-agent" if it.init == "systemd" else ""
            )
    if it.init not in ("systemd", "launchd", "windows"):
        return no(
            _("This system was started by {init}, where rs-agent cannot be a service.").format(init=it.init or "?"),
            _("Start it with the desktop instead, or write a script for the system's own start."),
        )
    if it.administrator:
        return no(_("It is none."), _("`rs-agent service install` makes it one."))
    return no(
        _("It is none."),
        _("`rs-agent service install --user` makes it one of this user's, and an administrator one of the computer's."),
    )


def device(it: Device) -> Finding:
    if not it.on:
        return no(_("Off: nobody comes in unless the user lets them."), _("`rs-agent unattended enable` turns it on."))
    reason = _("On: {permissions}; {hours}.").format(
        permissions=", ".join(it.permissions) or "-", hours=it.hours or _("always")
    )
    if it.wrong_codes:
        return partly(
            reason + " " + _("Wrong access codes in a row: {n}.").format(n=it.wrong_codes),
            _("`rs-agent journal` tells who tried."),
        )
    return yes(reason)


def reboot(it: Restart) -> Finding:
    if it.reboot is not None:
        return refused(it.reboot)
    if not it.asked:
        return partly(_("Whether the system lets this user restart it shows only then."))
    return yes(_("The technician can restart this computer."))


def autostart(it: Restart) -> Finding:
    return refused(it.autostart) if it.autostart is not None else yes(_("After a restart the session goes on."))


def safe_mode(it: Restart) -> Finding:
    return refused(it.safe_mode) if it.safe_mode is not None else yes(_("One safe start can be arranged."))


def tools(it: Tools) -> Finding:
    missing = [name for name, there in it.there.items() if not there]
    if missing and not any(it.there.values()):
        return no(_("None of the system's programs that tell of it is here: {names}.").format(names=_names(missing)))
    if missing:
        return partly(_("Less is known of this system without {names}.").format(names=_names(missing)))
    if it.log is not None:
        return partly(_(it.log.message), _(it.log.hint))
    return yes(_("Services, logs and hardware can be looked at."))


def _names(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names)


def _size(count: int) -> str:
    if count < 10**9:
        return f"{count // 10**6} MB"
    return f"{count / 10**9:.0f} GB" if count >= 10**10 else f"{count / 10**9:.1f} GB"
