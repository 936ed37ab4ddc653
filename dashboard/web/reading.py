"""What our routes read out of a request."""

import json

from starlette.requests import HTTPConnection

from dashboard import session
from dashboard.web import cookies


def token_of(request: HTTPConnection) -> str:
    secure = cookies.is_https(request, session.configured().trusted_proxies)
    return cookies.token_in(request.cookies, secure=secure)


def text_in(body: bytes, name: str) -> str:
    """A text of that name in a JSON body, or nothing."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    text = found.get(name) if isinstance(found, dict) else None
    return text if isinstance(text, str) else ""
