"""A real mail server on this machine: ``with postman.serving() as postman:``.

It keeps what it was given, with the envelope it came in, and refuses what it is told to.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.mail import MailServer, Security

USERNAME, PASSWORD = "desk", "letters & stamps"
DESK = Address("Rua Nova Practice", "desk", "practice.example")


@dataclass
class Postman:
    """Who takes the mail, and what they were given."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Addresses, and what is answered to them."""
    refuses_all: str = ""
    """What is answered to a whole mail, where it is refused."""
    hangs_at_the_end: bool = False
    on_mail: Callable[[], object] = lambda: None
    """Done when a mail is taken, before the sender hears of it."""
    signed_in: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if answer := self.refused.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuses_all:
            return self.refuses_all
        with self.lock:
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.encrypted.append(session.ssl is not None or server.transport_is_tls)
        self.on_mail()
        return "250 OK"

    def server(self, security: Security = Security.NONE, **values: Any) -> MailServer:
        return MailServer("localhost", self.port, security, DESK, **values)

    @property
    def subjects(self) -> list[str]:
        return [each["Subject"] for each in self.mails]


@contextmanager
def serving(
    *, security: Security = Security.NONE, certificate: Path | None = None, auth: bool = False
) -> Iterator[Postman]:
    """A server on a free port, until the block ends."""
    postman = Postman()

    class Server(SMTP):
        transport_is_tls = security is Security.TLS

        async def smtp_QUIT(self, argument: str) -> None:  # noqa: N802
            if postman.hangs_at_the_end:
                await asyncio.sleep(30)
            await super().smtp_QUIT(argument)

    class Doorway(Controller):
        def factory(self) -> SMTP:
            return Server(self.handler, **self.SMTP_kwargs)

    def sign_in(_server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
        known = (data.login, data.password) == (USERNAME.encode(), PASSWORD.encode())
        postman.signed_in.append(data.login.decode())
        return AuthResult(success=known, handled=False)

    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    with socket.create_server(("localhost", 0)) as free:
        postman.port = free.getsockname()[1]
    options: dict[str, Any] = {"hostname": "localhost", "port": postman.port}
    if auth:
        options |= {"authenticator": sign_in, "auth_required": True}
    if security is Security.STARTTLS:
        options |= {"tls_context": tls, "require_starttls": True}
    elif security is Security.TLS:
        options |= {"ssl_context": tls}
    doorway = Doorway(postman, **options)
    doorway.start()
    try:
        yield postman
    finally:
        doorway.stop(no_assert=True)


def make_certificate(folder: Path, *names: str) -> Path:
    """A certificate and its key in one file, for these names, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test postman")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "postman.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
