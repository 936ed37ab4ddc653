"""Streamlit's own routes for signing in at a provider: closed unless wanted, and kept short.

Streamlit would let its cookie say who somebody is for thirty days, wherever it was copied to.
Here it only carries the provider's answer to our script: each answer is noted as it comes in,
counts once, and its cookie is gone after two minutes. The provider's tokens never get out.
"""

import re
from collections.abc import Iterator, Mapping
from http.cookies import SimpleCookie

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import company
from core.db import utc_now
from core.settings import Settings
from dashboard import session
from dashboard.i18n import _
from dashboard.web import cookies

LOGIN, CALLBACK = "/auth/login", "/oauth2callback"
ROUTES = re.compile(r"/(auth|oauth2callback)(/|$)")
IDENTITY = re.compile(r"_streamlit_user(_\d+)?")
STREAMLITS = re.compile(r"_streamlit_user(_tokens)?(_\d+)?")
NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
SHORTEST_SECRET = 32
FAILED = "company-failed"
"""In the address somebody comes back to whom the provider did not let through."""
LASTS = int(company.ANSWER_LASTS.total_seconds())


def mark_of(found: Mapping[str, str]) -> str:
    """What tells one answer from all others: Streamlit's cookie as it was signed, all parts."""
    parts = sorted((name, value) for name, value in found.items() if IDENTITY.fullmatch(name))
    return "; ".join(f"{name}={value}" for name, value in parts)


def drop_identity(request: Request, response: Response) -> None:
    """Have the browser forget what Streamlit keeps of a provider's answer."""
    for name in filter(STREAMLITS.fullmatch, request.cookies):
        response.delete_cookie(name, path="/", httponly=True, samesite="lax")


class CompanySignIn:
    """Opens the two routes that are needed, where they are wanted, and shortens the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not ROUTES.match(scope["path"]):
            await self.app(scope, receive, send)
            return
        if not session.configured().company_sign_in or scope["path"] not in (LOGIN, CALLBACK):
            await PlainTextResponse("Not found.", status_code=404)(scope, receive, send)
            return
        secure = cookies.is_https(Request(scope), session.configured().trusted_proxies)

        async def send_shortened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                vouched = await _shorten(headers, secure=secure)
                if scope["path"] == CALLBACK and not vouched:
                    headers["location"] = f"/?{FAILED}="
            await send(message)

        await self.app(scope, receive, send_shortened)


async def _shorten(headers: MutableHeaders, *, secure: bool) -> bool:
    """Whether somebody was vouched for at all."""
    sent = headers.getlist("set-cookie")
    del headers["set-cookie"]
    given: dict[str, str] = {}
    for each in sent:
        cookie = next(iter(SimpleCookie(each).values()), None)
        if cookie is None or cookie["max-age"] == "0" or not STREAMLITS.fullmatch(cookie.key):
            headers.append("set-cookie", each)
        elif IDENTITY.fullmatch(cookie.key):
            given[cookie.key] = cookie.value
            cookie["max-age"] = LASTS
            cookie["secure"] = secure
            headers.append("set-cookie", cookie.OutputString())
    if given:
        await run_in_threadpool(_expect, mark_of(given))
    return bool(given)


def _expect(mark: str) -> None:
    with session.writing() as db:
        company.expect(db, mark, now=utc_now())


def faults(configured: Settings) -> Iterator[str]:
    """What keeps the company's sign-in from being safe, or from working."""
    if not configured.company_sign_in:
        return
    section = _section()
    missing = [name for name in NEEDED if not section.get(name)]
    if missing:
        yield _(
            "FRONTDESK_COMPANY_SIGN_IN is on, and [auth] of .streamlit/secrets.toml does not "
            "say {names}. Fill that in, or start without FRONTDESK_COMPANY_SIGN_IN."
        ).format(names=", ".join(missing))
        return
    if len(str(section["cookie_secret"])) < SHORTEST_SECRET:
        yield _(
            "cookie_secret in .streamlit/secrets.toml can be guessed. Make one of {count} "
            'characters or more: python -c "import secrets; print(secrets.token_hex())"'
        ).format(count=SHORTEST_SECRET)
    expected = f"{configured.public_url}{CALLBACK}"
    if configured.public_url and section["redirect_uri"] != expected:
        yield _(
            "redirect_uri in .streamlit/secrets.toml is not the address people open. "
            "Set it to {address}, there and with your provider."
        ).format(address=expected)


def _section() -> Mapping[str, object]:
    try:
        found = st.secrets["auth"]
    except (KeyError, FileNotFoundError):
        return {}
    return found if isinstance(found, Mapping) else {}
