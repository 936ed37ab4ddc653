"""A small identity provider on this machine: OpenID Connect with codes, keys and signed tokens.

    with provider.serve() as company:
        company.says = {"email": "rita@example.org", "email_verified": True}

Whoever comes to it is signed in at once, as what ``says`` tells. It holds its client to the
protocol: state, nonce, PKCE, the client's secret, each code once.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "frontdesk", "known to the two of them"


@dataclass
class Provider:
    address: str = ""
    says: dict[str, Any] = field(default_factory=dict)
    """The claims about whoever comes next."""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signs_with: RSAKey | None = None
    """Another key than the published one, for tokens that must not be believed."""
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    """What was asked for with each code that has not been fetched yet."""
    visits: int = 0

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes back to, with a code."""
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        self.visits += 1
        code = secrets.token_urlsafe(16)
        self.asked[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    def token(self, sent: dict[str, str], credentials: str) -> dict[str, Any]:
        asked = self.asked.pop(sent["code"])
        proof = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(proof).rstrip(b"=").decode() == asked["code_challenge"]
        assert base64.b64decode(credentials.removeprefix("Basic ")).decode() == f"{CLIENT}:{SECRET}"
        assert sent["redirect_uri"] == asked["redirect_uri"]
        now = int(time.time())
        claims = {
            "iss": self.address,
            "aud": CLIENT,
            "sub": "one of us",
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        }
        signed = jwt.encode(
            {"alg": "RS256", "kid": "one"}, claims | self.says, self.signs_with or self.key
        )
        return {
            "access_token": secrets.token_urlsafe(16),
            "token_type": "Bearer",
            "id_token": signed,
        }


@contextmanager
def serve() -> Iterator[Provider]:
    """A provider on a free port until the block ends."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, urlsplit(self.path).query
            if path == "/.well-known/openid-configuration":
                self._answer(provider.discovery())
            elif path == "/keys":
                self._answer({"keys": [provider.key.as_dict(private=False)]})
            elif path == "/authorize":
                self.send_response(302)
                self.send_header("location", provider.authorize(one_each(query)))
                self.end_headers()
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer(provider.token(one_each(sent), self.headers["authorization"] or ""))

        def _answer(self, content: dict[str, Any]) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_said: object) -> None:
            """Nothing: a failing test shows what the application said."""

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    provider.address = f"http://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield provider
    server.shutdown()
    server.server_close()


def one_each(encoded: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(encoded).items()}
