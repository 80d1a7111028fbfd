"""The way to the relay: which port, through which proxy, and what is said to that proxy.

The standard library alone: a downloaded agent fetches the rest of itself by these modules. `proxy`, `ports`,
`greeting`, `http`, `socks` and `words` are pure; `finding` looks at this computer's settings, `memory` keeps what
worked, `tunnel` (asyncio) and `fetching` (blocking) open sockets.
"""
