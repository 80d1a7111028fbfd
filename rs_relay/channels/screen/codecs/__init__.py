"""How pixels become bytes, and back: encode and decode side by side, one module a codec.

A codec of *regions* joins by a line in `REGIONS`, one of *films* by a line in `FILMS`; `exact` and the shades of
`depth` are neither: the one is what all else falls back to, the other what a slow line begins with.
"""

from __future__ import annotations

from collections.abc import Callable

from rs_relay.channels.screen.codecs import depth, film, halved, jpeg, stills
from rs_relay.channels.screen.tiles import Pixels

# Name on the wire -> decode(data, width, height); raises PeerBroke.
REGIONS: dict[str, Callable[[bytes, int, int], Pixels]] = {
    jpeg.NAME: jpeg.decode,
    halved.NAME: halved.decode,
}
# Name on the wire -> the decoder of one stream, made with (width, height).
FILMS: dict[str, type[film.Decoder] | type[stills.Decoder]] = {stills.NAME: stills.Decoder}
if film.usable():
    FILMS[film.NAME] = film.Decoder
NAMES: tuple[str, ...] = (*REGIONS, *FILMS, depth.NAME)
# For who wants a picture now and then, or holds keys: no video decoder is needed, nor should one be let in.
PLAIN: tuple[str, ...] = (*REGIONS, depth.NAME)
