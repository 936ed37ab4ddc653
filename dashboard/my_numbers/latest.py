"""What was booked last in a professional's calendar; a row opens its booking."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.analytics import LatestBooking
from dashboard import open_booking
from dashboard.components.day_board import BoardLine, day_board
from dashboard.components.desk_board import booking_drawn, title_of
from dashboard.components.words import state_word
from dashboard.desk_list import LOOKS
from dashboard.formatting import clock, day, when
from dashboard.i18n import _


def show(latest: Sequence[LatestBooking], *, zone: ZoneInfo, now: datetime) -> None:
    """The rows, under the day they were booked on."""
    st.subheader(_("Booked last"), anchor=False)
    pressed = day_board(
        [line_of(each, zone=zone, now=now) for each in latest],
        label=_("Booked last"),
        empty=_("Nothing has been booked with you lately."),
        key="my_numbers_latest",
    )
    if pressed is not None:
        open_booking.open(booking_drawn(pressed.row)[0])
        st.rerun()


def line_of(latest: LatestBooking, *, zone: ZoneInfo, now: datetime) -> BoardLine:
    booking, today = latest.booking, now.astimezone(zone).date()
    made_on = latest.made_at.astimezone(zone).date()
    return BoardLine(
        id=f"{booking.id}.{booking.version}",
        group=_("Booked today") if made_on == today else day(made_on, today),
        time=clock(latest.made_at, zone),
        title=title_of(booking) or booking.service,
        detail=f"{booking.service} · {when(booking.starts_at, zone, now)}",
        state=LOOKS.get(booking.state, booking.state.value),
        status=state_word(booking.state),
        buttons=(),
    )
