"""What every request passes: headers, errors without details, doors closed to strangers."""

import base64
import hashlib
import logging
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

import streamlit
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnected

from dashboard import session
from dashboard.web import cookies
from dashboard.web.company import CompanySignIn
from dashboard.web.limits import UPLOADS, BodyLimit, FileQuota, Pace
from dashboard.web.origin import OwnPagesOnly
from dashboard.web.owner import Owner
from dashboard.web.routes import has_session

logger = logging.getLogger(__name__)

CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
"""Streamlit's own figures and its remote control: for nobody."""
SIGNED_IN_ONLY = ("/media", UPLOADS)
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def inline_script_hashes(page: str) -> Sequence[str]:
    """The scripts written into a page itself, as a policy names them."""
    digests = (hashlib.sha256(found.encode()).digest() for found in INLINE_SCRIPT.findall(page))
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def content_policy() -> str:
    """Only our own scripts, styles, pictures and connections."""
    page = Path(streamlit.__file__).parent / "static" / "index.html"
    hashes = " ".join(inline_script_hashes(page.read_text(encoding="utf-8")))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: {hashes}".strip(),
            "worker-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' ws: wss:",
            "object-src 'none'",
            "base-uri 'self'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        )
    )


HEADERS = {
    "content-security-policy": content_policy(),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
HSTS = "max-age=31536000"


class SecurityHeaders:
    """The same headers on every answer, errors included; over https also HSTS."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        secure = cookies.is_https(Request(scope), session.configured().trusted_proxies)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if secure:
                    headers["strict-transport-security"] = HSTS
            await send(message)

        await self.app(scope, receive, send_with_headers)


class Masked:
    """A bug answers with a number to look up; the log has the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except WebSocketDisconnected:
            logger.debug("a browser left while it was answered")
        except Exception:
            if scope["type"] == "lifespan":
                raise
            number = secrets.token_hex(4)
            logger.exception("error %s", number)
            if not begun and scope["type"] == "http":
                sentence = f"Something went wrong on our side. Error {number}."
                await PlainTextResponse(sentence, status_code=500)(scope, receive, send)


class Doors:
    """Closes what is for nobody, and asks for a session where files come and go."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app
        if scope["type"] == "http":
            if _is_under(scope["path"], CLOSED):
                app = PlainTextResponse("Not found.", status_code=404)
            elif _is_under(scope["path"], SIGNED_IN_ONLY):
                known = await run_in_threadpool(has_session, Request(scope))
                app = app if known else PlainTextResponse("Please sign in.", status_code=401)
        await app(scope, receive, send)


def _is_under(path: str, places: Sequence[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


MIDDLEWARE = tuple(
    Middleware(each)
    for each in (
        SecurityHeaders,
        Masked,
        OwnPagesOnly,
        Doors,
        CompanySignIn,
        FileQuota,
        BodyLimit,
        Pace,
        Owner,
    )
)
