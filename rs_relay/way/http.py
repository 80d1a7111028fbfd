"""HTTP's CONNECT (RFC 9110, 9.3.6) with Basic (RFC 7617) and Digest (RFC 7616). Pure.

Nothing of a name or password is said before the proxy asks for it; where it offers Digest, the password does not go
over the line at all. An answer is given on a new connection: many proxies close the one that they refused.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Generator
from dataclasses import dataclass

from .proxy import Proxy
from .step import HEAD, Step
from .words import Closed, Why

HASHES: dict[str, Callable[[bytes], str]] = {
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}
REDIRECTS = (301, 302, 303, 307, 308)
_STATUS = re.compile(r"HTTP/1\.[01] (\d{3})(?: |$)")
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PART = re.compile(rf'({_TOKEN})(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,]+))?(?:\s*,\s*|\s+|$)')


@dataclass(frozen=True)
class Head:
    status: int
    fields: tuple[tuple[str, str], ...]  # names in lower case

    def every(self, name: str) -> list[str]:
        return [value for known, value in self.fields if known == name]

    def one(self, name: str) -> str:
        return next(iter(self.every(name)), "")


def head(data: bytes) -> Head:
    """Raises Closed for what is none."""
    first, *lines = data.decode("latin-1").split("\r\n")
    found = _STATUS.match(first)
    if not found:
        raise Closed(Why.PROXY_BROKE)
    fields = [line.partition(":") for line in lines if ":" in line]
    return Head(int(found.group(1)), tuple((name.strip().lower(), value.strip()) for name, _, value in fields))


def connect(proxy: Proxy, host: str, port: int) -> Generator[Step, bytes, None]:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    answer = head((yield Step(_request(place, ""), HEAD)))
    if answer.status == 407:
        said = authorization(answer.every("proxy-authenticate"), proxy, place)
        answer = head((yield Step(_request(place, said), HEAD, anew=True)))
        if answer.status in (401, 407):  # tinyproxy says 401
            raise Closed(Why.WRONG_NAME)
    if answer.status != 200:
        raise Closed(_why(answer))


def _request(place: str, authorization: str) -> bytes:
    said = f"Proxy-Authorization: {authorization}\r\n" if authorization else ""
    return f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{said}\r\n".encode()


def _why(answer: Head) -> Why:
    if is_page(answer.status, answer.one("content-type"), answer.one("location")):
        return Why.LOGIN_PAGE
    if 500 <= answer.status < 600:
        return Why.PROXY_CANNOT
    return Why.PROXY_FORBIDS


def is_page(status: int, kind: str, location: str) -> bool:
    """Whether that is the answer of a network that wants its user to log in first (511: RFC 6585)."""
    if status == 511 or (status in REDIRECTS and location):
        return True
    return status == 200 and kind.lower().startswith(("text/html", "application/xhtml"))


def authorization(challenges: list[str], proxy: Proxy, place: str, nonce: str = "") -> str:
    """The answer to the best of the challenges; `nonce` is the client's own. Raises Closed."""
    offered = [each for text in challenges for each in challenge(text)]
    for scheme, said in sorted(offered, key=lambda each: (each[0] != "digest", _weaker(each[1]))):
        if scheme == "digest" and _known(said):
            return digest(said, _named(proxy), place, nonce or secrets.token_hex(16))
        if scheme == "basic":
            named = _named(proxy)
            return "Basic " + base64.b64encode(f"{named.user}:{named.password}".encode()).decode()
    raise Closed(Why.NOT_KNOWN_HOW if offered else Why.PROXY_BROKE)


def _weaker(said: dict[str, str]) -> bool:
    return not said.get("algorithm", "").upper().startswith("SHA-256")


def _known(said: dict[str, str]) -> bool:
    qop = [each.strip().lower() for each in said.get("qop", "auth").split(",")]
    return said.get("algorithm", "MD5").upper().removesuffix("-SESS") in HASHES and "nonce" in said and "auth" in qop


def _named(proxy: Proxy) -> Proxy:
    if not proxy.user:
        raise Closed(Why.WANTS_NAME)
    return proxy


def challenge(text: str) -> list[tuple[str, dict[str, str]]]:
    """(scheme, what it says) of each challenge in one header field. A word without `=` begins a new one."""
    found: list[tuple[str, dict[str, str]]] = []
    for name, value in _PART.findall(text):
        if not value:
            found.append((name.lower(), {}))
        elif found:
            plain = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
            found[-1][1][name.lower()] = plain
    return found


def digest(said: dict[str, str], proxy: Proxy, place: str, nonce: str) -> str:
    """RFC 7616, 3.4: the first and only use of the proxy's nonce, so its count is 1."""
    named = said.get("algorithm", "MD5").upper()
    hashed = HASHES[named.removesuffix("-SESS")]
    realm, theirs = said.get("realm", ""), said["nonce"]
    secret = hashed(f"{proxy.user}:{realm}:{proxy.password}".encode())
    if named.endswith("-SESS"):
        secret = hashed(f"{secret}:{theirs}:{nonce}".encode())
    asked = hashed(f"CONNECT:{place}".encode())
    parts = {"username": proxy.user, "realm": realm, "nonce": theirs, "uri": place}
    plain = {}
    if "qop" in said:
        plain = {"qop": "auth", "nc": "00000001"}
        parts["cnonce"] = nonce
        parts["response"] = hashed(f"{secret}:{theirs}:00000001:{nonce}:auth:{asked}".encode())
    else:  # RFC 2069: proxies from before 1999
        parts["response"] = hashed(f"{secret}:{theirs}:{asked}".encode())
    if "opaque" in said:
        parts["opaque"] = said["opaque"]
    if "algorithm" in said:
        plain["algorithm"] = said["algorithm"]
    quoted = [f'{name}="{_quoted(value)}"' for name, value in parts.items()]
    return "Digest " + ", ".join([*quoted, *(f"{name}={value}" for name, value in plain.items())])


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
