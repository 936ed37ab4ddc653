"""Mail: plain text over SMTP, encrypted and to a server that proves who it is.

A letter carries nothing about anybody: no name, no service, no reason, no time of a visit.
"""

import enum
import hashlib
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from core.errors import N_, BookingError
from core.settings import Settings

PATIENCE_SECONDS = 20.0
LONGEST_REASON = 200
PERMANENT = range(500, 600)


class Security(enum.StrEnum):
    TLS = "smtps"
    STARTTLS = "smtp"
    NONE = "smtp-plain"


PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}


class MailNotReady(BookingError):
    """The settings for mail do not go together."""

    code = "mail_not_ready"

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__()


class MailFailed(Exception):
    """It was not taken; ``permanent`` when it never will be."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        shown = "".join(each if each.isprintable() else " " for each in reason)
        super().__init__(shown[:LONGEST_REASON])
        self.permanent = permanent


@dataclass(frozen=True)
class MailServer:
    host: str
    port: int
    security: Security
    sender: Address
    username: str = ""
    password: str = field(default="", repr=False)
    patience_seconds: float = PATIENCE_SECONDS
    """How long any one answer of the server is waited for."""


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str


def is_configured(settings: Settings) -> bool:
    """Whether messages can be mailed."""
    try:
        server_of(settings)
    except MailNotReady:
        return False
    return True


def server_of(settings: Settings) -> MailServer:
    """The server to give mail to, or ``MailNotReady`` with the setting that is missing."""
    if settings.demo:
        raise MailNotReady(
            N_(
                "A demo sends no mail: its people are made up. Start without FRONTDESK_DEMO "
                "to send any."
            )
        )
    url = _split(settings.smtp_url)
    if url is None:
        raise MailNotReady(
            N_(
                "FRONTDESK_SMTP_URL names no mail server. Please write it like "
                "smtp://user:password@host."
            )
        )
    security = Security(url.scheme)
    if security is Security.NONE and url.username:
        raise MailNotReady(
            N_("FRONTDESK_SMTP_URL would send its password unencrypted: use smtp:// or smtps://.")
        )
    if not _is_address_of_ours(settings.public_url):
        raise MailNotReady(
            N_(
                "FRONTDESK_PUBLIC_URL is missing: please set what links in mail begin with, "
                "as in https://host."
            )
        )
    return MailServer(
        host=url.hostname or "",
        port=url.port or PORTS[security],
        security=security,
        sender=_sender(settings.mail_from),
        username=unquote(url.username or ""),
        password=unquote(url.password or ""),
    )


def compose(
    letter: Letter, *, to: str, dedupe: str, sender: Address, now: datetime
) -> EmailMessage:
    """The mail. The same occasion has the same Message-ID, however often it is tried.

    A line break in a subject or an address is refused, so that nobody writes headers of ours.
    """
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = sender
        mail["To"] = Address(addr_spec=to)
        mail["Subject"] = letter.subject
        to.encode("ascii")
    except (ValueError, IndexError) as error:
        raise MailFailed("The address cannot be written to.", permanent=True) from error
    mail["Date"] = now
    mail["Message-ID"] = message_id(dedupe, sender)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text)
    return mail


def message_id(dedupe: str, sender: Address) -> str:
    return f"<{hashlib.sha256(dedupe.encode()).hexdigest()[:32]}@{sender.domain}>"


def send(server: MailServer, mail: EmailMessage) -> None:
    """Give one mail to the server, or raise ``MailFailed``. Once it took it, it is sent."""
    try:
        smtp = _connect(server)
        try:
            smtp.send_message(mail)
        finally:
            # What goes wrong while parting says nothing about the mail.
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise _failed(code, said, permanent=code in PERMANENT) from error
    except smtplib.SMTPDataError as error:
        is_permanent = error.smtp_code in PERMANENT
        raise _failed(error.smtp_code, error.smtp_error, permanent=is_permanent) from error
    except smtplib.SMTPResponseException as error:  # the server itself, or our sign-in to it
        raise _failed(error.smtp_code, error.smtp_error) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailFailed(_why(error)) from error


def _connect(server: MailServer) -> smtplib.SMTP:
    """Connected, encrypted where that is asked for, and signed in."""
    patience, context = server.patience_seconds, ssl.create_default_context()
    if server.security is Security.TLS:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=patience, context=context
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=patience)
    try:
        if server.security is Security.STARTTLS:
            smtp.starttls(context=context)  # raises where the server has none
        if server.username:
            smtp.login(server.username, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _why(error: OSError | smtplib.SMTPException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return N_("The mail server could not prove who it is.")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return N_("The mail server does not encrypt.")
    if isinstance(error, (ConnectionError, TimeoutError, smtplib.SMTPServerDisconnected)):
        return N_("The mail server does not answer.")
    return f"{type(error).__name__}: {error}"


def _failed(code: int, said: bytes | str, *, permanent: bool = False) -> MailFailed:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return MailFailed(f"{code} {text}", permanent=permanent)


def _split(smtp_url: str) -> SplitResult | None:
    try:
        url = urlsplit(smtp_url)
        known = url.scheme in list(Security) and url.hostname and (url.port or 1)
    except ValueError:
        return None
    return url if known else None


def _is_address_of_ours(public_url: str) -> bool:
    try:
        url = urlsplit(public_url)
    except ValueError:
        return False
    return (
        url.scheme in ("http", "https") and bool(url.hostname) and not (url.query or url.fragment)
    )


def _sender(mail_from: str) -> Address:
    name, address = parseaddr(mail_from)
    try:
        sender = Address(name, addr_spec=address)
    except (ValueError, IndexError):
        sender = Address()
    if not sender.username or not sender.domain or not mail_from.isprintable():
        raise MailNotReady(
            N_(
                "FRONTDESK_MAIL_FROM is missing: please say who mail is from, as in "
                "desk@practice.example."
            )
        )
    return sender
