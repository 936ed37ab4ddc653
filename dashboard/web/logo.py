"""The logo over HTTP, to everybody: it stands on the sign-in page."""

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core import catalog
from dashboard import session

NOT_THERE = "There is no such logo."


class ShowLogo(HTTPEndpoint):
    """By the hash of what it shows: another logo has another address."""

    def get(self, request: Request) -> Response:
        with session.reading() as db:
            kept = catalog.find_logo(db)
        if kept is None or kept.key != request.path_params["key"]:
            return PlainTextResponse(NOT_THERE, 404, headers={"cache-control": "no-store"})
        headers = {
            "etag": f'"{kept.key}"',
            "cache-control": "public, max-age=86400",
            "content-disposition": 'inline; filename="logo.png"',
            "cross-origin-resource-policy": "same-origin",
        }
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(kept.content, media_type="image/png", headers=headers)
