"""The table of probes, in the order in which they are told: what a session needs comes first."""

from __future__ import annotations

from rs_agent.doctor.probes import computer, screen, way
from rs_agent.doctor.verdict import Probe
from rs_agent.language import N_

PROBES: tuple[Probe, ...] = (
    Probe("settings", N_("Settings"), "chosen", computer.settings, needed=True),
    Probe("relay", N_("Relay"), "way", way.relay, needed=True),
    Probe("clock", N_("Clock"), "clock", way.clock),
    Probe("screen", N_("Screen"), "desk", screen.shown, needed=True),
    Probe("hands", N_("Mouse and keyboard"), "desk", screen.hands, otherwise=screen.NO_SCREEN),
    Probe("clipboard", N_("Clipboard"), "desk", screen.clipboard, otherwise=screen.NO_SCREEN),
    Probe("drawing", N_("Drawing, frame"), "desk", screen.drawing, otherwise=screen.NO_SCREEN),
    Probe("privacy", N_("Privacy"), "desk", screen.privacy, otherwise=screen.NO_SCREEN),
    Probe("unlocked", N_("Not locked"), "login", screen.unlocked),
    Probe("window", N_("Window"), "faces", screen.window),
    Probe("program", N_("Program"), "program", computer.program),
    Probe("state", N_("Its own files"), "state", computer.state, needed=True),
    Probe("files", N_("Received files"), "folder", computer.folder),
    Probe("rights", N_("Rights"), "rights", computer.rights),
    Probe("service", N_("Service"), "serving", computer.serving),
    Probe("unattended", N_("Unattended"), "device", computer.device),
    Probe("reboot", N_("Restart"), "restart", computer.reboot),
    Probe("autostart", N_("Return after it"), "restart", computer.autostart),
    Probe("safe-mode", N_("Safe mode"), "restart", computer.safe_mode),
    Probe("tools", N_("Diagnostics"), "tools", computer.tools),
)
