"""A professional as patients see them."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.components.portrait import portrait
from dashboard.components.words import minutes
from dashboard.feedback import md
from dashboard.i18n import _


@dataclass(frozen=True)
class ServiceShown:
    name: str
    minutes: int
    price: str
    """With its currency, and where it comes from."""


@dataclass(frozen=True)
class ProfileShown:
    name: str
    title: str
    bio: str
    languages: Sequence[str]
    expertise: Sequence[str]
    premium: str = ""
    """The word of their tier, or nothing."""
    portrait_key: str | None = None
    services: Sequence[ServiceShown] = ()


def profile_card(shown: ProfileShown) -> None:
    """Name, what they know and say: all of it plain text."""
    with st.container(border=True, key="profile_card", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            portrait(shown.portrait_key, shown.name)
            _who(shown)
        if shown.expertise:
            st.markdown(" ".join(f":gray-badge[{md(each)}]" for each in shown.expertise))
        about(shown.bio)
        if shown.languages:
            speaks = _("Speaks {languages}.").format(languages=", ".join(shown.languages))
            st.caption(md(speaks))
        for each in shown.services:
            facts = f"{minutes(each.minutes)} · {each.price}"
            st.markdown(f"{md(each.name)}  \n:small[{md(facts)}]")


def about(bio: str) -> None:
    """What they say of themselves, in the lines they wrote."""
    if bio:
        st.markdown("  \n".join(md(each) or "&nbsp;" for each in bio.splitlines()))


def _who(shown: ProfileShown) -> None:
    premium = f" :orange-badge[:material/star: {md(shown.premium)}]" if shown.premium else ""
    lines = [f"**{md(shown.name)}**{premium}", md(shown.title)]
    st.markdown("  \n".join(each for each in lines if each))
