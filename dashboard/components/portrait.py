"""The picture of a professional, or the first letters of their name."""

from html import escape

import streamlit as st

PICTURE = (
    '<img class="frontdesk-portrait" src="{address}" alt="{name}" width="{side}" height="{side}">'
)
LETTERS = (
    '<div class="frontdesk-portrait" aria-hidden="true" '
    'style="width: {side}px; height: {side}px; font-size: {size}px">{letters}</div>'
)


def address_of(key: str) -> str:
    """Where a portrait is found; ``key`` comes from ``catalog.load_portrait_keys``."""
    return f"/portrait/{key}"


def portrait(key: str | None, name: str, *, side: int = 96) -> None:
    """Draw it, ``side`` pixels each way; without a key the letters stand in its place."""
    st.html(_drawn(key, name, side), width=side)


def _drawn(key: str | None, name: str, side: int) -> str:
    if key is not None:
        address = escape(address_of(key))
        return PICTURE.format(address=address, name=escape(name), side=int(side))
    letters = escape(_letters(name))
    return LETTERS.format(letters=letters, side=int(side), size=int(side * 0.38))


def _letters(name: str) -> str:
    """Of "Dr Elena Ruiz" the letters of the last two words."""
    words = [each for each in name.split() if each[0].isalpha()]
    return "".join(each[0] for each in words[-2:]).upper()
