"""Which relay to use, and the technician's token for each: one file, 0600, in the config directory.

A relay is named by its websocket address. `wss://` everywhere; plain `ws://` only on this very computer, where
nobody is between the two ends. RS_RELAY chooses another relay for one command; a token never comes from the
environment or the command line, since other users of the machine can read both.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec

from rs_cli.state.private import config_dir, read_private, write_private
from rs_relay.errors import LocalProblem, SignInNeeded, UsageError

FILE = "relays.json"
EXAMPLE = "Write it like wss://relay.example.org or wss://relay.example.org:8200."


class Relay(msgspec.Struct, frozen=True):
    url: str
    token: str  # '' for a relay that is open to everyone on this computer
    name: str = ""  # the technician's account there
    proxy: str = ""  # on the way to it: an address, 'direct', or '' for what this computer's settings say

    def __repr__(self) -> str:
        return f"Relay({self.url!r}, name={self.name!r})"


class Config(msgspec.Struct, frozen=True):
    current: str = ""  # the address that is used when nothing else is said
    relays: dict[str, Relay] = {}

    def relay(self, url: str | None = None) -> Relay:
        """The relay of that address, or the current one. Raises SignInNeeded when none is known."""
        wanted = url or self.current
        if not wanted:
            raise SignInNeeded("No relay is set up on this computer.")
        found = self.relays.get(wanted)
        if found:
            return found
        # A relay on this computer may be an open one (a demonstration, a test): it says itself if it wants a token.
        return Relay(wanted, "")

    def with_relay(self, relay: Relay) -> Config:
        return Config(relay.url, {**self.relays, relay.url: relay})

    def without(self, url: str) -> Config:
        left = {known: relay for known, relay in self.relays.items() if known != url}
        current = self.current if self.current != url else next(iter(left), "")
        return Config(current, left)


def load() -> Config:
    """What is on disk, with RS_RELAY as the current relay where it is set."""
    config = stored()
    chosen = os.environ.get("RS_RELAY")
    return Config(check_url(chosen), config.relays) if chosen else config


def save(config: Config) -> None:
    write_private(config_dir() / FILE, msgspec.json.format(msgspec.json.encode(config)))


def stored() -> Config:
    """What is on disk, whatever RS_RELAY says: the copy to change and save."""
    data = read_private(config_dir() / FILE)
    return Config() if data is None else _decode(data)


def path() -> Path:
    return config_dir() / FILE


def check_url(text: str) -> str:
    """The one spelling of a relay's address. Raises UsageError for one that cannot be used or is not safe."""
    parts = _split(text.strip())
    host = parts.hostname or ""
    if not host or parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("That is not a relay's address.", EXAMPLE)
    if parts.scheme == "ws" and not is_loopback(host):
        raise UsageError(
            "That relay would be reached without encryption, and the token could be read on the way.",
            f"Use wss://{host} (plain ws:// is only for a relay on this computer).",
        )
    return f"{parts.scheme}://{_netloc(parts)}{parts.path.rstrip('/')}"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(text: str) -> SplitResult:
    swapped = {"https://": "wss://", "http://": "ws://"}
    for browser, socket in swapped.items():
        if text.lower().startswith(browser):
            text = socket + text[len(browser) :]
    if "://" not in text:
        text = f"wss://{text}"
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for a port that is none
    except ValueError:
        raise UsageError("That is not a relay's address.", EXAMPLE) from None
    if parts.scheme not in ("ws", "wss"):
        raise UsageError(f"A relay is not reached by {parts.scheme}://.", EXAMPLE)
    return parts


def _netloc(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    default = {"ws": 80, "wss": 443}[parts.scheme]
    return host if parts.port in (None, default) else f"{host}:{parts.port}"


def _decode(data: bytes) -> Config:
    try:
        return msgspec.json.decode(data, type=Config)
    except msgspec.DecodeError as e:
        raise LocalProblem(f"{path()} is damaged.", "Delete it and run `rs login URL` again.") from e
