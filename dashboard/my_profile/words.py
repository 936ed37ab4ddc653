"""What a professional types about themselves, and beside it what patients will see."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import catalog
from core.catalog import ChangedTerms, EditedProfile, Meant, Profile, Terms, price_for
from core.catalog.typed import by_name
from core.db import utc_now
from core.errors import BookingError
from core.models import Professional, Service, Tier
from core.policy import Actor
from dashboard import feedback, keys, session, unfinished
from dashboard.components.profile_card import ProfileShown, ServiceShown, profile_card
from dashboard.components.profile_fields import as_typed, profile_fields, what_is_meant
from dashboard.components.terms_fields import as_typed as terms_typed
from dashboard.components.words import price_in_words
from dashboard.i18n import _
from dashboard.my_profile import terms

KEY = "my_profile"
DRAFT = f"{KEY}_draft"


@dataclass(frozen=True)
class Known:
    """A profile as it is on record."""

    professional: Professional
    portrait_key: str | None
    services: Sequence[Service]
    """Those they offer, by name."""
    terms: tuple[Terms, ...]
    currency: str
    tier: Tier | None

    @property
    def profile(self) -> Profile:
        row = self.professional
        expertise = tuple(each.name for each in by_name(row.expertise))
        return Profile(row.title, row.bio, row.languages, row.colour, expertise)


@dataclass
class Shaping:
    """A profile on screen, and on which version of it the fields were filled."""

    version: int
    terms: tuple[Terms, ...]
    nonce: str = field(default_factory=lambda: secrets.token_hex(4))
    """Part of the fields' keys: with another one they are filled anew."""
    is_saved: bool = False
    """A second click finds it here and saves nothing."""

    def key(self, name: str) -> str:
        return f"{KEY}_{self.nonce}_{name}"

    def is_of(self, known: Known) -> bool:
        return self.version == known.professional.version and self.terms == known.terms


def forget() -> None:
    """Dropped on any other page; what was typed is offered on the way back."""
    draft: unfinished.Form | None = st.session_state.get(DRAFT)
    if draft is not None:
        unfinished.leave(draft)
    session.forget_typed(KEY)


def _discard() -> None:
    """Fill the fields anew."""
    unfinished.done(session.signed_in(), st.session_state[DRAFT])
    session.forget_typed(KEY)


def show(actor: Actor, known: Known, *, beside: DeltaGenerator) -> None:
    shaping: Shaping = st.session_state.setdefault(
        KEY, Shaping(known.professional.version, known.terms)
    )
    if shaping.is_saved:
        go_on()
    draft = st.session_state[DRAFT] = _draft(known, shaping)
    unfinished.offer(actor, draft)
    meant: list[Meant] = []

    def tell(tags: Sequence[str]) -> None:
        meant.extend(_meant(tags))
        what_is_meant(meant)

    typed = profile_fields(known.profile, shaping.key, below_expertise=tell)
    own = terms.show(known.services, known.terms, known.currency, shaping.key)
    _buttons(actor, known, shaping, typed, own)
    with beside:
        st.subheader(_("As patients see it"), anchor=False)
        profile_card(_shown(known, typed, meant, {each.service_id: each for each in own}))


def _draft(known: Known, shaping: Shaping) -> unfinished.Form:
    """What is typed here, with the version it was typed over: a change meanwhile is told."""
    st.session_state[shaping.key("version")] = shaping.version

    def take_version() -> None:
        shaping.version = st.session_state[shaping.key("version")]

    own: dict[str, int | float | None] = {}
    for each in known.terms:
        own |= terms_typed(each)
    return unfinished.Form(
        shaping.key("")[:-1],
        name=KEY,
        typed=("title", "expertise", "languages", "bio", *own),
        along=("colour", "version"),
        shown={**as_typed(known.profile), **own},
        search="",
        then=take_version,
    )


def go_on() -> None:
    unfinished.done(session.signed_in(), st.session_state[DRAFT])
    session.forget_typed(KEY)
    feedback.flash(_("Saved your profile."))
    st.rerun()


def _buttons(
    actor: Actor, known: Known, shaping: Shaping, typed: Profile, own: tuple[Terms, ...]
) -> None:
    with st.container(horizontal=True):
        pressed = st.button(_("Save"), key=f"{KEY}_save", type="primary", shortcut=keys.TAKE.press)
        if (typed, own) != (known.profile, known.terms) or not shaping.is_of(known):
            st.button(
                _("Discard changes"),
                key=f"{KEY}_discard",
                on_click=_discard,
                help=_("Fill the fields again with what is saved."),
            )
    if pressed:
        id = known.professional.id
        _save(
            actor,
            EditedProfile(id, shaping.version, typed),
            ChangedTerms(id, shaping.terms, own),
            shaping,
        )


def _save(actor: Actor, profile: EditedProfile, own: ChangedTerms, shaping: Shaping) -> None:
    """Both or neither."""
    try:
        with session.writing() as db:
            catalog.edit_profile(db, actor, profile, now=utc_now())
            catalog.set_terms(db, actor, own, now=utc_now())
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


def _shown(
    known: Known, typed: Profile, meant: Sequence[Meant], own: Mapping[int, Terms]
) -> ProfileShown:
    return ProfileShown(
        known.professional.name,
        typed.title,
        typed.bio,
        [each.strip() for each in typed.languages.split(",") if each.strip()],
        [each.name for each in meant],
        known.tier.name if known.tier else "",
        known.portrait_key,
        [_service_shown(each, own[each.id], known) for each in known.services],
    )


def _service_shown(service: Service, own: Terms, known: Known) -> ServiceShown:
    price = price_for(service.price_cents, own.price_cents, known.tier)
    length = own.length_minutes or service.length_minutes
    return ServiceShown(service.name, length, price_in_words(price, known.currency))
