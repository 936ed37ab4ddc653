"""Moving a booking: dropped on the grid, or from its dialog."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from core import catalog
from core.booking import MoveRequest, get_booking, move
from core.db import utc_now
from core.desk import DayAsked, day_starts, load_day
from core.errors import BookingError
from core.interval import to_instant
from core.models import Booking, ReasonKind
from core.policy import Actor, Permission, allows
from core.series import MoveSeriesAsked, move_series
from dashboard import feedback, keys, last_step, offering, series_form, session
from dashboard.components.booking_forms import refusal_with_ways_out
from dashboard.components.set_aside import set_aside_form
from dashboard.formatting import clock, when
from dashboard.i18n import N_, _
from dashboard.opened import KEY, Opened, forget, press_of, run, time_of, title_of
from dashboard.series_form import Reach

NEAREST = 5
LATER = {7: N_("A week later: {time}"), 1: N_("A day later: {time}")}
"""The first has the focus once the form is opened by key."""


def drop(booking_id: int, version: int, professional_id: int, starts_at: datetime) -> None:
    """Move a booking to where it was dropped; a refusal opens it with the ways out."""
    _try_move(MoveRequest(booking_id, version, professional_id, starts_at))


def show_refused_drop(actor: Actor, opened: Opened, zone: ZoneInfo) -> None:
    """Why it cannot lie there, the nearest times, and moving it all the same where one may."""
    refusal, wished = opened.refused, opened.wished
    assert refusal is not None
    assert wished is not None

    def take_instead(starts_at: datetime) -> None:
        forget()
        _try_move(replace(wished, starts_at=starts_at))

    refusal_with_ways_out(refusal, zone=zone, now=utc_now(), key=KEY, choose=take_instead)
    if not allows(actor, Permission.BOOKINGS_OVERRIDE):
        return
    with session.reading() as db:
        listed = catalog.load_reasons(db, ReasonKind.OVERRIDE)
    set_aside = set_aside_form(refusal.details.get("reasons", ()), listed, key=KEY)
    if set_aside and st.button(_("Move all the same"), key=f"{KEY}_anyway", type="primary"):
        forget()
        _try_move(replace(wished, set_aside=set_aside))
        st.rerun()


def _try_move(request: MoveRequest) -> None:
    actor, now = session.signed_in(), utc_now()
    try:
        with session.writing() as db:
            left = time_of(get_booking(db, actor, request.booking_id))
            booking = move(db, actor, request, now=now)
    except BookingError as refusal:
        st.session_state[KEY] = Opened(request.booking_id, refusal, request)
        return
    last_step.note(booking.id)
    if left == time_of(booking):
        words = _("{name} is there already: {time} with {professional}.")
    else:
        offering.note_freed(left)
        words = _("Moved {name} to {time} with {professional}.")
    feedback.flash(
        words.format(
            name=title_of(booking),
            time=when(booking.starts_at, session.zone(), now),
            professional=booking.professional.name,
        )
    )


def move_form(actor: Actor, booking: Booking, zone: ZoneInfo, reach: Reach) -> None:
    """Another day, professional or time: only starts that can be booked are offered."""
    with st.expander(
        keys.marked(_("Move"), keys.MOVE), icon=":material/event_repeat:", key=f"{KEY}_move"
    ):
        if not reach.is_more:
            _later_buttons(booking, zone)
        left, middle, right = st.columns(3)
        here = booking.starts_at.astimezone(zone).date()
        booking_time = booking.starts_at.astimezone(zone).time()
        on = left.date_input(_("Day"), value=here, key=f"{KEY}_day", format="DD.MM.YYYY")
        on = on if isinstance(on, date) else here
        with session.reading() as db:
            offering = catalog.load_professionals(db, actor, service_id=booking.service_id)
        own_only = not allows(actor, Permission.BOOKINGS_WRITE)
        names = {
            each.id: each.name
            for each in offering
            if not own_only or each.id == booking.professional_id
        }
        professional_id = middle.selectbox(
            _("Professional"),
            list(names),
            index=list(names).index(booking.professional_id)
            if booking.professional_id in names
            else 0,
            format_func=lambda id: names[id],
            key=f"{KEY}_professional",
        )
        free = _free_starts(actor, booking, on, professional_id)
        same_time = sum(each.astimezone(zone).time() < booking_time for each in free)
        starts_at = right.selectbox(
            _("Time"),
            free,
            index=min(same_time, len(free) - 1) if free else None,
            format_func=lambda each: clock(each, zone),
            key=f"{KEY}_time",
            placeholder=_("Nothing free"),
        )
        if reach.is_more and starts_at is not None:
            wish = MoveSeriesAsked(booking.id, reach.scope, professional_id, starts_at)
            _move_series(actor, booking, wish, reach, zone)
            return
        is_there = (professional_id, starts_at) == (booking.professional_id, booking.starts_at)
        pressed = st.button(
            _("Move"),
            key=f"{press_of(booking)}_do_move",
            type="primary",
            disabled=starts_at is None or is_there,
        )
        straight_to = _nearest_buttons(booking, free, zone)
        wished = straight_to or (starts_at if pressed else None)
        if wished is not None:
            request = MoveRequest(booking.id, booking.version, professional_id, wished)
            run(
                lambda db, now: move(db, actor, request, now=now),
                _("Moved {name} to {time}.").format(
                    name=title_of(booking), time=when(wished, zone, utc_now())
                ),
                step=booking.id,
                frees=time_of(booking),
            )


def _later_buttons(booking: Booking, zone: ZoneInfo) -> None:
    """The same time on another day by one press; one that is not free says why, and which are."""
    now = utc_now()
    with st.container(horizontal=True):
        for days, label in LATER.items():
            there = at_the_same_time(booking.starts_at, days, zone)
            request = MoveRequest(booking.id, booking.version, booking.professional_id, there)
            st.button(
                _(label).format(time=when(there, zone, now)),
                key=f"{press_of(booking)}_later_{days}",
                on_click=_move_later,
                args=(request,),
            )


def at_the_same_time(start: datetime, days: int, zone: ZoneInfo) -> datetime:
    """So many days later by the calendar, at the same time by the clock on the wall."""
    here = start.astimezone(zone)
    there = datetime.combine(here.date() + timedelta(days=days), here.time(), tzinfo=zone)
    return there.astimezone(UTC)


def _move_later(request: MoveRequest) -> None:
    forget()
    _try_move(request)


def _nearest_buttons(booking: Booking, free: Sequence[datetime], zone: ZoneInfo) -> datetime | None:
    """The free times nearest to the booking's own time of day; the one pressed, if any."""
    own = booking.starts_at.astimezone(zone)

    def apart(start: datetime) -> float:
        there = start.astimezone(zone)
        return abs((there.hour - own.hour) * 60 + there.minute - own.minute)

    others = [each for each in free if each != booking.starts_at]
    nearest = sorted(sorted(others, key=apart)[:NEAREST])
    if not nearest:
        return None
    st.caption(_("Or straight to:"))
    pressed = None
    with st.container(horizontal=True):
        for each in nearest:
            if st.button(clock(each, zone), key=f"{press_of(booking)}_to_{each.isoformat()}"):
                pressed = each
    return pressed


def _move_series(
    actor: Actor, booking: Booking, wish: MoveSeriesAsked, reach: Reach, zone: ZoneInfo
) -> None:
    request = series_form.ask_move(actor, wish, reach, zone, key=KEY)
    if request is not None:
        run(
            lambda db, now: move_series(db, actor, request, now=now),
            series_form.moved(request, title_of(booking), zone),
        )


def _free_starts(actor: Actor, booking: Booking, on: date, professional_id: int) -> list[datetime]:
    asked = DayAsked(on, booking.service_id, professional_ids=(professional_id,))
    now = utc_now()
    with session.reading() as db:
        day = load_day(db, actor, asked, now=now)
    cells = day_starts(day, now=now, moving=booking.id)
    return [to_instant(each.start) for each in cells if not each.reasons]
