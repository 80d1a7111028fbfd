"""The page of a relay's where a customer gets the agent, as a link that has their code in it."""

from __future__ import annotations

import re


def join_link(relay: str, spoken: str) -> str:
    """`relay`: ws(s)://…; `spoken`: the code. What stands behind the # stays in the customer's browser."""
    return f"{re.sub('^ws', 'http', relay).rstrip('/')}/join#{spoken}"
