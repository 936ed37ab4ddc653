"""The session cookie: its name, its attributes, and where a request really comes from.

https is told by the connection, by the browser, or by a proxy we trust. Only there is the
cookie Secure and bound to this host by its ``__Host-`` name; plain http is for one's own
machine.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

SECURE_NAME = "__Host-frontdesk"
PLAIN_NAME = "frontdesk"
SECURE_DEVICE = "__Host-frontdesk-device"
PLAIN_DEVICE = "frontdesk-device"
DEVICE_LASTS = timedelta(days=180)
LONGEST = timedelta(hours=24)
"""The database decides how long a session lives; the cookie only has to last as long."""


def token_in(cookies: Mapping[str, str], *, secure: bool) -> str:
    """The session token, or nothing. Over https a plain cookie, which others can plant, is none."""
    plain = "" if secure else cookies.get(PLAIN_NAME)
    return cookies.get(SECURE_NAME) or plain or ""


def device_in(cookies: Mapping[str, str], *, secure: bool) -> str:
    """What tells a browser that was here before; it lets nobody in."""
    plain = "" if secure else cookies.get(PLAIN_DEVICE)
    return cookies.get(SECURE_DEVICE) or plain or ""


def set_token(response: Response, token: str, *, secure: bool) -> None:
    _set(response, SECURE_NAME if secure else PLAIN_NAME, token, LONGEST, secure=secure)


def set_device(response: Response, device: str, *, secure: bool) -> None:
    name = SECURE_DEVICE if secure else PLAIN_DEVICE
    _set(response, name, device, DEVICE_LASTS, secure=secure)


def _set(response: Response, name: str, value: str, lasts: timedelta, *, secure: bool) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def drop_token(response: Response) -> None:
    response.delete_cookie(SECURE_NAME, path="/", secure=True, httponly=True, samesite="lax")
    response.delete_cookie(PLAIN_NAME, path="/", httponly=True, samesite="lax")


def is_https(request: HTTPConnection, trusted: Sequence[str]) -> bool:
    if request.url.scheme == "https" or is_secure_origin(request.headers.get("origin", "")):
        return True
    forwarded = request.headers.get("x-forwarded-proto", "") if _peer(request) in trusted else ""
    return forwarded.split(",")[-1].strip() == "https"


def is_secure_origin(origin: str) -> bool:
    """Whether the browser itself says that the page it asks from came over https."""
    return urlsplit(origin).scheme == "https"


def is_same_origin(request: HTTPConnection) -> bool:
    """Whether the browser says that one of our own pages is asking. Silence is a no."""
    origin = urlsplit(request.headers.get("origin", ""))
    return origin.scheme in ("http", "https") and origin.netloc == request.headers.get("host")


def client_address(peer: str, headers: Mapping[str, str], trusted: Sequence[str]) -> str:
    """Who is asking: the last address that is not one of our own proxies."""
    if peer not in trusted:
        return peer
    hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    return next((hop for hop in reversed(hops) if hop not in trusted), peer)


def address_of(request: HTTPConnection, trusted: Sequence[str]) -> str:
    return client_address(_peer(request), request.headers, trusted)


def _peer(request: HTTPConnection) -> str:
    return request.client.host if request.client else ""
