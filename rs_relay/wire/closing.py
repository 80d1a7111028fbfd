"""The websocket close codes of the outer protocol. 1000 to 1015 mean what RFC 6455 says; ours start at 4000."""

from __future__ import annotations

NORMAL = 1000
PROTOCOL_ERROR = 1002
NOT_BINARY = 1003  # a text message where only binary ones pass
POLICY = 1008  # a message that does not follow the protocol, or too many of them
TOO_BIG = 1009
RESTARTING = 1012

REPLACED = 4002  # the same host came back on another socket
REVOKED = 4003  # the technician's token is no longer valid
NOT_ADMITTED = 4004  # the ticket, or the way into a host's place, was refused; a Refused says why
STUCK = 4008  # what was sent to this end was not read for too long
GONE = 4009  # the other end of the link went away without a word
