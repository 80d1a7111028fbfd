"""Why there was no way through, and what a person is told of it: constant sentences, which the agent translates.

Law: no address, name or password stands in any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Why(IntEnum):
    """In the order of how little each tells: of several tries that failed, the one that tells most is told."""

    UNREACHABLE = 0
    NO_NAME = 1
    NO_TLS = 2
    CERTIFICATE_NAME = 3
    CERTIFICATE = 4
    INSPECTED = 5
    PROXY_BROKE = 6
    PROXY_CANNOT = 7
    PROXY_FORBIDS = 8
    PROXY_AWAY = 9
    SCRIPT = 10
    LOGIN_PAGE = 11
    NOT_KNOWN_HOW = 12
    WRONG_NAME = 13
    WANTS_NAME = 14


_WHERE = "Write them into the setting `proxy`, as http://NAME:PASSWORD@HOST:PORT (agent.toml; `rs login --proxy` asks)."

WORDS: Mapping[Why, tuple[str, str]] = {
    Why.UNREACHABLE: (
        "The relay cannot be reached.",
        "Check the network and the relay's address, then try again.",
    ),
    Why.NO_NAME: (
        "The relay's name is not known in this network.",
        "Check the address, and whether this computer is in a network at all.",
    ),
    Why.NO_TLS: (
        "What answers at the relay's port does not speak TLS.",
        "Check the relay's address and port.",
    ),
    Why.CERTIFICATE_NAME: (
        "The relay's certificate is not valid for its address.",
        "Check the address.",
    ),
    Why.CERTIFICATE: (
        "The relay's certificate has expired, or is not valid yet.",
        "Check this computer's clock; if it is right, tell whoever runs the relay.",
    ),
    Why.INSPECTED: (
        "The relay's certificate comes from nobody that this computer trusts: a proxy or a guard looks into it.",
        "Have the network let the relay through unopened, or name the network's own root certificate in SSL_CERT_FILE.",
    ),
    Why.PROXY_BROKE: (
        "What stands as this network's proxy does not speak as one.",
        "Check the proxy's settings: its kind (http, socks5), host and port.",
    ),
    Why.PROXY_CANNOT: (
        "The proxy of this network cannot reach the relay.",
        "Check the relay's address; if it is right, tell the network's administrator.",
    ),
    Why.PROXY_FORBIDS: (
        "The proxy of this network does not let the relay through.",
        "Ask the network's administrator to allow the relay's host, at port 443, 8200 or 80.",
    ),
    Why.PROXY_AWAY: (
        "The proxy of this network cannot be reached.",
        "Check the proxy's settings.",
    ),
    Why.SCRIPT: (
        "This computer finds its proxy by a script (PAC or WPAD), which rs cannot read, and there is no way without.",
        "Ask the network's administrator for the proxy's host and port, and write them into the setting `proxy`.",
    ),
    Why.LOGIN_PAGE: (
        "A web page answers in the relay's place: mostly the log-in page of a guest network.",
        "Open any page in a web browser and log in if it asks you, then try again; else check the relay's address.",
    ),
    Why.NOT_KNOWN_HOW: (
        "The proxy of this network wants a log-in of a kind that rs does not know (NTLM or Kerberos).",
        "Ask the network's administrator to let the relay through without a log-in, or with Basic or Digest.",
    ),
    Why.WRONG_NAME: ("The proxy of this network does not accept the name and password.", _WHERE),
    Why.WANTS_NAME: ("The proxy of this network wants a name and a password.", _WHERE),
}  # fmt: skip


class Closed(OSError):
    """There is no way through here."""

    def __init__(self, why: Why) -> None:
        self.why = why
        self.sentence, self.hint = WORDS[why]
        super().__init__(self.sentence)
