"""The environment, read once into a frozen value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"


@dataclass(frozen=True)
class Settings:
    database_url: str
    demo: bool
    trusted_proxies: tuple[str, ...]
    """Addresses whose ``X-Forwarded-Proto`` is believed when cookies are made Secure."""


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    return Settings(
        database_url=environ.get("FRONTDESK_DATABASE_URL") or f"sqlite:///{DATA / 'frontdesk.db'}",
        demo=environ.get("FRONTDESK_DEMO") == "1",
        trusted_proxies=tuple(
            each.strip()
            for each in environ.get("FRONTDESK_TRUSTED_PROXIES", "").split(",")
            if each.strip()
        ),
    )
