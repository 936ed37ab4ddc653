"""Booking by oneself: the time is kept for five minutes, read once more, and booked.

Whoever has not signed in is asked to, at the same address; the time they chose stands in it.
"""

import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from core import catalog, directory, holds
from core.booking import BookingRequest, book
from core.catalog.prices import Price, PriceRule
from core.db import utc_now
from core.directory import PublicProfile, PublicService
from core.errors import BookingError
from core.holds import HoldRequest
from core.models import Booking
from core.policy import Actor
from dashboard import answered, feedback, session
from dashboard.components.booking_forms import refusal_with_ways_out, time_line
from dashboard.components.countdown import countdown
from dashboard.components.profile_cards import service_line
from dashboard.formatting import when
from dashboard.i18n import _

KEY, TAKE = "own_booking", "take"
ADDRESS = re.compile(r"(\d{1,9})-(\d{1,9})-(\d{1,11})")


@dataclass(frozen=True)
class Asked:
    """The time that was picked. ``request_key`` is made here, so that the form books once."""

    professional_id: int
    service_id: int
    starts_at: datetime
    request_key: str
    hold_id: int | None = None
    refused: BookingError | None = None


def take(professional_id: int, service_id: int, starts_at: datetime) -> None:
    """Keep the time and ask once more; of a visitor, who they are first."""
    if session.current_actor() is None:
        st.query_params[TAKE] = f"{professional_id}-{service_id}-{starts_at.timestamp():.0f}"
        return
    _ask(session.signed_in(), professional_id, service_id, starts_at)


def chosen_before_signing_in() -> bool:
    return ADDRESS.fullmatch(st.query_params.get(TAKE, "")) is not None


def forget_choice() -> None:
    st.query_params.pop(TAKE, None)


def take_from_address() -> None:
    """Go on with what a visitor chose before they signed in."""
    found = ADDRESS.fullmatch(st.query_params.get(TAKE, ""))
    if session.current_actor() is None:
        return
    actor = session.signed_in()
    forget_choice()
    if found is not None:
        professional_id, service_id, seconds = map(int, found.groups())
        _ask(actor, professional_id, service_id, datetime.fromtimestamp(seconds, UTC))


def show_if_asked() -> None:
    if KEY in st.session_state:
        st.dialog(_("Book this visit"), width="medium", on_dismiss=forget)(_dialog)()


def forget() -> None:
    """Close the dialog and give the kept time back."""
    asked: Asked | None = st.session_state.get(KEY)
    session.forget_typed(KEY)
    if asked is not None and asked.hold_id is not None:
        actor = session.signed_in()
        with session.writing() as db:
            holds.release_hold(db, actor, asked.hold_id)


def _ask(actor: Actor, professional_id: int, service_id: int, starts_at: datetime) -> None:
    forget()
    asked = Asked(professional_id, service_id, starts_at, secrets.token_urlsafe(16))
    st.session_state[KEY] = _with_hold(actor, asked)


def _with_hold(actor: Actor, asked: Asked) -> Asked:
    """The same wish with its time kept, or with the refusal that tells why it is not."""
    request = HoldRequest(
        asked.professional_id, asked.service_id, asked.starts_at, secrets.token_urlsafe(12)
    )
    try:
        with session.writing() as db:
            held = holds.hold(db, actor, request, now=utc_now())
    except BookingError as refusal:
        return replace(asked, refused=refusal, hold_id=None)
    return replace(asked, hold_id=held.id, refused=None)


def _dialog() -> None:
    actor = session.signed_in()
    asked: Asked | None = st.session_state.get(KEY)
    if asked is None:
        st.rerun()
    try:
        with session.reading() as db:
            profile = directory.get_profile(db, actor, asked.professional_id)
            currency = catalog.get_organisation(db).currency
        service = profile.service(asked.service_id)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    zone = session.zone()
    asked = _choose_service(actor, asked, profile)
    now = utc_now()
    with session.reading() as db:
        held = holds.find_own_hold(db, actor, asked.hold_id or 0, now=now)
    service = _as_kept(profile.service(asked.service_id), held)
    _say(asked, profile, service, currency, zone, now)
    st.markdown(_("For **{name}**").format(name=feedback.md(actor.name)))
    if asked.refused is not None:
        refusal_with_ways_out(asked.refused, zone=zone, now=now, key=KEY, choose=_take_instead)
        return
    _countdown(held, now)
    if st.button(_("Book this visit"), key=f"{KEY}_book", type="primary", width="stretch"):
        _book(actor, asked, profile, zone)


def _choose_service(actor: Actor, asked: Asked, profile: PublicProfile) -> Asked:
    """Another service at the same time, where they offer more than one."""
    names = {each.id: each.name for each in profile.services}
    if len(names) == 1:
        return asked
    chosen = st.selectbox(
        _("Service"),
        list(names),
        index=list(names).index(asked.service_id),
        format_func=lambda id: names[id],
        key=f"{KEY}_service_{asked.request_key}",
    )
    if chosen != asked.service_id:
        asked = _with_hold(actor, replace(asked, service_id=chosen))
        st.session_state[KEY] = asked
    return asked


def _say(
    asked: Asked,
    profile: PublicProfile,
    service: PublicService,
    currency: str,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    ends_at = asked.starts_at + timedelta(minutes=service.length_minutes)
    time_line(profile.name, starts_at=asked.starts_at, ends_at=ends_at, zone=zone, now=now)
    st.markdown(service_line(service, currency))


def _as_kept(service: PublicService, held: Booking | None) -> PublicService:
    """At the price it is kept at, which may be another by now; why is told of today's alone."""
    if held is None or held.price_cents == service.price_cents:
        return service
    price = Price(held.price_cents, PriceRule.SERVICE, held.price_cents)
    return replace(service, price=price)


def _countdown(held: Booking | None, now: datetime) -> None:
    countdown(
        held.held_until if held and held.held_until else now,
        now=now,
        running=_("Kept for you: {left} left"),
        over=_("No longer kept. You can still try to book."),
        key=f"{KEY}_left",
    )


def _book(actor: Actor, asked: Asked, profile: PublicProfile, zone: ZoneInfo) -> None:
    now = utc_now()
    request = BookingRequest(
        professional_id=asked.professional_id,
        service_id=asked.service_id,
        patient_id=actor.patient_id or 0,
        starts_at=asked.starts_at,
        request_key=asked.request_key,
        hold_id=asked.hold_id,
    )
    try:
        with session.writing() as db:
            booking = book(db, actor, request, now=now)
    except BookingError as refusal:
        kept = replace(asked, refused=refusal, request_key=secrets.token_urlsafe(16))
        st.session_state[KEY] = kept
        st.rerun()
    answered.close(actor, booking, now=now)
    st.session_state.pop(KEY, None)
    session.forget_typed(KEY)
    feedback.flash(
        _("Booked {professional}, {time}. It stands in My bookings.").format(
            professional=profile.name, time=when(booking.starts_at, zone, now)
        )
    )
    st.rerun()


def _take_instead(starts_at: datetime) -> None:
    asked: Asked = st.session_state[KEY]
    another = replace(asked, starts_at=starts_at, request_key=secrets.token_urlsafe(16))
    st.session_state[KEY] = _with_hold(session.signed_in(), another)
