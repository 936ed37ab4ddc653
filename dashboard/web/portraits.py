"""Portraits over HTTP, to whoever may look at the directory."""

import re

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core import accounts
from core.db import utc_now
from core.directory.portraits import get_portrait
from core.errors import BookingError
from dashboard import session
from dashboard.web.reading import token_of

KEY = re.compile(r"[0-9a-f]{64}")
NOT_THERE = "There is no such picture."


class ShowPortrait(HTTPEndpoint):
    """One picture, by the hash of what it shows: another picture has another address."""

    def get(self, request: Request) -> Response:
        key = request.path_params["key"]
        content = _find(token_of(request), key) if KEY.fullmatch(key) else None
        if content is None:
            return PlainTextResponse(NOT_THERE, 404, headers={"cache-control": "no-store"})
        headers = {
            "etag": f'"{key}"',
            "cache-control": "private, max-age=86400",
            "content-disposition": 'inline; filename="portrait.jpg"',
            "cross-origin-resource-policy": "same-origin",
            "vary": "cookie",
        }
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="image/jpeg", headers=headers)


def _find(token: str, key: str) -> bytes | None:
    with session.reading() as db:
        actor = accounts.actor_from_token(db, token, now=utc_now()) if token else None
        try:
            return get_portrait(db, actor or accounts.VISITOR, key)
        except BookingError:
            return None
