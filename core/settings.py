"""The environment, read once into a frozen value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"


@dataclass(frozen=True)
class Settings:
    database_url: str
    demo: bool
    trusted_proxies: tuple[str, ...]
    """Addresses whose ``X-Forwarded-Proto`` is believed when cookies are made Secure."""
    smtp_url: str = field(default="", repr=False)
    """Whom mail is given to: ``smtps://user:password@host`` for TLS from the start (port 465),
    ``smtp://user:password@host`` for STARTTLS (port 587). Either way the certificate must be
    good. ``smtp-plain://host`` (port 25) is for a server on the same machine or network: nothing
    is encrypted, and no password is sent. Empty: nothing is mailed."""
    mail_from: str = ""
    """Who it is from: ``Rua Nova Practice <desk@practice.example>``."""
    public_url: str = ""
    """Where people open Frontdesk, as in ``https://desk.example.org``. Links in messages begin
    with it, and never with what a request claims to have asked for."""
    allow_http: bool = False
    """Whether others may come in without https: in a house whose network is trusted."""
    company_sign_in: bool = False
    """Whether people may sign in with their company's account, as ``.streamlit/secrets.toml``
    describes it."""
    backup_key: str = field(default="", repr=False)
    """With it backups are encrypted, and can be restored by nobody who lacks it."""
    erasures: str = ""
    """Where the list of erased patients is kept; empty: beside the database."""


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    return Settings(
        database_url=environ.get("FRONTDESK_DATABASE_URL") or f"sqlite:///{DATA / 'frontdesk.db'}",
        demo=environ.get("FRONTDESK_DEMO") == "1",
        trusted_proxies=tuple(
            each.strip()
            for each in environ.get("FRONTDESK_TRUSTED_PROXIES", "").split(",")
            if each.strip()
        ),
        smtp_url=environ.get("FRONTDESK_SMTP_URL", ""),
        mail_from=environ.get("FRONTDESK_MAIL_FROM", ""),
        public_url=environ.get("FRONTDESK_PUBLIC_URL", "").strip().rstrip("/"),
        backup_key=environ.get("FRONTDESK_BACKUP_KEY", ""),
        erasures=environ.get("FRONTDESK_ERASURES", ""),
        allow_http=environ.get("FRONTDESK_ALLOW_HTTP") == "1",
        company_sign_in=environ.get("FRONTDESK_COMPANY_SIGN_IN") == "1",
    )
