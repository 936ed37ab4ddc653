"""The desk as a list: bookings of a span of days, filtered, by date and time."""

from collections.abc import Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import streamlit as st

from core.agenda import Agenda, AgendaAsked, load_agenda
from core.db import utc_now
from core.desk import DayBooking
from core.models import BookingState
from dashboard import open_booking, session
from dashboard.components.day_board import BoardLine, day_board
from dashboard.components.desk_board import booking_drawn, title_of
from dashboard.components.desk_filters import Looked
from dashboard.components.words import state_word
from dashboard.formatting import clock, day
from dashboard.i18n import _, ngettext

REFRESH_SECONDS = 15
PAGE = "page"
LOOKS: Mapping[BookingState, str] = {
    BookingState.BOOKED: "expected",
    BookingState.ARRIVED: "waiting",
    BookingState.CANCELLED: "cancelled_late",
}
"""How a row of that state looks on the board of today, where it is called otherwise."""


@st.fragment(run_every=REFRESH_SECONDS)
def show(looked: Looked) -> None:
    """One page of the bookings as they are now; a row opens its booking."""
    actor, today = session.signed_in(), utc_now().astimezone(session.zone()).date()
    asked = AgendaAsked(
        first=looked.asked.on,
        last=looked.last,
        service_id=looked.asked.service_id,
        expertise_id=looked.asked.expertise_id,
        professional_ids=looked.asked.professional_ids,
        states=looked.states,
        page=st.session_state.get(PAGE, 1),
    )
    with session.reading() as db:
        agenda = load_agenda(db, actor, asked)
    count = ngettext("{count} booking", "{count} bookings", agenda.total)
    st.markdown(f"**{count.format(count=agenda.total)}**")
    pressed = day_board(
        agenda_lines(agenda, today=today, alone=len(asked.professional_ids) == 1),
        label=_("Bookings"),
        empty=_("No bookings on these days with these filters."),
        key="desk_list",
    )
    if agenda.pages > 1:
        _pages(agenda)
    if pressed is not None:
        open_booking.open(booking_drawn(pressed.row)[0])
        st.rerun()


def agenda_lines(agenda: Agenda, *, today: date, alone: bool = False) -> Sequence[BoardLine]:
    """A row for each booking, under the date it begins on; with whom, unless all are ``alone``
    with the one who was asked for."""
    zone = ZoneInfo(agenda.zone)
    names = {} if alone else agenda.professionals
    return [_line(each, names, zone, today) for each in agenda.bookings]


def _pages(agenda: Agenda) -> None:
    if PAGE in st.session_state:
        st.session_state[PAGE] = agenda.page  # with other filters there may be fewer
    if st.pagination(agenda.pages, key=PAGE, bind="query-params") != agenda.page:
        st.rerun()  # the address names a page, which only this widget reads


def _line(
    booking: DayBooking, professionals: Mapping[int, str], zone: ZoneInfo, today: date
) -> BoardLine:
    details = (
        _("until {time}").format(time=clock(booking.ends_at, zone)),
        professionals.get(booking.professional_id, ""),
        booking.service,
        booking.room,
    )
    return BoardLine(
        id=f"{booking.id}.{booking.version}",
        group=day(booking.starts_at.astimezone(zone).date(), today),
        time=clock(booking.starts_at, zone),
        title=title_of(booking) or booking.service,
        detail=" · ".join(each for each in details if each),
        state=LOOKS.get(booking.state, booking.state.value),
        status=state_word(booking.state),
        buttons=(),
    )
