"""The features of the agent, one line each. Adding a feature is adding its line.

An entry names modules and does not import them: the agent starts fast and stays small, a channel's module is loaded
when a technician asks for the channel, and the feature's own (numpy, Pillow …) once the customer has agreed.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from rs_agent.feature import Context, Feature
from rs_relay.link.spec import ChannelSpec, Permission


@dataclass(frozen=True)
class Entry:
    channel: str  # module with the SPEC, below rs_relay.channels
    home: str  # module of the feature, below here
    kind: str  # its class, made with a Context
    permission: Permission | None  # stands here too, so that nothing need be loaded to know it; a test compares
    given: tuple[Any, ...] = ()  # what its class wants beside the Context: the agent's life fills it in

    def spec(self) -> ChannelSpec[Any, Any]:
        return cast("ChannelSpec[Any, Any]", import_module(f"rs_relay.channels.{self.channel}").SPEC)

    def make(self, context: Context) -> Feature:
        """Loads the feature: may take some 100 ms, so it is called off the event loop."""
        return cast(Feature, getattr(import_module(f"{__name__}.{self.home}"), self.kind)(context, *self.given))


FEATURES: dict[str, Entry] = {
    "chat": Entry("chat", "chat", "Chat", None),
    "screen": Entry("screen.messages", "screen.feature", "ScreenFeature", Permission.VIEW),
    "control": Entry("control.messages", "control", "Control", Permission.CONTROL),
    "clipboard": Entry("clipboard", "clipboard", "ClipboardFeature", Permission.CLIPBOARD),
    "clips": Entry("clips", "clips", "Clips", Permission.CLIPBOARD),
    "draw": Entry("draw", "draw", "Draw", Permission.VIEW),
    "files": Entry("files", "files", "Files", Permission.FILES),
    "folders": Entry("folders", "folders", "Folders", Permission.FILES),
    "share": Entry("screen.share", "share", "ShareFeature", Permission.SHARE),
    "record": Entry("record", "record", "Record", Permission.RECORD),
    "appearance": Entry("appearance", "appearance", "Appearance", Permission.CONTROL),
    "privacy": Entry("privacy", "privacy", "Privacy", Permission.PRIVACY),
    "exec": Entry("exec", "exec", "Exec", Permission.SHELL),
    "shell": Entry("shell", "shell", "ShellFeature", Permission.SHELL),
    "sysinfo": Entry("sysinfo", "sysinfo", "Sysinfo", Permission.INFO),
    "logs": Entry("logs", "logs", "Logs", Permission.INFO),
    "manage": Entry("manage", "manage", "Manage", Permission.SHELL),
    "power": Entry("power", "power", "Power", Permission.POWER),
    "unattended": Entry("unattended", "unattended", "Enrolment", Permission.UNATTENDED),
    "agent-service": Entry("agent_service", "agent_service", "AgentService", Permission.UNATTENDED),
    "wake": Entry("wake", "wake", "Wake", Permission.POWER),
    "tunnel": Entry("tunnel", "tunnel", "Tunnel", Permission.TUNNEL),
}

# DISK has no channel: it widens what FILES reaches.
OFFERED: frozenset[Permission] = frozenset(
    {*(e.permission for e in FEATURES.values() if e.permission is not None), Permission.DISK}
)
