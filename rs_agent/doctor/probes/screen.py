"""The desktop: what can be seen, done and shown on it, judged."""

from __future__ import annotations

from rs_agent.desktop.wayland.survey import LOOK_ONLY, Survey
from rs_agent.doctor.facts import Desk, Display, Faces, Login
from rs_agent.doctor.verdict import Finding, no, partly, refused, yes
from rs_agent.language import N_, _
from rs_relay.errors import LocalProblem

# Extensions by the names that the X server has for them, and how administrators write them.
SHARED, TOLD, FIXES, TEST, RANDR, SHAPE, XKB, INPUT = (
    "MIT-SHM", "DAMAGE", "XFIXES", "XTEST", "RANDR", "SHAPE", "XKEYBOARD", "XInputExtension",
)  # fmt: skip
WRITTEN = {SHARED: "XShm", TOLD: "XDamage", FIXES: "XFixes", TEST: "XTest", RANDR: "RandR", SHAPE: "XShape"}
NO_SCREEN = N_("There is no screen for it.")


def shown(desk: Desk) -> Finding:
    if desk.name == "headless":
        return partly(_("None is shown, as --desktop headless says. Chat, files and commands work."))
    display = desk.display
    if desk.wayland is not None:
        return _asked(desk.wayland)
    if display is None:
        return yes(_("The desktop of this system ({name}).").format(name=desk.name))
    if display.problem is not None:
        return refused(display.problem)
    reason = _("X11, display {name}: {width} × {height}, monitors: {monitors}; {extensions}.").format(
        name=display.name, width=display.width, height=display.height, monitors=display.monitors,
        extensions=", ".join(name for key, name in WRITTEN.items() if key in display.extensions) or "-",
    )  # fmt: skip
    return _slower(display, reason) or yes(reason)


def _asked(found: Survey) -> Finding:
    if not found.sees:
        return refused(LocalProblem(found.why, found.hint))
    told = _("Wayland ({name}): the desktop itself asks as well, at each session.")
    if found.remembers:
        told = _("Wayland ({name}): the desktop itself asks as well; for unattended access once.")
    return yes(told.format(name=found.desktop or "?"))


def _slower(display: Display, reason: str) -> Finding | None:
    if display.saver:
        return partly(reason + " " + _("A screen saver is in front of it."), _("Move the mouse, or unlock it."))
    if display.afar:
        return partly(
            reason + " " + _("It is the display of another computer: slow."),
            _("Start rs-agent on the computer that the screen belongs to."),
        )
    if not display.fast:
        return partly(
            reason + " " + _("It shares no memory: slow."),
            _("Switch XShm (MIT-SHM) on in the settings of the X server."),
        )
    if not {TOLD, FIXES} <= display.extensions:
        return partly(
            reason + " " + _("It does not tell what was drawn: rs has to look, which costs this computer more."),
            _("Switch XDamage and XFixes on in the settings of the X server."),
        )
    return None


def hands(desk: Desk) -> Finding:
    display, other = _display(desk)
    if desk.wayland is not None and desk.wayland.sees and not desk.wayland.types:
        return no(_(LOOK_ONLY), _("Log in to a session with X11 (Xorg), or to GNOME or KDE."))
    if display is None:
        return other or yes(_("By the means of this system."))
    if lacks := [name for name in (TEST, XKB) if name not in display.extensions]:
        return no(
            _("The X server lacks {names}: the technician can look, and do nothing.").format(names=", ".join(lacks)),
            _("Switch it on in the settings of the X server, or log in to another session."),
        )
    return yes(_("The technician can point, click and type in any layout."))


def clipboard(desk: Desk) -> Finding:
    display, other = _display(desk)
    if desk.wayland is not None:
        if desk.wayland.clipboard:
            return other or yes(_("Both ways."))
        return other or no(_("The clipboard of this Wayland desktop cannot be reached."))
    if display is None:
        portable = desk.name in ("windows", "macos")
        return other or (partly(_("Text, both ways; no pictures.")) if portable else yes(_("Both ways.")))
    if FIXES not in display.extensions:
        return partly(
            _("To this computer only: without XFixes nobody hears what is copied here."),
            _("Switch XFixes on in the settings of the X server."),
        )
    return yes(_("Both ways: text, pictures, files."))


def drawing(desk: Desk) -> Finding:
    display, other = _display(desk)
    if display is None:
        return other or no(_("This system's desktop cannot be drawn over; the technician's picture can."))
    if SHAPE not in display.extensions:
        return no(
            _("The X server lacks {names}: no frame round a seen screen, no drawing over it.").format(names=SHAPE),
            _("The window of rs-agent still says what is seen."),
        )
    return yes(_("The technician can draw over the desktop; a frame shows that it is seen."))


def privacy(desk: Desk) -> Finding:
    display, other = _display(desk)
    if display is None:
        return other or no(_("The screen cannot be made dark, nor the keyboard held, on this system yet."))
    dark = display.gamma and RANDR in display.extensions
    held = INPUT in display.extensions and display.devices > 0
    if dark and held:
        return yes(_("The screen can be made dark, and this computer's keyboard and mouse held."))
    if not dark and not held:
        return no(_("The screen cannot be made dark, and there is no keyboard or mouse here to be held."))
    if held:
        return partly(_("Keyboard and mouse can be held; the screen has no gamma table and cannot be made dark."))
    return partly(_("The screen can be made dark; there is no keyboard or mouse here to be held."))


def unlocked(login: Login) -> Finding:
    here = _("Logged in: {names}.").format(names=", ".join(login.people)) if login.people else _("Nobody is logged in.")
    if login.locked:
        return partly(_("The screen is locked: that is all a technician sees.") + " " + here, _("Unlock the screen."))
    if login.locked is None:
        return yes(_("Nothing says that the screen is locked.") + " " + here)
    return yes(_("The screen is not locked.") + " " + here)


def window(faces: Faces) -> Finding:
    if faces.tk and faces.display:
        return yes(_("The customer gets a window (Tk {version}).").format(version=faces.tk))
    if not faces.terminal:
        return partly(
            _("Neither a window nor a terminal: nobody could be asked."),
            _("Start rs-agent in a terminal or in the desktop session."),
        )
    if faces.display:
        return partly(_("In this terminal: Tk is not installed."), _("On Debian and Ubuntu: apt install python3-tk"))
    return partly(_("In this terminal: there is no display for a window."))


def _display(desk: Desk) -> tuple[Display | None, Finding | None]:
    """The X display, or what there is to say where nothing is shown; (None, None) for another system's desktop."""
    blind = desk.wayland is not None and not desk.wayland.sees
    if blind or desk.name == "headless" or (desk.display is not None and desk.display.problem is not None):
        return None, no(_(NO_SCREEN))
    return desk.display, None
