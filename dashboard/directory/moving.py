"""Moving an own visit: the free times of the same professional, or of somebody else who offers
it at a price of their own; one of them chosen, then moved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core import directory
from core.booking import MoveRequest, get_booking, move
from core.db import utc_now
from core.directory import PublicProfile, TimesAsked, When
from core.errors import BookingError, NotFound
from core.models import Booking
from core.policy import Actor
from dashboard import feedback, session
from dashboard.components.booking_forms import refusal_with_ways_out
from dashboard.components.profile_cards import times_of_day
from dashboard.components.words import money, price_in_words
from dashboard.formatting import when
from dashboard.i18n import _

KEY = "own_move"
WITH = f"{KEY}_with"
DATES = 4


@dataclass(frozen=True)
class Asked:
    """The visit as it was when the dialog opened, and how far somebody has come in it."""

    booking_id: int
    version: int
    professional_id: int | None = None
    """Whom it is to be with from then on; None: with whom it is."""
    since: date | None = None
    starts_at: datetime | None = None
    agreed_cents: int | None = None
    """What somebody else asked when that was shown, beside the button."""
    refused: BookingError | None = None


def ask(booking_id: int, version: int) -> None:
    """Open the dialog on the next run."""
    st.session_state[KEY] = Asked(booking_id, version)


def forget() -> None:
    session.forget_typed(KEY)


def show_if_asked() -> None:
    if KEY in st.session_state:
        st.dialog(_("Move this visit"), width="medium", on_dismiss=forget)(_dialog)()


def _dialog() -> None:
    actor = session.signed_in()
    asked: Asked | None = st.session_state.get(KEY)
    if asked is None:
        st.rerun()
    zone, now = session.zone(), utc_now()
    with session.reading() as db:
        booking = get_booking(db, actor, asked.booking_id)
        others = directory.load_offering(db, actor, booking.service_id)
    instead = next((each for each in others if each.id == asked.professional_id), None)
    if instead is not None and instead.id == booking.professional_id:
        instead = None
    line = _("Now: {time} · {service} with {professional}").format(
        time=when(booking.starts_at, zone, now),
        service=booking.service.name,
        professional=booking.professional.name,
    )
    st.markdown(feedback.md(line))
    if asked.refused is not None:
        refusal_with_ways_out(asked.refused, zone=zone, now=now, key=KEY, choose=_choose)
    starts_at = asked.starts_at
    if starts_at is None:
        _with_whom(booking, instead, others)
        _times(actor, asked, booking, instead, zone)
        return
    st.markdown(f"**{feedback.md(when(starts_at, zone, now))}**")
    if instead is not None:
        st.markdown(feedback.md(_costs(booking, instead)))
        asked = _as_read(asked, instead.service(booking.service_id).price.cents)
    with st.container(horizontal=True):
        st.button(_("Another time"), key=f"{KEY}_back", on_click=_choose, args=(None,))
        if st.button(_("Move it there"), key=f"{KEY}_do", type="primary"):
            _move(actor, asked, booking, starts_at, zone)


def _as_read(asked: Asked, cents: int) -> Asked:
    """With the price of the first run that showed it: the press comes in a later one."""
    if asked.agreed_cents is None:
        asked = st.session_state[KEY] = replace(asked, agreed_cents=cents)
    return asked


def _with_whom(
    booking: Booking, instead: PublicProfile | None, others: Sequence[PublicProfile]
) -> None:
    """Whose times are shown: theirs, or those of somebody else who offers this."""
    names = {booking.professional_id: booking.professional.name}
    for each in others:
        names.setdefault(each.id, _named(booking, each))
    if len(names) > 1:
        st.selectbox(
            _("With"),
            list(names),
            index=list(names).index(instead.id) if instead else 0,
            format_func=lambda id: names[id],
            key=WITH,
            on_change=_change_to,
        )


def _named(booking: Booking, profile: PublicProfile) -> str:
    """Their name, and their price where it is another one."""
    price = profile.service(booking.service_id).price
    if price.cents == booking.price_cents:
        return profile.name
    return f"{profile.name} · {price_in_words(price, booking.currency)}"


def _costs(booking: Booking, profile: PublicProfile) -> str:
    price = profile.service(booking.service_id).price
    words = price_in_words(price, booking.currency)
    if price.cents == booking.price_cents:
        return _("With {professional}, for {price} as before.").format(
            professional=profile.name, price=words
        )
    return _("With {professional}, for {price}; so far it was {before}.").format(
        professional=profile.name,
        price=words,
        before=money(booking.price_cents, booking.currency),
    )


def _change_to() -> None:
    asked: Asked = st.session_state[KEY]
    chosen: int = st.session_state[WITH]
    st.session_state[KEY] = replace(asked, professional_id=chosen, since=None, refused=None)


def _times(
    actor: Actor,
    asked: Asked,
    booking: Booking,
    instead: PublicProfile | None,
    zone: ZoneInfo,
) -> None:
    now = utc_now()
    wanted = TimesAsked(
        instead.id if instead else booking.professional_id,
        booking.service_id,
        When(from_on=asked.since),
        days=DATES,
        moving=booking.id,
    )
    try:
        with session.reading() as db:
            found = directory.free_times(db, actor, wanted, now=now)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    for each in found.days:
        times_of_day(
            each,
            zone=zone,
            today=now.astimezone(zone).date(),
            key=KEY,
            on_choose=_choose,
            but=None if instead else booking.starts_at,
        )
    if not found.days:
        st.info(_("Nothing else is free as far ahead as this is booked."))
    if found.next_on is not None:
        st.button(
            _("Later dates"),
            key=f"{KEY}_later",
            icon=":material/arrow_forward:",
            on_click=_later,
            args=(found.next_on,),
        )


def _choose(starts_at: datetime | None) -> None:
    asked: Asked = st.session_state[KEY]
    st.session_state[KEY] = replace(asked, starts_at=starts_at, agreed_cents=None, refused=None)


def _later(since: date) -> None:
    asked: Asked = st.session_state[KEY]
    st.session_state[KEY] = replace(asked, since=since)


def _move(
    actor: Actor, asked: Asked, booking: Booking, starts_at: datetime, zone: ZoneInfo
) -> None:
    now = utc_now()
    request = MoveRequest(
        asked.booking_id,
        asked.version,
        asked.professional_id or booking.professional_id,
        starts_at,
        agreed_cents=asked.agreed_cents,
    )
    try:
        with session.writing() as db:
            moved = move(db, actor, request, now=now)
    except BookingError as refusal:
        gone = isinstance(refusal, NotFound)
        whom = None if gone else asked.professional_id
        st.session_state[KEY] = replace(
            asked, professional_id=whom, starts_at=None, agreed_cents=None, refused=refusal
        )
        st.rerun()
    forget()
    feedback.flash(
        _("Moved to {time} with {professional}.").format(
            time=when(moved.starts_at, zone, now), professional=moved.professional.name
        )
    )
    st.rerun()
