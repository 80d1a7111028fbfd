"""Bytes <-> messages of the outer protocol. The size is checked before anything is parsed."""

from __future__ import annotations

import msgspec

from rs_relay.errors import PeerBroke
from rs_relay.wire.limits import CONTROL_MESSAGE
from rs_relay.wire.messages import FromClient, FromRelay

_encoder = msgspec.json.Encoder()
_from_client: msgspec.json.Decoder[FromClient] = msgspec.json.Decoder(FromClient)
_from_relay: msgspec.json.Decoder[FromRelay] = msgspec.json.Decoder(FromRelay)


def encode(message: FromClient | FromRelay) -> str:
    return _encoder.encode(message).decode()


def decode_from_client(data: str | bytes) -> FromClient:
    """Raises PeerBroke for anything but one message of the protocol."""
    _check(data)
    try:
        return _from_client.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PeerBroke("The relay was sent a message that does not follow its protocol.") from e


def decode_from_relay(data: str | bytes) -> FromRelay:
    """Raises PeerBroke for anything but one message of the protocol."""
    _check(data)
    try:
        return _from_relay.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PeerBroke("The relay sent a message that does not follow its protocol.") from e


def _check(data: str | bytes) -> None:
    if len(data) > CONTROL_MESSAGE:
        raise PeerBroke("A message to or from the relay was larger than the protocol allows.")
