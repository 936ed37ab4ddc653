"""Who may ask at all: one of our own pages, under a name that is ours.

Another site's page can make a browser send requests and open websockets here, with the
cookie; the browser then names that site as ``Origin``. A name of somebody else's that is
pointed at this machine arrives as ``Host``.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from core.settings import Settings
from dashboard import session
from dashboard.web import cookies

OUR_OWN = frozenset({"localhost", "127.0.0.1", "::1"})
ANY_NAME = ("/healthz",)
"""What a load balancer asks by number; it tells nothing."""
READS = ("GET", "HEAD", "OPTIONS")
UNKNOWN_HOST = (
    "This Frontdesk does not answer to that name. Whoever runs it sets FRONTDESK_PUBLIC_URL "
    "to the address people open."
)


def known_hosts(configured: Settings) -> frozenset[str]:
    public = urlsplit(configured.public_url).hostname
    return OUR_OWN | {public} if public else OUR_OWN


def is_known_host(host: str, known: Collection[str]) -> bool:
    """Whether a Host header names one of ours, whatever the port."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises where it is none
    except ValueError:
        return False
    plain = parts.netloc == host and not (parts.username or parts.password)
    return plain and (parts.hostname or "").rstrip(".") in known


class OwnPagesOnly:
    """Refuses foreign names; and whatever could change something unless our own page asks."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app
        if scope["type"] in ("http", "websocket"):
            app = _refusal_of(HTTPConnection(scope)) or app
        await app(scope, receive, send)


def _refusal_of(asked: HTTPConnection) -> ASGIApp | None:
    is_page = asked.scope["type"] == "http"
    named = is_known_host(asked.headers.get("host", ""), known_hosts(session.configured()))
    if not named and not (is_page and asked.scope["path"] in ANY_NAME):
        return PlainTextResponse(UNKNOWN_HOST, status_code=421) if is_page else WebSocketClose(1008)
    if is_page and asked.scope["method"] in READS:
        return None
    if cookies.is_same_origin(asked):
        return None
    return PlainTextResponse("Refused.", status_code=403) if is_page else WebSocketClose(1008)
