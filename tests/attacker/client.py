"""Streamlit's protocol without a browser: what anybody can send who can open a socket.

with Tab(url, token=token) as tab:
    tab.run("desk")
    tab.press("Today")
    assert "Ana Silva" in tab.text
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.util import calc_hash
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

WITHIN = 40


class Tab:
    """One websocket. ``said`` is all it ever heard, ``heard`` what the last run told it."""

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        session_id: str = "",
        origin: str | None = "",
        host: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        more = {"Cookie": f"frontdesk={token}"} if token else {}
        if host:
            more["Host"] = host
        self._open = ExitStack()
        opened = connect(
            url.replace("http", "ws", 1) + "/_stcore/stream",
            origin=url if origin == "" else origin,
            subprotocols=["streamlit", "x", *filter(None, [session_id])],
            additional_headers=more | (headers or {}),
            max_size=None,
            open_timeout=WITHIN,
            close_timeout=1,
        )
        self.socket: ClientConnection = self._open.enter_context(opened)
        self.session_id = ""
        self.said = b""
        self.heard: list[ForwardMsg] = []
        self.widgets: dict[str, WidgetState] = {}

    def __enter__(self) -> "Tab":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._open.close()

    def run(
        self,
        page: str = "",
        *,
        query: str = "",
        page_hash: str | None = None,
        fragment: str = "",
        wait: bool = True,
    ) -> "Tab":
        """Ask for a run, as a browser does when opened, and hear it out."""
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_name, rerun.fragment_id = query, page, fragment
        if page_hash is not None:
            rerun.page_script_hash = page_hash
        rerun.widget_states.widgets.extend(self.widgets.values())
        rerun.context_info.timezone = "Europe/Lisbon"
        rerun.context_info.url = "http://localhost/"
        self.socket.send(message.SerializeToString())
        self._forget_triggers()
        return self.listen() if wait else self

    def listen(self, within: float = WITHIN) -> "Tab":
        """Hear messages until the run that was asked for is over."""
        self.heard, ends = [], time.monotonic() + within
        while True:
            if time.monotonic() > ends:
                raise TimeoutError("the server goes on talking, and no run ends")
            received = self.socket.recv(timeout=max(0.01, ends - time.monotonic()))
            assert isinstance(received, bytes)
            self.said += received
            told = ForwardMsg.FromString(received)
            self.heard.append(told)
            if told.WhichOneof("type") == "new_session":
                self.session_id = told.new_session.initialize.session_id
                self.page_hash = told.new_session.page_script_hash
            if told.WhichOneof("type") == "script_finished" and told.script_finished in (
                ForwardMsg.FINISHED_SUCCESSFULLY,
                ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
                ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
            ):
                return self

    def overhear(self, seconds: float = 1) -> "Tab":
        """Hear whatever comes, whether a run ends or not."""
        with suppress(TimeoutError, EOFError, ConnectionClosed):
            self.listen(seconds)
        return self

    def runs_begun(self, seconds: float) -> int:
        """How many runs began of all that were asked for."""
        begun, ends = 0, time.monotonic() + seconds
        with suppress(TimeoutError, EOFError, ConnectionClosed):
            while time.monotonic() < ends:
                received = self.socket.recv(timeout=seconds)
                assert isinstance(received, bytes)
                begun += ForwardMsg.FromString(received).HasField("new_session")
        return begun

    def set(self, label: str, **value: Any) -> "Tab":
        """``set("Day", string_value="2026-12-07")``: whatever is sent, allowed or not."""
        self.widgets[self.id_of(label)] = WidgetState(id=self.id_of(label), **value)
        return self

    def press(self, label: str, *, wait: bool = True, within_fragment: bool = False) -> "Tab":
        fragment = self.fragment_of(label) if within_fragment else ""
        return self.set(label, trigger_value=True).run(
            page_hash=self.page_hash, fragment=fragment, wait=wait
        )

    def elements(self) -> Iterator[tuple[str, Message, str]]:
        """Kind, content and fragment of each element of the last run."""
        for each in self.heard:
            if each.WhichOneof("type") == "delta":
                element = each.delta.new_element
                kind = element.WhichOneof("type")
                if kind:
                    yield kind, getattr(element, kind), each.delta.fragment_id

    def trigger(self, widget_id: str, fragment: str = "") -> "Tab":
        """Press, and do not wait for what comes of it."""
        self.widgets[widget_id] = WidgetState(id=widget_id, trigger_value=True)
        return self.run(page_hash=self.page_hash, fragment=fragment, wait=False)

    @property
    def url_path(self) -> str:
        """The page that was drawn, as an address bar would name it."""
        told = [each.navigation for each in self.heard if each.HasField("navigation")][-1]
        pages = {each.page_script_hash: each.url_pathname for each in told.app_pages}
        return pages[told.page_script_hash]

    def labels(self) -> list[str]:
        return [found.label for _, found, _ in self.elements() if getattr(found, "label", "")]

    def id_of(self, label: str) -> str:
        return next(found.id for found, _ in self._labelled(label))

    def fragment_of(self, label: str) -> str:
        return next(fragment for _, fragment in self._labelled(label))

    def _labelled(self, label: str) -> Iterator[tuple[Any, str]]:
        """A button that is only a picture goes by what is shown when one points at it."""
        for _, found, fragment in self.elements():
            named = getattr(found, "label", "") or getattr(found, "help", "")
            if named == label and getattr(found, "id", ""):
                yield found, fragment

    def _forget_triggers(self) -> None:
        for widget_id, state in list(self.widgets.items()):
            if "trigger" in str(state.WhichOneof("value")):
                del self.widgets[widget_id]

    @property
    def text(self) -> str:
        """Everything the last run told, readable or not."""
        return b"".join(each.SerializeToString() for each in self.heard).decode("utf-8", "replace")

    def is_anonymous(self) -> bool:
        return "User name" in self.labels()


def page_hash(url: str) -> str:
    """How Streamlit names a page whose url is this."""
    return calc_hash(url)


def nonsense() -> str:
    return secrets.token_hex(16)


__all__ = ["ConnectionClosed", "Tab", "nonsense", "page_hash"]
