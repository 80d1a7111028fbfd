"""The numbers of the outer protocol, each with its reason."""

from __future__ import annotations

# A control message holds a few short strings; 4 KiB lets a Who carry 20 doors and bounds what a stranger can make
# the relay parse.
CONTROL_MESSAGE = 4 * 1024

# One record of the link: 256 KiB of plaintext, 29 bytes of record header and tag, and room for one inner frame header.
# 64 KiB records cost a quarter more CPU per byte in both ends (one pass through asyncio and the websocket code each).
LINK_MESSAGE = 256 * 1024 + 64

# The names that strangers choose are shown to people: longer ones are cut by honest programs and refused by the relay.
NAME = 64

# A device's tags and group are a person's own words, in a list that must fit in control messages.
TAGS = 8
TAG = 32
