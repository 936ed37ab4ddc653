"""Where the browser trades a one-time link for its file."""

import tempfile
from collections.abc import Iterator
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from core import accounts, exports
from core.db import utc_now
from core.errors import BookingError
from dashboard import i18n, session
from dashboard.web.reading import text_in, token_of

PART = 256 * 1024
NOT_THERE = "This download is not there any more, or was never there."


class TakeExport(HTTPEndpoint):
    """A file, once, for the session its link was made for. Whatever is wrong answers alike."""

    async def post(self, request: Request) -> Response:
        link = text_in(await request.body(), "link")
        return await run_in_threadpool(_take, token_of(request), link)


def _take(token: str, link: str) -> Response:
    now = utc_now()
    take = partial(exports.take, now=now, speaks=i18n.spoken_by)
    try:
        with session.writing() as db:
            actor = accounts.actor_from_token(db, token, now=now) if token else None
            file = take(db, actor, link) if actor is not None else None
    except BookingError:
        file = None
    if file is None:
        return PlainTextResponse(NOT_THERE, status_code=404)
    headers = {
        "content-disposition": f'attachment; filename="{file.name}"',
        "cache-control": "no-store",
    }
    if isinstance(file, exports.LargeFile):
        return StreamingResponse(_written(file), media_type=file.media_type, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


def _written(file: exports.LargeFile) -> Iterator[bytes]:
    """Made whole on the disk first, where only its owner reads it and nothing is left of it.

    The browser may then take its time: the database has been let go.
    """
    with tempfile.TemporaryFile(prefix="frontdesk-") as made:
        file.write(session.database(), made)
        made.seek(0)
        while part := made.read(PART):
            yield part
