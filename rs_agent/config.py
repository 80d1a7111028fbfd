"""What the agent was told, read once: options, then the environment, then `agent.toml`, then the defaults.

relay = "wss://help.example.org"
name = "Front desk"
folder = "~/Downloads/rs"
allow = ["view"]
journal = true
forbid = ["shell"]
brakes = true
proxy = "http://proxy.example.org:3128"

What is forbidden is never asked for, whatever else is set. An administrator says so for everybody in the system's own
`agent.toml` (below /etc/xdg/rs on Linux), of which nothing else is read but `brakes`, where false in either takes them
off, and `proxy`, which a user's own goes before.
"""

from __future__ import annotations

import os
import platform
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from rs_agent.language import _
from rs_relay.errors import LocalProblem, UsageError
from rs_relay.link.spec import Permission
from rs_relay.wire.limits import NAME

DEFAULT_RELAY = "ws://127.0.0.1:8200"
FILE = "agent.toml"


class Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`agent.toml`, all of it optional."""

    relay: str = ""
    name: str = ""
    folder: str = ""
    allow: tuple[str, ...] = ()
    journal: bool = True
    forbid: tuple[str, ...] = ()
    brakes: bool = True
    proxy: str = ""


@dataclass(frozen=True)
class Config:
    relay: str
    name: str  # what this computer calls itself to the technician
    folder: Path  # where received files go
    allow: frozenset[Permission]  # granted beforehand, by the customer's own choice
    desktop: str  # 'auto', 'x11', 'headless'
    journal: bool
    keep: bool  # wait for the next session after one has ended
    state: Path
    forbid: frozenset[Permission] = frozenset()  # never granted
    brakes: bool = True  # see `rs_agent.brakes`
    console: bool = False  # no window, also where there could be one
    proxy: str = field(default="", repr=False)  # to the relay; it may hold a password. '': as the system says


def read(options: Mapping[str, Any], environ: Mapping[str, str] = os.environ, system: Path | None = None) -> Config:
    """`options`: relay, proxy, name, folder, allow, desktop, journal, keep; None where not given. `system`: the
    folder of the system's own settings. Raises RsError."""
    stored = _stored(config_folder(environ) / FILE)
    system = system or Path(platformdirs.site_config_dir("rs", appauthor=False))
    everybodys = _stored(system / FILE)
    forbid = permissions((*stored.forbid, *everybodys.forbid))
    allow = permissions(_split(options.get("allow")) or stored.allow)
    if forbid & allow:
        raise UsageError(_("What is forbidden on this computer cannot be allowed."), ", ".join(sorted(forbid & allow)))
    journal = options.get("journal")
    return Config(
        relay=options.get("relay") or environ.get("RS_RELAY") or stored.relay or DEFAULT_RELAY,
        name=(options.get("name") or stored.name or platform.node() or "?")[:NAME],
        folder=Path(options.get("folder") or stored.folder or "~/Downloads/rs").expanduser().absolute(),
        allow=allow,
        desktop=options.get("desktop") or "auto",
        journal=stored.journal if journal is None else bool(journal),
        keep=bool(options.get("keep")),
        state=state_folder(environ),
        forbid=forbid,
        brakes=stored.brakes and everybodys.brakes,
        console=bool(options.get("console")),
        proxy=_proxy(options.get("proxy")) or stored.proxy or everybodys.proxy,
    )


def config_folder(environ: Mapping[str, str] = os.environ) -> Path:
    return Path(environ.get("RS_CONFIG_DIR") or platformdirs.user_config_dir("rs", appauthor=False))


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    return Path(environ.get("RS_STATE_DIR") or platformdirs.user_state_dir("rs", appauthor=False))


def permissions(names: Iterable[str]) -> frozenset[Permission]:
    """Raises UsageError for a name that is no permission."""
    try:
        return frozenset(Permission(name) for name in names)
    except ValueError as e:
        known = ", ".join(Permission)
        raise UsageError(_("--allow was given something that is not a permission."), known) from e


def _proxy(option: str | None) -> str:
    """What other users of this computer can read is no place for a password. Raises UsageError."""
    if option and ":" in option.rpartition("@")[0].partition("//")[2]:
        raise UsageError(
            _("A proxy's password must not stand on the command line: others on this computer can read it there."),
            _('Write it into agent.toml: proxy = "http://NAME:PASSWORD@HOST:PORT"'),
        )
    return option or ""


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in (text or "").split(",") if part.strip())


def _stored(file: Path) -> Stored:
    try:
        text = file.read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        return Stored()
    except (OSError, UnicodeDecodeError) as e:
        raise LocalProblem(_("The settings file agent.toml cannot be read."), str(file)) from e
    try:
        return msgspec.convert(tomllib.loads(text), Stored)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as e:
        raise UsageError(_("The settings file agent.toml is not right."), f"{file}: {e}") from e
