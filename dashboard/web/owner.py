"""Whose a websocket is, told to Streamlit under a name no browser can use.

A tab that lost its connection comes back with the id of its Streamlit session and is given
all that is in it. Streamlit does so only where the owner named here is the same, so an id
alone, copied or guessed, opens nothing.
"""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from core.passwords import secret_hash
from dashboard.web.reading import token_of

HEADER = "x-frontdesk-owner"
"""Also in .streamlit/config.toml, as ``server.trustedUserHeaders``."""


class Owner:
    """Names the cookie's hash in a header of our own; what a client sent there is dropped."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            name = HEADER.encode()
            kept = [pair for pair in scope["headers"] if pair[0].lower() != name]
            whose = secret_hash(token_of(HTTPConnection(scope)))
            scope = {**scope, "headers": [*kept, (name, whose.encode())]}
        await self.app(scope, receive, send)
