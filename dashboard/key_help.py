"""What keys do wherever one is: pages by ``g`` and a letter, and the help sheet on ``?``."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.policy import Actor, Permission, allows
from dashboard import keys, places, session
from dashboard.feedback import md
from dashboard.i18n import N_, _
from dashboard.keys import Key
from dashboard.line_words import line_examples

KEY = "key_help"
TITLE = N_("Keys")
_mount = st.components.v2.component(
    "frontdesk_keys", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def forget() -> None:
    session.forget_typed(KEY)


def listen(actor: Actor, shown: str) -> str | None:
    """Hear the keys that no button carries; the url of the page asked for, if one was.

    ``shown`` is the url of the page being drawn: a help sheet stays open on its own page.
    """
    letters = {each.letter: each.url for each in places.open_to(actor)}
    with st.container(key="frontdesk_keys_corner"):
        heard = _mount(
            key="frontdesk_keys",
            data={
                "letters": list(letters),
                "here": next((each for each, url in letters.items() if url == shown), ""),
                "behind": keys.behind_dialogs(),
                "presses": keys.PRESSES,
                "opens": {each.press: part for each, part in keys.OPENS.items()},
            },
            on_go_change=_nothing,
            on_help_change=_nothing,
        )
    if heard.get("help"):
        ask(shown)
    elif st.session_state.get(KEY) != shown:
        forget()
    return letters.get(str(heard.get("go")))


def ask(shown: str) -> None:
    """Have the sheet stand open on this page."""
    st.session_state[KEY] = shown


def is_open() -> bool:
    return KEY in st.session_state


def show(actor: Actor, shown: str) -> None:
    """The sheet: this page's keys, a booking's, everybody's, and the pages by their letter."""
    st.dialog(_(TITLE), width="large", on_dismiss=forget)(_sheet)(actor, shown)


def _sheet(actor: Actor, shown: str) -> None:
    left, right = st.columns(2)
    with left:
        _part(_("On this page"), keys.keys_at(shown))
        if shown in places.BOOKINGS:
            _part(_("In an opened booking"), keys.keys_at(keys.BOOKING))
        _part(_("Everywhere"), keys.keys_at(keys.EVERYWHERE))
    with right:
        going = {f"G {each.letter.upper()}": _(each.title) for each in places.open_to(actor)}
        _rows(_("Pages"), going)
        if allows(actor, Permission.BOOKINGS_WRITE):
            st.markdown(f"**{_('Type a booking')}**")
            st.markdown("  \n".join(f"`{each}`" for each in line_examples()))
            st.caption(
                _(
                    "In any order; what was understood stands below the line. Arrow Down and Enter "
                    "choose where it could mean several."
                )
            )


def _part(title: str, found: Sequence[Key]) -> None:
    _rows(title, {each.shown: _(each.does) for each in found})


def _rows(title: str, rows: dict[str, str]) -> None:
    if rows:
        st.markdown(f"**{title}**")
        st.markdown("  \n".join(f":gray-badge[{key}] {md(does)}" for key, does in rows.items()))


def _nothing() -> None:
    """A callback must be named for a value to come back."""
