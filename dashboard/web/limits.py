"""How much one browser may send: bytes in a body, files in an hour, messages in a second.

What is counted lives in this process, like the memory it protects.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.passwords import secret_hash
from dashboard import session
from dashboard.web import cookies
from dashboard.web.reading import token_of
from dashboard.web.routes import has_session

UPLOADS = "/_stcore/upload_file"
LARGEST_UPLOAD = 11 * 1024 * 1024
"""Streamlit's own limit of 10 MB for the file, and the form around it."""
LARGEST_BODY = 16 * 1024
LONGEST_NUMBER = 12


class TooMuch(Exception):
    """A body beyond its limit; no answer has begun while one is still read."""


class BodyLimit:
    """No body larger than its route needs, whether its length is told or not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = LARGEST_UPLOAD if is_upload(scope) else LARGEST_BODY
        try:
            _check_told_length(scope, limit)
            await self.app(scope, _limited(receive, limit), send)
        except TooMuch:
            await PlainTextResponse("Too large.", status_code=413)(scope, receive, send)


def is_upload(scope: Scope) -> bool:
    path: str = scope["path"]
    return path == UPLOADS or path.startswith(f"{UPLOADS}/")


def _check_told_length(scope: Scope, limit: int) -> None:
    told = Headers(scope=scope).get("content-length", "0")
    if not told.isdecimal() or len(told) > LONGEST_NUMBER or int(told) > limit:
        raise TooMuch


def _limited(receive: Receive, limit: int) -> Receive:
    read = 0

    async def receive_limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise TooMuch
        return message

    return receive_limited


@dataclass
class _Bucket:
    left: float
    at: float


class Allowance:
    """So many at once, then so many a second, for each key; the longest unused are forgotten."""

    def __init__(
        self,
        at_once: float,
        per_second: float,
        *,
        keys: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.at_once, self.per_second, self.keys, self.clock = at_once, per_second, keys, clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._door = threading.Lock()

    def take(self, key: str, count: int = 1) -> bool:
        """Whether one more is allowed now, or as many as ``count``."""
        now = self.clock()
        with self._door:
            bucket = self._buckets.setdefault(key, _Bucket(self.at_once, now))
            self._buckets.move_to_end(key)
            if len(self._buckets) > self.keys:
                self._buckets.popitem(last=False)
            earned = (now - bucket.at) * self.per_second
            bucket.left, bucket.at = min(self.at_once, bucket.left + earned), now
            if bucket.left < count:
                return False
            bucket.left -= count
            return True


FILES = Allowance(at_once=30, per_second=60 / 3600)
"""Uploads stay in memory until their tab closes: 30 of 2 MB at once, then one a minute.

A larger one counts as several."""
COUNTED_AS_ONE = 2 * 1024 * 1024


class FileQuota:
    """So many files a session, however small each of them is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app
        if scope["type"] == "http" and scope["method"] == "PUT" and is_upload(scope):
            whose = secret_hash(token_of(Request(scope)))
            if not FILES.take(whose, _files_in(scope)):
                app = PlainTextResponse(
                    "Too many files. Please wait a minute.",
                    status_code=429,
                    headers={"retry-after": "60"},
                )
        await app(scope, receive, send)


def _files_in(scope: Scope) -> int:
    """For how many files of the usual size it counts; for the most where no length is told."""
    told = Headers(scope=scope).get("content-length", "")
    known = told.isdecimal() and len(told) <= LONGEST_NUMBER
    return max(1, -(-(int(told) if known else LARGEST_UPLOAD) // COUNTED_AS_ONE))


MESSAGES = Allowance(at_once=60, per_second=6)
"""Each may cost a run of a page. No hand is faster for long, and a run is a twentieth second."""
LOOK_AGAIN = 0.1


class Pace:
    """Hears each person's websockets no faster than that, together; the others keep theirs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        who = await run_in_threadpool(_who, HTTPConnection(scope))

        async def receive_paced() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive":
                await _turn_of(who)
            return message

        await _turn_of(who)
        await self.app(scope, receive_paced, send)


def _who(asked: HTTPConnection) -> str:
    """A session that is open, or an address: made-up cookies make nobody somebody else."""
    if has_session(asked):
        return secret_hash(token_of(asked))
    return cookies.address_of(asked, session.configured().trusted_proxies)


async def _turn_of(who: str) -> None:
    while not MESSAGES.take(who):
        await asyncio.sleep(LOOK_AGAIN)
