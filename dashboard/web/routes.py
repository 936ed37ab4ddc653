"""Our own routes: the cookie comes and goes here, and monitoring asks whether we live.

What asks the database is a plain function, which runs in a thread: a blocking call in an
``async def`` would stop every session of this process.
"""

import json

from sqlalchemy import text
from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core import accounts
from core.db import utc_now
from core.errors import BookingError
from dashboard import session
from dashboard.web import cookies


class OpenSession(HTTPEndpoint):
    """Trade a ticket for the cookie."""

    async def post(self, request: Request) -> Response:
        if not cookies.is_same_origin(request):
            return _refused()
        ticket = _ticket_in(await request.body())
        return await run_in_threadpool(_open_session, request, ticket)


class CloseSession(HTTPEndpoint):
    """Drop the cookie, and end its session where that is not done yet."""

    def post(self, request: Request) -> Response:
        if not cookies.is_same_origin(request):
            return _refused()
        _end_session(token_of(request))
        answer = Response(status_code=204, headers={"clear-site-data": '"cache", "storage"'})
        cookies.drop_token(answer)
        return answer


class ShowSession(HTTPEndpoint):
    """Whether the browser kept its cookie and the session is open."""

    def get(self, request: Request) -> Response:
        return Response(status_code=204 if has_session(request) else 401)


class Health(HTTPEndpoint):
    """Whether the process and its database answer."""

    def get(self, _request: Request) -> Response:
        with session.reading() as db:
            db.execute(text("SELECT 1"))
        return JSONResponse({"status": "ok"})


# As classes they answer 405 to other methods; a plain route would let those fall through
# to Streamlit's page.
ROUTES = (
    Route("/session/open", OpenSession),
    Route("/session/close", CloseSession),
    Route("/session", ShowSession),
    Route("/healthz", Health),
)


def token_of(request: Request) -> str:
    secure = cookies.is_https(request, session.configured().trusted_proxies)
    return cookies.token_in(request.cookies, secure=secure)


def has_session(request: Request) -> bool:
    """Whether the cookie belongs to an open session. Asks the database."""
    token = token_of(request)
    if not token:
        return False
    with session.reading() as db:
        return accounts.actor_from_token(db, token, now=utc_now()) is not None


def _open_session(request: Request, ticket: str) -> Response:
    trusted = session.configured().trusted_proxies
    asked = accounts.TicketRequest(
        ticket=ticket,
        ip=cookies.address_of(request, trusted),
        user_agent=request.headers.get("user-agent", ""),
        old_token=token_of(request),
    )
    try:
        with session.writing() as db:
            token = accounts.redeem_ticket(db, asked, now=utc_now())
    except BookingError:
        return _refused()
    answer = Response(status_code=204)
    cookies.set_token(answer, token, secure=cookies.is_https(request, trusted))
    return answer


def _end_session(token: str) -> None:
    now = utc_now()
    with session.writing() as db:
        actor = accounts.actor_from_token(db, token, now=now) if token else None
        if actor is not None:
            accounts.sign_out(db, actor, now=now)


def _ticket_in(body: bytes) -> str:
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    ticket = found.get("ticket") if isinstance(found, dict) else None
    return ticket if isinstance(ticket, str) else ""


def _refused() -> Response:
    return PlainTextResponse("Refused.", status_code=403)
