"""The handshake with a device over a socket: `visit` at the technician's, `let_in` at the device's.

Apart from `dial`, so that a program which visits no device loads nothing of it.
"""

from __future__ import annotations

import asyncio

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rs_relay.errors import ConnectionLost, PeerBroke, RsError, Unreachable, WrongCode
from rs_relay.link.dial import SHAKE_TIMEOUT
from rs_relay.link.handshake import Abort, Opened, WrongSecret
from rs_relay.link.unattended import Device, Known, NotNow, Unfair, Visitor, WrongDevice, reply
from rs_relay.link.websocket import RecordSocket


async def visit(
    socket: RecordSocket, access_code: str, link: str, name: str, me: Ed25519PrivateKey, pin: bytes
) -> Opened:
    """The technician at a device whose key must be `pin`. The code is used only once that is sure.

    Raises WrongCode, PeerBroke for another device, Unreachable while the device looks at no code."""
    run = Visitor(bytes.fromhex(link), name, me, pin)
    try:
        await socket.send(run.start())
        run.meet(await _next(socket))
        await socket.send(await asyncio.to_thread(run.prove, access_code))
        run.finish(await _next(socket))
    except BaseException as e:
        socket.abort()
        if isinstance(e, Abort | OSError | TimeoutError):
            raise _worded(e) from e
        raise
    if run.opened is None:
        raise PeerBroke("The device did not finish the handshake.")
    return run.opened


async def let_in(socket: RecordSocket, run: Device) -> tuple[Opened, Known]:
    """The device. Raises the run's own Abort after the technician has been told, ConnectionLost when they went away."""
    try:
        for _ in range(2):
            await socket.send(await _answer(socket, run))
    except Abort:
        raise
    except BaseException as e:
        socket.abort()
        if isinstance(e, OSError | TimeoutError):
            raise ConnectionLost("The connection was lost before it was secure.") from e
        raise
    if run.opened is None or run.known is None:
        raise PeerBroke("The technician's end did not finish the handshake.")
    return run.opened, run.known


async def _answer(socket: RecordSocket, run: Device) -> bytes:
    data = await _next(socket)
    try:
        return run.receive(data)
    except Abort as e:
        await socket.send(reply(e))
        await socket.close()
        raise


async def _next(socket: RecordSocket) -> bytes:
    async with asyncio.timeout(SHAKE_TIMEOUT):
        return await socket.receive()


def _worded(error: Exception | BaseException) -> RsError:
    match error:
        case NotNow(seconds=seconds):
            return Unreachable(
                f"Too many wrong access codes were tried: the device looks at the next one in {_span(seconds)}.",
                "Its owner is told of each try.",
            )
        case WrongDevice():
            return PeerBroke(
                "Another device answers in its place: its key is not the one you know. Nothing was sent to it.",
                "If it was really set up anew, `rs devices remove` it and enrol it again.",
            )
        case Unfair():
            return PeerBroke("The device asks this computer for more work than an access code may take.")
        case WrongSecret():
            return WrongCode(
                "The access code is wrong, or the device does not know you.",
                "A forgotten code is set anew at the device: `rs-agent unattended reset-code`.",
            )
        case Abort():
            return Unreachable("The two ends could not agree on a secure connection.", "Try again.")
    return ConnectionLost("The connection was lost before it was secure.", "Try again.")


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 100 else f"{round(seconds / 60)} min"
