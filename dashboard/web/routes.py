"""Our own routes: the cookie comes and goes here, and monitoring asks whether we live.

What asks the database is a plain function, which runs in a thread: a blocking call in an
``async def`` would stop every session of this process.
"""

from sqlalchemy import text
from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core import accounts
from core.db import utc_now
from core.errors import BookingError
from dashboard import session
from dashboard.web import company, cookies
from dashboard.web.exports import TakeExport
from dashboard.web.logo import ShowLogo
from dashboard.web.portraits import ShowPortrait
from dashboard.web.reading import text_in, token_of


class OpenSession(HTTPEndpoint):
    """Trade a ticket for the cookie."""

    async def post(self, request: Request) -> Response:
        ticket = text_in(await request.body(), "ticket")
        return await run_in_threadpool(_open_session, request, ticket)


class CloseSession(HTTPEndpoint):
    """Drop the cookie, and end its session where that is not done yet."""

    def post(self, request: Request) -> Response:
        _end_session(token_of(request))
        answer = Response(status_code=204, headers={"clear-site-data": '"cache", "storage"'})
        cookies.drop_token(answer)
        company.drop_identity(request, answer)
        return answer


class UseSession(HTTPEndpoint):
    """Note that a person is at work, so that the session is not locked."""

    def post(self, request: Request) -> Response:
        return Response(status_code=204 if _touch(token_of(request)) else 401)


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
    Route("/session/used", UseSession),
    Route("/session", ShowSession),
    Route("/export", TakeExport),
    Route("/portrait/{key}", ShowPortrait),
    Route("/logo/{key}", ShowLogo),
    Route("/healthz", Health),
)


def has_session(request: HTTPConnection) -> bool:
    """Whether the cookie belongs to an open session. Asks the database."""
    token = token_of(request)
    if not token:
        return False
    with session.reading() as db:
        return accounts.actor_from_token(db, token, now=utc_now()) is not None


def _open_session(request: Request, ticket: str) -> Response:
    trusted = session.configured().trusted_proxies
    secure = cookies.is_https(request, trusted)
    asked = accounts.TicketRequest(
        ticket=ticket,
        ip=cookies.address_of(request, trusted),
        user_agent=request.headers.get("user-agent", ""),
        old_token=token_of(request),
    )
    try:
        with session.writing() as db:
            token = accounts.redeem_ticket(db, asked, now=utc_now())
            known = cookies.device_in(request.cookies, secure=secure)
            device = accounts.know_device(db, token, known, now=utc_now())
    except BookingError:
        return _refused()
    answer = Response(status_code=204)
    cookies.set_token(answer, token, secure=secure)
    cookies.set_device(answer, device, secure=secure)
    company.drop_identity(request, answer)
    return answer


def _touch(token: str) -> bool:
    now = utc_now()
    with session.reading() as db:
        found = accounts.find_signed_in(db, token, now=now)
    if found is not None and found.is_stamp_due(now):
        with session.writing() as db:
            accounts.touch(db, found.actor, now=now)
    return found is not None


def _end_session(token: str) -> None:
    if token:
        with session.writing() as db:
            accounts.close_session(db, token, now=utc_now())


def _refused() -> Response:
    return PlainTextResponse("Refused.", status_code=403)
