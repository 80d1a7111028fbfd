"""How pixels become bytes, and back: encode and decode side by side, one module a codec.

A codec of *regions* joins by a line in `REGIONS`; `exact` is no such codec: it is what all else falls back to.
"""

from __future__ import annotations

from collections.abc import Callable

from rs_relay.channels.screen.codecs import jpeg
from rs_relay.channels.screen.tiles import Pixels

# Name on the wire -> decode(data, width, height); raises PeerBroke.
REGIONS: dict[str, Callable[[bytes, int, int], Pixels]] = {jpeg.NAME: jpeg.decode}
NAMES: tuple[str, ...] = tuple(REGIONS)
