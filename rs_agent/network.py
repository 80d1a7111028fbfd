"""The addresses of this computer's own network cards."""

from __future__ import annotations

import re

_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
NOBODY = "00:00:00:00:00:00"


def macs() -> tuple[str, ...]:
    """aa:bb:cc:dd:ee:ff of each card that is up or could be woken, in order of their names; a loopback has none."""
    import psutil  # 15 ms that an agent need not pay at its start

    found = []
    for _, addresses in sorted(psutil.net_if_addrs().items()):
        for address in addresses:
            mac = address.address.lower().replace("-", ":")
            if address.family == psutil.AF_LINK and _MAC.fullmatch(mac) and mac != NOBODY:
                found.append(mac)
    return tuple(dict.fromkeys(found))
