"""The same relay under TLS: a link, its limits, its goodbyes."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rs_relay.wire import closing, codec
from rs_relay.wire.limits import LINK_MESSAGE
from rs_relay.wire.messages import VERSION, AskSlot, Attach, Hello, Join, Joined, Knocked, Slot, Ticket
from tests.support.relay import Talker, running_relay


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay under test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_path, key_path


async def test_a_link_under_tls(certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    trust = ssl.create_default_context(cafile=str(cert))
    async with running_relay(tls_cert=cert, tls_key=key) as relay:
        assert relay.url.startswith("wss://")

        async def talker(path: str) -> Talker:
            return Talker(
                await websockets.connect(relay.url + path, ssl=trust, proxy=None, compression=None, max_size=2**22)
            )

        host, control = await talker("/host"), await talker("/control")
        await host.enter(Hello(VERSION, "a" * 32, "b" * 64))
        await control.enter(Hello(VERSION))
        slot = await host.ask(AskSlot(1), Slot)
        ticket = await control.ask(Join(1, slot.slot), Ticket)
        knocked = await host.hear(Knocked)
        one, two = await talker("/link"), await talker("/link")
        await one.connection.send(codec.encode(Attach(ticket.ticket)))
        await one.connection.send(b"early")
        await two.connection.send(codec.encode(Attach(knocked.ticket)))
        await one.hear(Joined)
        await two.hear(Joined)
        assert await two.connection.recv() == b"early"
        for n in range(20):
            await two.connection.send(bytes([n]) * LINK_MESSAGE)
            assert await one.connection.recv() == bytes([n]) * LINK_MESSAGE
        await one.connection.send(b"x" * (LINK_MESSAGE + 1))
        assert await one.closed() == closing.TOO_BIG
        assert await two.closed() == closing.GONE
        await host.connection.close()
        await control.connection.send("garbage")
        assert await control.closed() == closing.POLICY


async def test_plaintext_to_a_tls_port_gets_nothing(certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    async with running_relay(tls_cert=cert, tls_key=key) as relay:
        with pytest.raises((websockets.InvalidHandshake, OSError, EOFError)):
            await websockets.connect(relay.url.replace("wss", "ws") + "/host", proxy=None, open_timeout=5)
