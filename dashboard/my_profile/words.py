"""The words of a profile: typed on one side, shown as patients see them on the other."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import catalog
from core.catalog import EditedProfile, Meant, Profile
from core.catalog.typed import by_name
from core.db import utc_now
from core.errors import BookingError
from core.models import Professional
from core.policy import Actor
from dashboard import feedback, keys, session
from dashboard.components.profile_card import ProfileShown, profile_card
from dashboard.components.profile_fields import profile_fields, what_is_meant
from dashboard.i18n import _

KEY = "my_profile"


@dataclass
class Shaping:
    """A profile on screen; ``version`` is that of the row when its fields were filled."""

    version: int
    nonce: str = field(default_factory=lambda: secrets.token_hex(4))
    """Part of the fields' keys: with another one they are filled anew."""
    is_saved: bool = False
    """A second click finds it here and saves nothing."""

    def key(self, name: str) -> str:
        return f"{KEY}_{self.nonce}_{name}"


def forget() -> None:
    """Fill the fields anew; dropped on any other page."""
    session.forget_typed(KEY)


def show(
    actor: Actor, professional: Professional, *, beside: DeltaGenerator, key: str | None
) -> None:
    shaping: Shaping = st.session_state.setdefault(KEY, Shaping(professional.version))
    if shaping.is_saved:
        go_on()
    saved = _profile_of(professional)
    meant: list[Meant] = []

    def tell(tags: Sequence[str]) -> None:
        meant.extend(_meant(tags))
        what_is_meant(meant)

    typed = profile_fields(saved, shaping.key, below_expertise=tell)
    _buttons(actor, professional, shaping, typed)
    with beside:
        st.subheader(_("As patients see it"), anchor=False)
        profile_card(_shown(professional, typed, meant, key))


def go_on() -> None:
    forget()
    feedback.flash(_("Saved your profile."))
    st.rerun()


def _buttons(actor: Actor, professional: Professional, shaping: Shaping, typed: Profile) -> None:
    with st.container(horizontal=True):
        pressed = st.button(_("Save"), key=f"{KEY}_save", type="primary", shortcut=keys.TAKE.press)
        if typed != _profile_of(professional) or shaping.version != professional.version:
            st.button(
                _("Discard changes"),
                key=f"{KEY}_discard",
                on_click=forget,
                help=_("Fill the fields again with what is saved."),
            )
    if pressed:
        _save(actor, EditedProfile(professional.id, shaping.version, typed), shaping)


def _save(actor: Actor, request: EditedProfile, shaping: Shaping) -> None:
    try:
        with session.writing() as db:
            catalog.edit_profile(db, actor, request, now=utc_now())
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    shaping.is_saved = True
    go_on()


def _meant(tags: Sequence[str]) -> list[Meant]:
    """The tags the words stand for; what is wrong with them is said when they are typed."""
    try:
        with session.reading() as db:
            return catalog.meant_by(db, tags)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return []


def _profile_of(professional: Professional) -> Profile:
    return Profile(
        professional.title,
        professional.bio,
        professional.languages,
        professional.colour,
        tuple(each.name for each in by_name(professional.expertise)),
    )


def _shown(
    professional: Professional, typed: Profile, meant: list[Meant], key: str | None
) -> ProfileShown:
    return ProfileShown(
        professional.name,
        typed.title,
        typed.bio,
        [each.strip() for each in typed.languages.split(",") if each.strip()],
        [each.name for each in meant],
        _("Premium") if professional.premium else "",
        key,
    )
