"""Whether Frontdesk may be opened to visitors the way it was started.

Streamlit reads ``.streamlit/config.toml`` from the directory it is started in. Started from
elsewhere it would run with its own defaults: details of errors on screen, telemetry, every
address of the machine.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import make_url
from streamlit import config

from core.errors import N_, BookingError
from core.settings import Settings
from dashboard.i18n import _
from dashboard.web import company
from dashboard.web.owner import HEADER

MUST_BE: Mapping[str, object] = {
    "client.showErrorDetails": "none",
    "client.disableDataExport": True,
    "client.toolbarMode": "minimal",
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.scriptHealthCheckEnabled": False,
    "server.trustedUserHeaders": {HEADER: "owner"},
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": False,
    "runner.magicEnabled": False,
    "global.developmentMode": False,
}
AT_MOST: Mapping[str, int] = {
    "server.maxUploadSize": 50,
    "server.maxMessageSize": 50,
    "server.maxWidgetStateSize": 5,
}
PRIVATE = 0o600


class NotSafeToStart(BookingError):
    """Everything that stands in the way at once, each with what to do."""

    code = "not_safe_to_start"
    message = N_("Frontdesk does not start like this:")

    def __init__(self, *faults: str) -> None:
        super().__init__()
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join((_(self.message), *(f"- {fault}" for fault in self.faults)))


def check(configured: Settings) -> None:
    """``NotSafeToStart`` unless Streamlit's settings and ours go together safely."""
    faults = (*_loose_options(), *_open_doors(configured), *company.faults(configured))
    if faults:
        raise NotSafeToStart(*faults)


def _loose_options() -> Iterator[str]:
    loose = [name for name, value in MUST_BE.items() if config.get_option(name) != value]
    loose += [name for name, most in AT_MOST.items() if not config.get_option(name) <= most]
    if loose:
        yield _(
            "These options of Streamlit are not as .streamlit/config.toml has them: {names}. "
            "Start Frontdesk from its own directory, and leave them as they are there."
        ).format(names=", ".join(loose))


def _open_doors(configured: Settings) -> Iterator[str]:
    address = config.get_option("server.address")
    is_behind_proxy = bool(configured.trusted_proxies)
    is_public = not is_loopback(address) or is_behind_proxy
    if is_public and not configured.public_url:
        yield _(
            "Others can reach it, but not under which address. Set FRONTDESK_PUBLIC_URL to the "
            "one people open, such as https://desk.example.org."
        )
    if configured.smtp_url and not configured.public_url:
        yield _(
            "Mail is set up, but not where its links lead. Set FRONTDESK_PUBLIC_URL to the "
            "address people open, or leave FRONTDESK_SMTP_URL out."
        )
    if is_public and configured.demo:
        yield _(
            "Others can reach the demo, whose passwords stand on its first page. "
            "Start it without FRONTDESK_DEMO."
        )
    is_https = configured.public_url.startswith("https://")
    has_tls = is_behind_proxy or bool(config.get_option("server.sslCertFile"))
    if is_public and not configured.allow_http and not (is_https and has_tls):
        yield _(
            "Others can reach it without https. Put a web server with TLS in front, name that "
            "one's address in FRONTDESK_TRUSTED_PROXIES and an https:// address in "
            "FRONTDESK_PUBLIC_URL, and leave server.address at 127.0.0.1. On a network where "
            "nobody can listen, FRONTDESK_ALLOW_HTTP=1 does without."
        )


def is_loopback(address: str | None) -> bool:
    """Whether only this machine can knock; no address at all means every address."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def close_files(database_url: str) -> None:
    """Nobody but the server's own user reads the database file."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    for path in map(Path, (url.database, f"{url.database}-wal", f"{url.database}-shm")):
        if path.exists() and path.stat().st_mode & 0o777 & ~PRIVATE:
            _close(path)


def _close(path: Path) -> None:
    try:
        path.chmod(PRIVATE)
    except PermissionError as error:
        raise NotSafeToStart(
            _("Other users of this computer can read {path}. Run: chmod 600 {path}").format(
                path=path
            )
        ) from error
